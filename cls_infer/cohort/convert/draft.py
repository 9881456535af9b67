"""A data set while it is being converted: rows that know where they come from, and what could not be taken."""

from dataclasses import dataclass, field
from math import nan


@dataclass(frozen=True)
class Line:
    """A row to be written, and the file and row it comes from."""

    cells: dict[str, str]
    file: str
    row: int | None = None

    def __getitem__(self, column: str) -> str:
        """Return a cell, empty where the row has none of this column."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Left:
    """What was not converted: the first row of it, the column and its value, why, and how many rows are like it."""

    file: str
    row: int | None
    column: str
    value: str
    reason: str
    rows: int = 1


@dataclass
class Draft:
    """The tables of a data set as far as they are, what was left out, and what its source.toml shall say.

    `source` says where it comes from by the keys of source.toml; `converted` and `assumed` what was done.
    """

    source: dict[str, str] = field(default_factory=dict)
    measurements: list[Line] = field(default_factory=list)
    therapy: list[Line] = field(default_factory=list)
    patients: list[Line] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    converted: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)

    def leave(self, line: Line, column: str, reason: str) -> None:
        """List a row that is not converted."""
        self.left.append(Left(line.file, line.row, column, line[column], reason))


def number(value: float) -> str:
    """Return a number as a table holds it: ten digits, so that a time of 1/60 h loses nothing that matters."""
    return f"{value:.10g}"


def as_number(written: str) -> float:
    """Return the number in a cell, 0 where it is empty, NaN where it is no number."""
    try:
        return float(written or 0)
    except ValueError:
        return nan


def cells(**written: str | float | None) -> dict[str, str]:
    """Return the cells of a row; a number is written out, and what is None or empty is no cell."""
    return {
        name: number(value) if isinstance(value, int | float) else value
        for name, value in written.items()
        if value is not None and value != ""
    }
