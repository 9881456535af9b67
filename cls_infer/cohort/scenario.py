"""A scenario: a course of disease and treatment to simulate, and what it should show, as a TOML file."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from ..errors import InputError, Problem
from .content import read_toml
from .names import did_you_mean
from .records import Event
from .shipped import shipped_folder
from .tables import Row
from .therapy import read_therapy
from .times import read_clocks

MEASURES = {  # measure -> the keys it needs beside `quantity`
    "at": {"hour"},
    "largest": set(),
    "smallest": set(),
    "mean": {"hour", "until"},
    "at_largest": {"of"},
    "half_life": set(),
    "hour_of_largest": set(),
    "first_below": {"level"},
    "hours_below": {"level"},
}
CHANGES = ("rise", "fall")
KEYS = {"title", "models", "hours", "every", "set", "therapy", "shows", "reference"}
NEEDED = {"title", "models", "hours", "reference"}
READ = {
    *("quantity", "plus", "over", "relative", "change", "since", "offset", "per"),
    *("measure", "hour", "until", "of", "level"),
}
SHOWN = READ | {"low", "high", "source"}
GIVEN = {"start", "end", "item", "amount", "unit", "rate", "rate_unit", "comment"}
ONE = "the patient"
TEXT, TABLE = (str, object, 'a text, such as title = "A leak"'), (dict, object, "a table, such as [set]")
NAMES, TABLES = (list, str, 'a list, such as ["two_pore"]'), (list, dict, "tables, such as [[therapy]]")
KINDS = {"title": TEXT, "reference": TEXT, "models": NAMES, "set": TABLE, "therapy": TABLES, "shows": TABLES}
"""Key -> its kind in Python, that of what it holds, and what its writer writes."""


@dataclass(frozen=True)
class Shows:
    """One thing a scenario should show: a number read from a quantity of the model. It should lie between `low` and
    `high`; `source` says why.

    The course read is that of `quantity` and what is added to it (`plus`), divided by the sum of `over`. A `rise` or
    `fall` is the difference to the value `since` an hour (0, health), and what is `relative` is divided by that value;
    `offset` is added. Read from it is its value `at` an `hour`, where another quantity, `of`, is largest
    (`at_largest`), its `largest` or `smallest` one, its `mean` from `hour` `until` another, the hours from its largest
    value to half of that (`half_life`), the `hour_of_largest`, the first hour below a `level` (`first_below`) or the
    `hours_below` it. The number is divided by `per`.
    """

    quantity: str
    measure: str
    low: float
    high: float
    source: str
    hour: float | None = None
    relative: bool = False
    plus: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    change: str = ""
    since: float = 0.0
    offset: float = 0.0
    per: float = 1.0
    until: float | None = None
    of: str = ""
    level: float | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities it is read from."""
        return (self.quantity, *self.plus, *self.over, *([self.of] if self.of else []))

    @property
    def hours(self) -> tuple[float, ...]:
        """The hours at which it is read."""
        return tuple(hour for hour in (self.since, self.hour, self.until) if hour is not None)

    def __str__(self) -> str:
        course = " + ".join((self.quantity, *self.plus)) + (f" over {' + '.join(self.over)}" if self.over else "")
        changed = f", {self.change} since {self.since:g} h" if self.change else ""
        when = f"at {self.hour:g} h" if self.measure == "at" else " ".join((self.measure, self.of)).strip()
        return f"{course}{changed}{' relative to health' if self.relative else ''}, {when}"


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
    problems: list[Problem] = []
    content = read_toml(path, problems)
    if content is None:
        raise InputError(problems)
    check_keys(str(path), content, KEYS, NEEDED, problems)
    content = of_their_kinds(str(path), content, KINDS, problems)
    course = read_course(str(path), content, problems)
    rows = enumerate(content.get("shows", []), start=1)
    shows = tuple(shown(f"{path}, [[shows]] {n}", row, problems) for n, row in rows)
    if problems:
        raise InputError(problems)
    title, reference, models = content["title"], content["reference"], tuple(content["models"])
    return Scenario(path.stem, title, models, reference, shows=shows, **course)


def read_course(where: str, content: Mapping[str, Any], problems: list[Problem]) -> dict[str, Any]:
    """Return how long a scenario runs and what happens in it, by the names of `Scenario`; of the kinds of `KINDS`."""
    set_to = dict(content.get("set", {})).items()
    return {
        "hours": read_finite(where, "hours", content.get("hours", 48.0), problems),
        "every": read_finite(where, "every", content.get("every", 1.0), problems),
        "changes": {name: read_finite(where, f"set.{name}", value, problems) for name, value in set_to},
        "therapy": _therapy(where, content.get("therapy", []), problems),
    }


