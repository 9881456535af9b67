"""What a map says of another format's names: which variable, item or covariate each is, and in which unit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError, Problem
from ...units import UnitError, convert
from ..content import read_toml
from ..items import ITEMS
from ..items import SPELLINGS as ITEM_SPELLINGS
from ..names import did_you_mean
from ..patients import COVARIATES
from ..scenario import check_keys
from ..vocabulary import SPELLINGS, VARIABLES, canonical_name

TABLES = ("columns", "observations", "doses", "covariates", "observables", "therapy")
WORDS = ("sex", "cause", "colloid", "person")


@dataclass(frozen=True)
class Observed:
    """What an observation is: a variable in a unit; of a collected volume the hours, or the column that holds them.

    `extra_sd` is scatter on top of the model's noise, in the unit; `skip` says why it is not to be converted.
    """

    variable: str = ""
    unit: str = ""
    window: str = ""
    extra_sd: str = ""
    assay: str = ""
    skip: str = ""


@dataclass(frozen=True)
class Dosed:
    """What a dose is: an item and the unit of its amount, or of a level the unit of its rate.

    `hours` is how long it lasts where the record does not say, `hours_sd` how uncertain that is, `start` when it begins
    where no record says; `skip` says why it is not to be converted.
    """

    item: str = ""
    unit: str = ""
    rate_unit: str = ""
    hours: float = 0.0
    hours_sd: float = 0.0
    start: float = 0.0
    skip: str = ""


@dataclass(frozen=True)
class Described:
    """Which covariate a column is, its unit, and what its values stand for; `skip` as above."""

    covariate: str = ""
    unit: str = ""
    values: dict[str, str] = field(default_factory=dict)
    skip: str = ""


def read_map(path: Path | str | None, known: set[str]) -> dict[str, Any]:
    """Return what a TOML file says, nothing without one.

    Raises:
        InputError: it is not there, not TOML, or holds other keys than the `known` ones.
    """
    if path is None:
        return {}
    problems: list[Problem] = []
    content = read_toml(Path(path), problems)
    if content is None:
        raise InputError(problems)
    check_keys(str(path), content, known, set(), problems)
    for name, part in content.items():
        if name in TABLES and not isinstance(part, dict):
            problems.append(Problem(str(path), f"`{name}` is `{part}`", remedy=f"write a table, [{name}]"))
    if problems:
        raise InputError(problems)
    return content


def unit_of_time(where: str, said: Mapping[str, Any], problems: list[Problem]) -> float:
    """Return how long one unit of the other format's times is [h], as `time_unit` says."""
    try:
        return convert(1.0, str(said.get("time_unit", "h")), "h")
    except UnitError as error:
        problems.append(Problem(where, f"`time_unit`: {error.message}", remedy=error.remedy))
        return 1.0


def observed(where: str, said: Mapping[str, Any], problems: list[Problem]) -> dict[str, Observed]:
    """Return what each observation is, by the other format's name of it."""
    found = _entries(where, said, Observed, problems)
    for name, one in found.items():
        if one.skip:
            continue
        place, variable = f"{where}, {name}", canonical_name(one.variable)
        if variable is None:
            remedy = did_you_mean(one.variable, VARIABLES, SPELLINGS)
            problems.append(Problem(place, f"unknown variable `{one.variable}`", remedy=remedy))
        else:
            _check_unit(place, one.unit, VARIABLES[variable].unit, variable, problems)
        if variable == "urine" and not one.window:
            remedy = "add `window`, a number of hours or the column that holds it"
            problems.append(Problem(place, "`urine` is collected, over how long?", remedy=remedy))
    return found


