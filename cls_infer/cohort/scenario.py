"""A scenario: a course of disease and treatment to simulate, and what it should show, as a TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from .names import did_you_mean
from .records import Event
from .shipped import shipped_folder
from .tables import Row
from .therapy import read_therapy
from .times import read_clocks

MEASURES = ("at", "largest", "smallest")
KEYS = {"title", "models", "hours", "every", "set", "therapy", "shows", "reference"}
NEEDED = {"title", "models", "hours", "reference"}
SHOWN = {"quantity", "measure", "hour", "relative", "low", "high", "source"}
GIVEN = {"start", "end", "item", "amount", "unit", "rate", "rate_unit", "comment"}
ONE = "the patient"


@dataclass(frozen=True)
class Shows:
    """One thing a scenario should show: a quantity of the model, at an `hour` or its largest or smallest value.

    Where `relative`, the value is divided by that of health. It should lie between `low` and `high`; `source` says why.
    """

    quantity: str
    measure: str
    low: float
    high: float
    source: str
    hour: float | None = None
    relative: bool = False

    def __str__(self) -> str:
        when = f"at {self.hour:g} h" if self.measure == "at" else self.measure
        return f"{self.quantity}{' relative to health' if self.relative else ''}, {when}"


@dataclass(frozen=True)
class Scenario:
    """What to simulate: models it is made for, parameters that differ from the reference, therapy, times [h]."""

    name: str
    title: str
    models: tuple[str, ...]
    reference: str
    hours: float
    every: float
    changes: dict[str, float]
    therapy: tuple[Event, ...]
    shows: tuple[Shows, ...]


def shipped_scenarios() -> list[str]:
    """Return the names of the shipped scenarios."""
    return sorted(path.stem for path in (shipped_folder() / "scenarios").glob("*.toml") if path.stem != "source")


def read_scenario(name_or_path: str) -> Scenario:
    """Return a shipped scenario, or that of a TOML file.

    Raises:
        InputError: there is none; every problem of the file at once.
    """
    path = _find(name_or_path)
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), f"is not TOML: {error}", remedy="correct that place")]) from None
    problems: list[Problem] = []
    _check_keys(str(path), content, KEYS, NEEDED, problems)
    hours = _number(str(path), "hours", content.get("hours", 48.0), problems)
    every = _number(str(path), "every", content.get("every", 1.0), problems)
    changes = {n: _number(str(path), f"set.{n}", v, problems) for n, v in dict(content.get("set", {})).items()}
    therapy = _therapy(str(path), content.get("therapy", []), problems)
    shows = tuple(_shown(str(path), n, row, problems) for n, row in enumerate(content.get("shows", []), start=1))
    if problems:
        raise InputError(problems)
    title, reference, models = content["title"], content["reference"], tuple(content["models"])
    return Scenario(path.stem, title, models, reference, hours, every, changes, therapy, shows)


def _find(name_or_path: str) -> Path:
    shipped = shipped_folder() / "scenarios" / f"{name_or_path}.toml"
    if name_or_path in shipped_scenarios():
        return shipped
    if Path(name_or_path).is_file():
        return Path(name_or_path)
    names = shipped_scenarios()
    remedy = f"{did_you_mean(name_or_path, names)}; shipped are {', '.join(f'`{name}`' for name in names)}"
    raise InputError([Problem("--scenario", f"there is no scenario or file `{name_or_path}`", remedy=remedy)])


def _check_keys(
    where: str, found: Mapping[str, Any], known: set[str], needed: set[str], problems: list[Problem]
) -> None:
    problems += [
        Problem(where, f"unknown key `{k}`", remedy=did_you_mean(k, sorted(known))) for k in set(found) - known
    ]
    problems += [Problem(where, f"`{key}` is missing", remedy="add it") for key in sorted(needed - set(found))]


def _number(where: str, name: str, value: Any, problems: list[Problem]) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return float(value)
    problems.append(Problem(where, f"`{name}` is `{value}`", remedy="write a finite number"))
    return 0.0


def _therapy(where: str, rows: list[dict[str, Any]], problems: list[Problem]) -> tuple[Event, ...]:
    """Return the therapy, read as a table of one patient is."""
    for row in rows:
        _check_keys(f"{where}, [[therapy]]", row, GIVEN, {"start", "end", "item"}, problems)
    table = [
        Row(where, n, {"patient": ONE, **{k: str(v) for k, v in row.items()}}) for n, row in enumerate(rows, start=1)
    ]
    clocks = read_clocks([(row, ("start", "end")) for row in table], problems)
    return tuple(read_therapy(table, clocks, problems).get(ONE, ()))


def _shown(where: str, number: int, row: Mapping[str, Any], problems: list[Problem]) -> Shows:
    place = f"{where}, [[shows]] {number}"
    needed = {"quantity", "measure", "low", "high", "source"} | ({"hour"} if row.get("measure") == "at" else set())
    _check_keys(place, row, SHOWN, needed, problems)
    if row.get("measure") not in MEASURES:
        problems.append(
            Problem(place, f"`measure` is `{row.get('measure')}`", remedy=f"write one of {', '.join(MEASURES)}")
        )
    low, high = (_number(place, name, row.get(name, 0.0), problems) for name in ("low", "high"))
    if low > high:
        problems.append(Problem(place, f"`low` {low:g} is above `high` {high:g}", remedy="swap the two"))
    hour = _number(place, "hour", row["hour"], problems) if "hour" in row else None
    words = {name: str(row.get(name, "")) for name in ("quantity", "measure", "source")}
    return Shows(**words, low=low, high=high, hour=hour, relative=bool(row.get("relative", False)))
