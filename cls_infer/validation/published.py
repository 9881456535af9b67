"""A published number with its spread, and the band a model's value should lie in."""

from dataclasses import dataclass, replace
from pathlib import Path

from ..cohort.shipped import shipped_folder
from ..cohort.tables import Columns, Row, read_table
from ..errors import InputError, Problem
from ..units import convert

NONE_PUBLISHED = 0.1
"""Where no spread was published, this share of the value stands in [assumed]."""

AROUND = ("SD", "SEM", "kind not said")
BETWEEN = ("range", "95% CI")
WRITTEN = {"Hct points": "%", "% of baseline": "%", "ratio": "1"}
"""Units of the table that say what they are of -> the unit itself."""

AREAS = {"min*mL/kg": "mL/kg"}
"""Units of areas under a curve -> those of their mean over so many minutes."""

COLUMNS = Columns(
    required=(
        *("study", "doi_or_id", "population", "n", "fluid", "dose", "duration_or_time", "quantity", "statistic"),
        *("value", "spread", "spread_kind", "unit", "note"),
    ),
    optional=(),
)


@dataclass(frozen=True)
class Published:
    """A number as published, in the unit of the comparison: `value` if any, `low` to `high`, `kind` of spread."""

    value: float | None
    low: float
    high: float
    kind: str = ""

    def __str__(self) -> str:
        if self.kind in AROUND and self.value is not None:
            return f"{self.value:.4g} ± {self.high - self.value:.4g} ({self.kind})"
        if self.kind in BETWEEN:
            value = "" if self.value is None else f"{self.value:.4g}, "
            return f"{value}{self.low:.4g} to {self.high:.4g} ({self.kind})"
        return f"{self.value:.4g}"

    def converted(self, unit: str, to: str) -> "Published":
        """Return it in another unit; a unit that counts the other way round swaps the ends."""
        ends = sorted((convert(self.low, unit, to), convert(self.high, unit, to)))
        value = None if self.value is None else convert(self.value, unit, to)
        return replace(self, value=value, low=ends[0], high=ends[1])

    def over(self, number: float) -> "Published":
        """Return it divided by a number above 0."""
        value = None if self.value is None else self.value / number
        return replace(self, value=value, low=self.low / number, high=self.high / number)


def around(value: float, spread: float | None, kind: str) -> Published:
    """Return a value give or take its spread; a tenth of it where none was published."""
    width = NONE_PUBLISHED * abs(value) if spread is None else abs(spread)
    return Published(value, value - width, value + width, kind)


def fluid_kinetics() -> dict[int, Row]:
    """Return the rows of the published responses to infusions, by number; the header is row 1.

    Raises:
        InputError: the table cannot be read.
    """
    problems: list[Problem] = []
    table = read_table(Path(shipped_folder() / "fluid_kinetics" / "published_responses.csv"), COLUMNS, problems)
    if problems:
        raise InputError(problems)
    return {row.number: row for row in table.rows}


def published_in(row: Row) -> Published:
    """Return the number of a row of the table, in the row's own unit."""
    value, spread, kind = float(row["value"]), row["spread"], row["spread_kind"]
    if kind in BETWEEN:
        low, high = (float(end) for end in spread.split("-"))
        return Published(value, low, high, kind)
    return around(value, float(spread) if spread else None, kind)


def in_words(row: Row) -> str:
    """Return what a row of the table measured."""
    given = ", ".join(filter(None, (row["fluid"].replace("_", " "), row["dose"], row["duration_or_time"])))
    people = f"{row['population']}{', n = ' + row['n'] if row['n'] else ''}"
    return f"{row['quantity'][:1].upper()}{row['quantity'][1:]}: {given} ({people})"
