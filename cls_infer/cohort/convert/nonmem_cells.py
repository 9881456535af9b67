"""What single cells of an event record say: a flag, whether there is a number, a limit."""

from ...errors import Problem
from ..quantities import read_number
from ..tables import Row
from .draft import Left, as_number, cells

BELOW, ABOVE = 1, -1
"""CENS as Monolix and nlmixr2 write it."""


def given(row: Row, column: str) -> bool:
    """Tell whether a cell holds a number other than 0, or something that is no number and will be told."""
    return as_number(row[column]) != 0


def flag(row: Row, column: str, known: tuple[int, ...], problems: list[Problem]) -> int | None:
    """Return the whole number in a cell, 0 where it is empty; None, with a problem, where it is none of the known."""
    value = read_number(row, column, problems) if row[column] else 0.0
    if value is None or value in known:
        return None if value is None else int(value)
    listed = ", ".join(str(code) for code in known)
    problems.append(row.problem(f"`{column}` is `{row[column]}`", f"known are {listed}"))
    return None


def limits(row: Row, left: list[Left], problems: list[Problem]) -> dict[str, str]:
    """Return what DV, CENS and LIMIT say of a value: itself, the limit it lies beyond, or the interval it is in."""
    read_number(row, "DV", problems)
    side = flag(row, "CENS", (0, BELOW, ABOVE), problems)
    if not side:
        if row["LIMIT"]:
            left.append(Left(row.path, row.number, "LIMIT", row["LIMIT"], "no truncated likelihood: CENS is 0"))
        return cells(value=row["DV"])
    if not row["LIMIT"]:
        return cells(value=row["DV"], censored="below" if side == BELOW else "above")
    read_number(row, "LIMIT", problems)
    low, high = (row["LIMIT"], row["DV"]) if side == BELOW else (row["DV"], row["LIMIT"])
    return cells(lower_limit=low, upper_limit=high)