def of_their_kinds(
    where: str, content: Mapping[str, Any], kinds: Mapping[str, tuple[type, type, str]], problems: list[Problem]
) -> dict[str, Any]:
    """Return what is of the kind that `kinds` says of its key; the rest becomes a problem."""
    kept = {}
    for key, value in content.items():
        kind, inner, words = kinds.get(key, (object, object, ""))
        if isinstance(value, kind) and all(isinstance(one, inner) for one in (value if kind is list else ())):
            kept[key] = value
        else:
            problems.append(Problem(where, f"`{key}` is `{value}`", remedy=f"write {words}"))
    return kept


def _find(name_or_path: str) -> Path:
    shipped = shipped_folder() / "scenarios" / f"{name_or_path}.toml"
    if name_or_path in shipped_scenarios():
        return shipped
    if Path(name_or_path).is_file():
        return Path(name_or_path)
    names = shipped_scenarios()
    remedy = f"{did_you_mean(name_or_path, names)}; shipped are {', '.join(f'`{name}`' for name in names)}"
    raise InputError([Problem("--scenario", f"there is no scenario or file `{name_or_path}`", remedy=remedy)])


def check_keys(
    where: str, found: Mapping[str, Any], known: set[str], needed: set[str], problems: list[Problem]
) -> None:
    """Add a problem for each key that is not known, and for each that is missing."""
    problems += [
        Problem(where, f"unknown key `{k}`", remedy=did_you_mean(k, sorted(known))) for k in set(found) - known
    ]
    problems += [Problem(where, f"`{key}` is missing", remedy="add it") for key in sorted(needed - set(found))]


def read_finite(where: str, name: str, value: Any, problems: list[Problem]) -> float:
    """Return a finite number, else a problem and 0."""
    with suppress(OverflowError):  # a whole number may be larger than any float
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
            return float(value)
    problems.append(Problem(where, f"`{name}` is `{value}`", remedy="write a finite number"))
    return 0.0


def _therapy(where: str, rows: list[dict[str, Any]], problems: list[Problem]) -> tuple[Event, ...]:
    """Return the therapy, read as a table of one patient is."""
    for row in rows:
        check_keys(f"{where}, [[therapy]]", row, GIVEN, {"start", "end", "item"}, problems)
    table = [
        Row(where, n, {"patient": ONE, **{k: str(v) for k, v in row.items()}}) for n, row in enumerate(rows, start=1)
    ]
    clocks = read_clocks([(row, ("start", "end")) for row in table], problems)
    return tuple(read_therapy(table, clocks, problems).get(ONE, ()))


def shown(place: str, row: Mapping[str, Any], problems: list[Problem]) -> Shows:
    """Return what a table says should be seen; `place` names the table."""
    measure = str(row.get("measure"))
    needed = {"quantity", "measure", "low", "high", "source"} | MEASURES.get(measure, set())
    check_keys(place, row, SHOWN, needed, problems)
    if measure not in MEASURES:
        problems.append(Problem(place, f"`measure` is `{measure}`", remedy=f"write one of {', '.join(MEASURES)}"))
    if row.get("change", "rise") not in CHANGES:
        problems.append(Problem(place, f"`change` is `{row['change']}`", remedy="write `rise` or `fall`"))
    numbers = {"low": 0.0, "high": 0.0, "since": 0.0, "offset": 0.0, "per": 1.0}
    read = {name: read_finite(place, name, row.get(name, usual), problems) for name, usual in numbers.items()}
    read |= {name: read_finite(place, name, row[name], problems) for name in ("hour", "until", "level") if name in row}
    if read["per"] == 0:
        problems.append(Problem(place, "`per` is 0", remedy="write what to divide by"))
    if read["low"] > read["high"]:
        message = f"`low` {read['low']:g} is above `high` {read['high']:g}"
        problems.append(Problem(place, message, remedy="swap the two"))
    words = {name: str(row.get(name, "")) for name in ("quantity", "measure", "source", "change", "of")}
    several = {name: _names(place, name, row.get(name, []), problems) for name in ("plus", "over")}
    return Shows(**words, **read, **several, relative=bool(row.get("relative", False)))


def _names(place: str, key: str, written: Any, problems: list[Problem]) -> tuple[str, ...]:
    if isinstance(written, list) and all(isinstance(name, str) for name in written):
        return tuple(written)
    problems.append(Problem(place, f"`{key}` is `{written}`", remedy=f'write a list, such as {key} = ["albumin"]'))
    return ()
