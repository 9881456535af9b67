"""One cell as a number in its canonical unit, or a problem that says how to mend it."""

import re
from math import isfinite
from typing import Protocol, runtime_checkable

from ..errors import Problem
from ..units import UnitError, convert, fitting_units
from .tables import Row

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
BEYOND = re.compile(r"[<>]=?\s*(?P<limit>[\d.]+)", re.ASCII)
NOT_KNOWN = {"nan", "na", "n/a", "none", "null", "-", "?", "nd", "inf", "+inf", "-inf", "infinity"}


@runtime_checkable
class Kind(Protocol):
    """What a number is: its canonical unit and what is possible."""

    @property
    def unit(self) -> str:
        """The canonical unit."""
        ...

    @property
    def low(self) -> float:
        """The lowest possible value [unit]."""
        ...

    @property
    def high(self) -> float:
        """The highest possible value [unit]."""
        ...


def read_number(row: Row, column: str, problems: list[Problem]) -> float | None:
    """Return the number in a cell, None with a problem where there is none."""
    text = row[column]
    if NUMBER.fullmatch(text) and isfinite(float(text)):
        return float(text)
    message = f"`{column}` is `{text}`, not a number" if text else f"`{column}` is empty"
    problems.append(row.problem(message, _remedy(text, column)))
    return None


def _remedy(text: str, column: str) -> str:
    if (beyond := BEYOND.fullmatch(text)) and column == "value":
        side = "below" if text.startswith("<") else "above"
        return f"write {beyond['limit']} and `{side}` under `censored`"
    if "," in text and NUMBER.fullmatch(text.replace(",", ".")):
        return f"write a decimal point: {text.replace(',', '.')}"
    if text.lower() in NOT_KNOWN:
        return "leave the row out if the value is not known"
    return "write a plain number; a unit goes into its own column" if text else "write a number"


def read_quantity(row: Row, column: str, unit: str, *, name: str, kind: Kind, problems: list[Problem]) -> float | None:
    """Return the number in `column`, written in `unit`, in the canonical unit of `kind`.

    `name` is the variable, covariate or item that the number measures.
    """
    number = read_number(row, column, problems)
    if not unit:
        problems.append(row.problem(f"`{name}` has no unit", f"write one, such as `{kind.unit}`"))
        return None
    try:
        value = convert(number or 0.0, unit, kind.unit, variable=name)
    except UnitError as error:
        problems.append(row.problem(error.message, error.remedy))
        return None
    if number is None:
        return None
    if not kind.low <= value <= kind.high:
        problems.append(_impossible(row, column, unit, number, value, name, kind))
        return None
    return value


def _impossible(row: Row, column: str, unit: str, number: float, value: float, name: str, kind: Kind) -> Problem:
    """Say why a value cannot be, and in which unit it could."""
    canonical = "" if kind.unit == "1" else f" {kind.unit}"
    found = f"`{name}` {row[column]} `{unit}`"
    if number < 0 <= kind.low:
        return row.problem(f"{found} is negative", "a volume, level or concentration is 0 or more")
    if unit != kind.unit:
        found += f" is {value:.4g}{canonical},"
    else:
        found += " is"
    fitting = fitting_units(number, unit, kind.unit, kind.low, kind.high, variable=name)
    remedy = f"did you mean `{fitting[0]}`?" if fitting else "correct the value or leave the row out"
    return row.problem(f"{found} outside {kind.low:g} to {kind.high:g}{canonical}", remedy)
