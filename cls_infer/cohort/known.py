"""What a row of measurements.csv says of its value: the number, a limit that it lies beyond, or an interval."""

from typing import NamedTuple

from ..errors import Problem
from ..units import UnitError, convert
from .grades import GRADES, graded_name
from .quantities import read_number, read_quantity
from .records import BETWEEN
from .tables import Row
from .vocabulary import VARIABLES

CENSORED = {"": 0, "none": 0, "below": -1, "above": 1}
NO_UNIT = ("", "1", "grade")


class Known(NamedTuple):
    """A value, or the limit it lies below (`censoring` -1) or above (+1), or the interval up to `upper` (BETWEEN)."""

    value: float
    upper: float | None = None
    censoring: int = 0


def read_known(row: Row, variable: str | None, problems: list[Problem]) -> Known | None:
    """Return what a row says of its variable, in the canonical unit; None where it says nothing sound.

    The number under `value`, censored where it is at or beyond a reporting limit; without one the interval from
    `lower_limit` to `upper_limit`, of which one may be empty; of a grade, the interval that it stands for.
    """
    graded = graded_name(row["variable"])
    if graded:
        return _graded(row, graded, problems)
    before = len(problems)
    column, censoring = _censoring(row, problems)
    if variable is None:
        return None
    if not row["value"] and (row["lower_limit"] or row["upper_limit"]):
        return _interval(row, variable, problems) if len(problems) == before else None
    value = read_quantity(row, column, row["unit"], name=variable, kind=VARIABLES[variable], problems=problems)
    return None if value is None else Known(value, censoring=censoring)


def _graded(row: Row, name: str, problems: list[Problem]) -> Known | None:
    """Return the interval a grade stands for."""
    before = len(problems)
    for column in ("censored", "lower_limit", "upper_limit", "extra_sd"):
        if row[column]:
            problems.append(row.problem(f"`{name}` has a `{column}`", "leave it empty: a grade is an interval"))
    if row["unit"].lower() not in NO_UNIT:
        problems.append(row.problem(f"`{name}` is in `{row['unit']}`", "write `1`: a grade has no unit"))
    grade, scale = read_number(row, "value", problems), GRADES[name]
    if grade is None:
        return None
    if grade not in scale.intervals:
        message = f"`{name}` {row['value']} is no interval of `{scale.variable}`"
        problems.append(row.problem(message, f"known are {scale}; leave the row out if it is none of them"))
    return _between(*scale.intervals[int(grade)]) if len(problems) == before else None


def _interval(row: Row, variable: str, problems: list[Problem]) -> Known | None:
    """Return the interval that a row without a value gives."""
    before = len(problems)
    if CENSORED.get(row["censored"].lower()):
        message = f"`censored` is `{row['censored']}` and `value` is empty"
        problems.append(row.problem(message, "clear `censored`: a bound under one limit alone says the side"))
    low = _bound(row, "lower_limit", variable, problems)
    if len(problems) > before:
        return None  # a slip of the unit is told once
    high = _bound(row, "upper_limit", variable, problems)
    if len(problems) > before:
        return None
    if low is None and high is None:
        kind = VARIABLES[variable]
        message = f"the bounds hold every possible `{variable}`, {kind.low:g} to {kind.high:g} {kind.unit}"
        problems.append(row.problem(message, "narrow them, or leave the row out"))
        return None
    return _between(low, high)


def _between(low: float | None, high: float | None) -> Known:
    if low is None or high is None:
        return Known(high, censoring=-1) if low is None else Known(low, censoring=1)
    return Known(low, high, BETWEEN)


def _bound(row: Row, column: str, variable: str, problems: list[Problem]) -> float | None:
    """Return a bound in the canonical unit, None where it excludes nothing that is possible (0 g/L of albumin)."""
    kind = VARIABLES[variable]
    if not row[column]:
        return None
    unheard: list[Problem] = []
    number = read_number(row, column, unheard)
    try:
        bound = None if number is None else convert(number, row["unit"] or kind.unit, kind.unit, variable=variable)
    except UnitError:
        bound = None  # said below
    if bound is not None and row["unit"]:
        if column == "lower_limit" and bound <= kind.low:
            return None
        if column == "upper_limit" and bound >= kind.high:
            return None
    return read_quantity(row, column, row["unit"], name=variable, kind=kind, problems=problems)


def _censoring(row: Row, problems: list[Problem]) -> tuple[str, int]:
    """Return the column that holds the number to use, and on which side of it the truth lies."""
    censored = CENSORED.get(row["censored"].lower())
    if censored is None:
        remedy = "write `below` where the true value is below `value`, `above`, or nothing"
        problems.append(row.problem(f"`censored` is `{row['censored']}`", remedy))
    if _crossed(row):
        message = f"`lower_limit` {row['lower_limit']} is not below `upper_limit` {row['upper_limit']}"
        problems.append(row.problem(message, "swap the two, or correct them"))
        return "value", censored or 0
    beyond = [
        (column, side)
        for column, side in (("lower_limit", -1), ("upper_limit", 1))
        if row[column] and _reaches(row, column, side, problems)
    ]
    sides = {side for _, side in beyond} | {censored or 0} - {0}
    if len(sides) > 1:
        message = "the value is censored on both sides"
        problems.append(row.problem(message, "correct `censored`, `lower_limit` or `upper_limit`"))
    return beyond[0] if beyond else ("value", censored or 0)


def _crossed(row: Row) -> bool:
    """Tell whether both limits are numbers and the lower one is not below the upper one."""
    unheard: list[Problem] = []
    low, high = (read_number(row, column, unheard) for column in ("lower_limit", "upper_limit"))
    return low is not None and high is not None and low >= high


def _reaches(row: Row, column: str, side: int, problems: list[Problem]) -> bool:
    """Tell whether the value is at or beyond a reporting limit; both are in the row's unit."""
    unheard: list[Problem] = []  # what is wrong with the value is said where it is read
    limit, value = read_number(row, column, problems), read_number(row, "value", unheard)
    return limit is not None and value is not None and side * (value - limit) >= 0
