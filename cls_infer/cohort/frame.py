"""Data frames as a cohort: their cells become text and are read as those of a folder's tables are."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np

from ..errors import Problem
from . import measurements, patients, therapy
from .read import Tables, understand
from .records import Cohort
from .tables import Columns, Table, check_header, table_of

MEASUREMENTS, THERAPY, PATIENTS = "measurements", "therapy", "patients"


def read_frames(measured: Any, given: Any, known: Any, *, name: str) -> Cohort:
    """Return the cohort of three frames, the last two of which may be None.

    Raises:
        InputError: every problem of all frames.
    """
    problems: list[Problem] = []
    tables = Tables(
        _table(MEASUREMENTS, measured, measurements.COLUMNS, problems),
        None if given is None else _table(THERAPY, given, therapy.COLUMNS, problems),
        None if known is None else _table(PATIENTS, known, patients.COLUMNS, problems),
    )
    return understand(tables, name, problems)


def _table(where: str, native: Any, columns: Columns, problems: list[Problem]) -> Table:
    frame = _frame(where, native, problems)
    if frame is None:
        return Table(where, complete=False)
    header = [str(column).strip() for column in frame.columns]
    before, body = len(problems), []
    for number, row in enumerate(frame.iter_rows()):
        cells = [_text(value) for value in row]
        unread = [(column, value) for column, value, text in zip(header, row, cells, strict=True) if text is None]
        problems += [_unreadable(where, number, *pair) for pair in unread]
        body += [] if unread else [(number, [text or "" for text in cells])]
    content = _content([header, *(cells for _, cells in body)])
    if not frame.shape[0]:
        problems.append(Problem(where, "has no rows", remedy="add rows, or leave the frame out"))
    if not check_header(where, None, header, columns, problems):
        return Table(where, complete=False, content=content)
    table = table_of(where, header, body, problems, content=content)
    return replace(table, complete=len(problems) == before)


def _frame(where: str, native: Any, problems: list[Problem]) -> nw.DataFrame | None:
    """Return what narwhals makes of a frame; None, with a problem, where it is none or hides something."""
    try:
        frame = nw.from_native(native, eager_only=True)
        names = [name for name in getattr(nw.maybe_get_index(frame), "names", ()) if name is not None]
    except TypeError:
        remedy = "give a DataFrame of pandas or polars; of a lazy one what `collect()` returns"
        problems.append(Problem(where, f"is a `{type(native).__name__}`, no data frame", remedy=remedy))
        return None
    except ValueError as error:
        problems.append(Problem(where, f"cannot be read: {error}", remedy="give each column one name of its own"))
        return None
    for name in names:
        message = f"`{name}` is an index, which is not read"
        problems.append(Problem(where, message, remedy="make it a column: `reset_index()`"))
    return frame


def _text(value: Any) -> str | None:
    """Return a cell as a table would hold it, empty where it is missing; None where it is no text, number or time."""
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or type(value).__name__ == "NAType":
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | date):
        return None
    if value != value:  # NaN, and pandas' NaT
        return ""
    if isinstance(value, date):  # a datetime is one
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _unreadable(where: str, row: int, column: str, value: Any) -> Problem:
    message = f"`{column}` is a `{type(value).__name__}`"
    return Problem(where, message, row, "write text, a number or a timestamp; a length of time as hours")


def _content(records: Sequence[Sequence[str]]) -> bytes:
    """Return the cells as CSV: what the cohort's digest is of."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(records)
    return out.getvalue().encode("utf-8", errors="surrogatepass")
