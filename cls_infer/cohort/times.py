"""Times as hours: numbers with a unit, or timestamps counted from the patient's first one."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ..errors import Problem
from ..units import UnitError, convert
from .quantities import NUMBER, read_number
from .tables import Row

LONGEST = 10 * 365.25 * 24.0
"""Beyond this many hours a time is a slip, such as a spreadsheet's day number."""

BY_DAY = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T,]+(\d{1,2}:\d{2}(?::\d{2})?))?")
NO_YEAR = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2?()[ T,]+(\d{1,2}:\d{2}(?::\d{2})?)")
"""A date with its year last, and the time of day if there is one; a date of no year, and the time of day."""

CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")

type Kind = Literal["number", "timestamp", "timestamp with a zone"]


@dataclass(frozen=True)
class Clock:
    """How one patient's times are written, and the first timestamp where they are timestamps."""

    kind: Kind
    zero: datetime | None = None


def read_clocks(cells: Iterable[tuple[Row, tuple[str, ...]]], problems: list[Problem]) -> dict[str, Clock | None]:
    """Return each patient's clock from all rows with their time columns.

    The clock is None where no cell holds a time and, with a problem, where numbers and timestamps, or
    timestamps with and without a zone, are mixed: no zero serves both.
    """
    first_row: dict[str, dict[Kind, Row]] = {}
    stamps: dict[str, list[datetime]] = {}
    for row, columns in cells:
        rows = first_row.setdefault(row["patient"], {})
        for text in (row[column] for column in columns):
            kind = _kind(text)
            if kind:
                rows.setdefault(kind, row)
            if kind and kind != "number":
                stamps.setdefault(row["patient"], []).append(datetime.fromisoformat(text))
    return {patient: _clock(patient, rows, stamps.get(patient), problems) for patient, rows in first_row.items()}


def _clock(patient: str, rows: dict[Kind, Row], stamps: list[datetime] | None, problems: list[Problem]) -> Clock | None:
    if len(rows) > 1:
        (one, first), (other, second) = list(rows.items())[:2]
        message = f"patient `{patient}` has a {other} as time here and a {one} in {_place(first, second)}"
        problems.append(second.problem(message, "write all times of a patient in one way"))
        return None
    return Clock(next(iter(rows)), min(stamps) if stamps else None) if rows else None


def read_time(row: Row, column: str, clocks: Mapping[str, Clock | None], problems: list[Problem]) -> float | None:
    """Return the time in a cell [h].

    None, with a problem, where it cannot be told; without one where the patient's clock already gave it.
    """
    clock, text = clocks.get(row["patient"]), row[column]
    kind = _kind(text)
    if kind is None:
        message = f"`{column}` `{text}` is not a time" if text else f"`{column}` is empty"
        problems.append(row.problem(message, _how_to_write(text)))
        return None
    if clock is None:
        return None
    if kind != clock.kind:
        message = f"`{column}` `{text}` is a {kind}, the patient's other times are each a {clock.kind}"
        problems.append(row.problem(message, "write all times of a patient in one way"))
        return None
    if clock.zero is not None:
        hours = (datetime.fromisoformat(text) - clock.zero).total_seconds() / 3600.0
    else:
        hours = _in_hours(row, column, problems)
    if hours is None or abs(hours) <= LONGEST:
        return hours
    remedy = "write hours from an event of the stay, or timestamps"
    problems.append(row.problem(f"`{column}` {text} is more than ten years from time 0", remedy))
    return None


def read_duration(row: Row, column: str, problems: list[Problem]) -> float:
    """Return the length of time in an optional cell [h], 0 where it is empty; in the row's time unit."""
    if not row[column]:
        return 0.0
    hours = _in_hours(row, column, problems)
    if hours is not None and not 0 <= hours <= LONGEST:
        problems.append(row.problem(f"`{column}` is {row[column]}", "write a length of time of 0 or more"))
    return hours or 0.0


def is_date_only(text: str) -> bool:
    """Tell whether a timestamp has no clock time."""
    return _kind(text) == "timestamp" and len(text) <= 10 and ":" not in text


def _kind(text: str) -> Kind | None:
    if NUMBER.fullmatch(text):
        return "number"
    try:
        return "timestamp with a zone" if datetime.fromisoformat(text).tzinfo else "timestamp"
    except ValueError:
        return None


def _how_to_write(text: str) -> str:
    """Return a remedy: a date that begins with its day or month, as timestamps; both, where it can be either."""
    found = BY_DAY.fullmatch(text) or NO_YEAR.fullmatch(text)
    first, mark, second, year, clock = found.groups() if found else ("", "", "", "", "")
    lacking = "" if year else "the year too, such as "
    year = {0: "2024", 2: f"20{year}"}.get(len(year), year)
    days = [(first, second)] if mark == "." else [(first, second), (second, first)]
    stamps = [f"{year}-{month:0>2}-{day:0>2}" + (f"T{clock:0>5}" if clock else "") for day, month in days]
    stamps = list(dict.fromkeys(stamp for stamp in stamps if _kind(stamp)))
    if stamps:
        return f"write {lacking}{' or '.join(f'`{stamp}`' for stamp in stamps)}"
    if CLOCK.fullmatch(text):
        return f"write the day too, such as 2024-03-05T{text:0>5}"
    return "write hours, such as 38.5, or a timestamp, such as 2024-03-05T14:30"


def _in_hours(row: Row, column: str, problems: list[Problem]) -> float | None:
    number = read_number(row, column, problems)
    try:
        return None if number is None else convert(number, row["time_unit"] or "h", "h")
    except UnitError as error:
        problems.append(row.problem(f"`time_unit`: {error.message}", error.remedy))
        return None


def _place(row: Row, seen_from: Row) -> str:
    return f"row {row.number}" if row.path == seen_from.path else f"row {row.number} of {row.path}"