def dosed(where: str, said: Mapping[str, Any], problems: list[Problem]) -> dict[str, Dosed]:
    """Return what each dose is, by the other format's name of it."""
    found = _entries(where, said, Dosed, problems)
    for name, one in found.items():
        if one.skip:
            continue
        place, item = f"{where}, {name}", ITEMS.get(one.item)
        if item is None:
            problems.append(
                Problem(place, f"unknown item `{one.item}`", remedy=did_you_mean(one.item, ITEMS, ITEM_SPELLINGS))
            )
        else:
            _check_unit(place, one.rate_unit if item.kind == "level" else one.unit, item.unit, one.item, problems)
        if one.hours_sd and not one.hours_sd < one.hours:
            remedy = "write how many `hours` it lasts, give or take fewer `hours_sd`"
            problems.append(Problem(place, f"`hours_sd` {one.hours_sd:g} is not below `hours`", remedy=remedy))
    return found


def described(where: str, said: Mapping[str, Any], problems: list[Problem]) -> dict[str, Described]:
    """Return what each column of covariates is."""
    found = _entries(where, said, Described, problems)
    for name, one in found.items():
        place = f"{where}, {name}"
        if one.covariate in COVARIATES:
            _check_unit(place, one.unit, COVARIATES[one.covariate].unit, one.covariate, problems)
        elif one.covariate not in WORDS and not one.skip:
            remedy = did_you_mean(one.covariate, [*COVARIATES, *WORDS])
            problems.append(Problem(place, f"unknown covariate `{one.covariate}`", remedy=remedy))
    return found


def plain_code(written: str) -> str:
    """Return a code as the map writes it: 1.0 is 1."""
    try:
        code = float(written)
    except ValueError:
        return written
    return str(int(code)) if code.is_integer() else written


def unsaid(
    where: str, part: str, keyed_by: str, found: Mapping[str, Sequence[float]], said: Mapping[str, Any], example: str
) -> Problem:
    """Return the problem that codes of the file are not in the map, with how many values of each there are."""
    listed = ", ".join(f"`{code}` ({_range(values)})" for code, values in found.items())
    known = f"; it knows {', '.join(f'`{code}`' for code in said)}" if said else ""
    first = next(iter(found))
    remedy = (
        f"write for each, under [{part}] of the TOML file that --map names: {first} = {example}, "
        f'or {first} = {{ skip = "why not" }}'
    )
    return Problem(where, f"the map does not say what {keyed_by} is: {listed}{known}", remedy=remedy)


def _range(values: Sequence[float]) -> str:
    return f"{len(values)} values, {min(values):g} to {max(values):g}" if len(values) > 1 else f"{values[0]:g}"


def _entries[Kind: (Observed, Dosed, Described)](
    where: str, said: Mapping[str, Any], kind: type[Kind], problems: list[Problem]
) -> dict[str, Kind]:
    """Return the tables of a part of the map as records of their kind, those that are sound."""
    found = {}
    known = {name: field_.type for name, field_ in kind.__dataclass_fields__.items()}
    for name, table in said.items():
        place, before = f"{where}, {name}", len(problems)
        if not isinstance(table, dict):
            problems.append(Problem(place, f"is `{table}`", remedy="write a table of `name = value` pairs"))
            continue
        check_keys(place, table, set(known), set(), problems)
        made: dict[str, Any] = {}
        for key, value in table.items():
            if known.get(key) is float:
                if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                    problems.append(Problem(place, f"`{key}` is `{value}`", remedy="write hours, 0 or more"))
                else:
                    made[key] = float(value)
            elif isinstance(value, dict):
                made[key] = {plain_code(str(code)): str(meaning) for code, meaning in value.items()}
            else:
                made[key] = str(value)
        if len(problems) == before:
            found[plain_code(str(name))] = kind(**made)
    return found


def _check_unit(place: str, unit: str, canonical: str, variable: str, problems: list[Problem]) -> None:
    try:
        if not unit:
            raise UnitError(f"`{variable}` has no unit", f"write one, such as `{canonical}`")
        convert(0.0, unit, canonical, variable=variable)
    except UnitError as error:
        problems.append(Problem(place, error.message, remedy=error.remedy))
