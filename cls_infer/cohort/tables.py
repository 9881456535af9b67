"""A CSV file as rows of text, each of which knows where it stands; no meaning yet."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Problem
from ..printable import CONTROL, FORMULA
from .content import read_content
from .names import did_you_mean

MOST_BYTES = 2**27
"""Of a table: three million rows, which take some gigabytes of memory."""

MOST_COLUMNS = 200
FREE = "comment"
"""The column that nothing but its reader reads."""

NAMING = ("patient", "assay", "person")
"""What is printed, and written into tables, as it stands."""


@dataclass(frozen=True)
class Row:
    """One row: its file, its number (the header is row 1) and its cells by column."""

    path: str
    number: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """Return the cell without surrounding blanks, empty where the table has no such column."""
        return self.cells.get(column, "")

    def problem(self, message: str, remedy: str = "") -> Problem:
        """Return a problem of this row."""
        return Problem(self.path, message, self.number, remedy)


@dataclass(frozen=True)
class Table:
    """One file's rows; not `complete` where some of it could not be read, so that absence means nothing."""

    path: str
    rows: tuple[Row, ...] = ()
    complete: bool = True
    content: bytes = b""


@dataclass(frozen=True)
class Columns:
    """The columns a table must and may have."""

    required: tuple[str, ...]
    optional: tuple[str, ...]


def read_table(path: Path, columns: Columns, problems: list[Problem]) -> Table:
    """Return the rows of the CSV file at `path`; what is wrong with it goes to `problems`."""
    where = str(path)
    missing = f"write it with the columns {', '.join(f'`{name}`' for name in columns.required)}"
    content = read_content(path, MOST_BYTES, problems, missing=missing)
    if content is None:
        return Table(where, complete=False)
    text = _decode(where, content, problems)
    records = None if text is None else _split(where, text, problems)
    if not records:
        return Table(where, complete=False, content=content)
    (first, header), *body = records
    if not body:
        problems.append(Problem(where, "has a header and no rows", remedy="add rows, or remove the file"))
    if not check_header(where, first, header, columns, problems):
        return Table(where, complete=False, content=content)
    table = table_of(where, header, body, problems, content=content)
    return replace(table, complete=table.complete and bool(body))


def table_of(
    where: str, header: list[str], body: Iterable[tuple[int, list[str]]], problems: list[Problem], *, content: bytes
) -> Table:
    """Return the rows of numbered records of cells."""
    before = len(problems)
    rows = [row for number, cells in body if (row := _row(where, number, header, cells, problems))]
    return Table(where, tuple(rows), complete=len(problems) == before, content=content)


def _decode(where: str, content: bytes, problems: list[Problem]) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start + (3 if content.startswith(b"\xef\xbb\xbf") else 0)
        row = content.count(b"\n", 0, at) + 1
        message = f"byte {at} is 0x{content[at]:02x}, which is not UTF-8"
        problems.append(Problem(where, message, row, "save the file as UTF-8"))
        return None


def _split(where: str, text: str, problems: list[Problem]) -> list[tuple[int, list[str]]]:
    """Return (row number, stripped cells) of every row that is not blank."""
    records: list[tuple[int, list[str]]] = []
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), strict=True), start=1):
            stripped = [cell.strip() for cell in cells]
            if any(stripped):
                records.append((number, stripped))
    except csv.Error as error:
        remedy = "close every quotation mark, and double those inside a cell"
        problems.append(Problem(where, f"is not CSV from here on: {error}", number + 1, remedy))
        return []
    if not records:
        problems.append(Problem(where, "is empty", remedy="write a header and rows, or remove the file"))
    return records


def check_header(where: str, row: int | None, header: list[str], columns: Columns, problems: list[Problem]) -> bool:
    """Tell whether every required column is there; say what is wrong with the header."""
    if len(header) > MOST_COLUMNS:
        remedy = f"keep those it may have, at most {MOST_COLUMNS}"
        problems.append(Problem(where, f"has {len(header)} columns", row, remedy))
        return False
    separator = next((mark for mark in (";", "\t") if len(header) == 1 and mark in header[0]), None)
    if separator:
        name = "tabs" if separator == "\t" else "`;`"
        remedy = "save as comma-separated CSV with decimal points"
        problems.append(Problem(where, f"cells are separated by {name}, not by commas", row, remedy))
        return False
    known = (*columns.required, *columns.optional)
    missing = [name for name in columns.required if name not in header]
    unused = [name for name in known if name not in header]
    for name in dict.fromkeys(header):
        if name == "":
            message, remedy = (
                "a column has no name",
                "name it, or save without it (an index, a trailing comma)",
            )
        elif name not in known:
            message, remedy = f"unknown column `{name}`", did_you_mean(name, unused or known)
        elif header.count(name) > 1:
            message, remedy = f"column `{name}` is there {header.count(name)} times", "keep one"
        else:
            continue
        problems.append(Problem(where, message, row, remedy))
    for name in missing:
        remedy = f"needed are {', '.join(f'`{column}`' for column in columns.required)}"
        problems.append(Problem(where, f"column `{name}` is missing", row, remedy))
    return not missing


def _row(where: str, number: int, header: list[str], cells: list[str], problems: list[Problem]) -> Row | None:
    if len(cells) == len(header):
        row = Row(where, number, dict(zip(header, cells, strict=True)))
        harmful = list(_harmful(row))
        problems += harmful
        return None if harmful else row
    message = f"has {len(cells)} cells where the header has {len(header)}"
    remedy = "put text that holds a comma in quotation marks, write decimal points, leave empty cells empty"
    if len(cells) < len(header):
        remedy = f"write a comma for each empty cell, those at the end too: the last column is `{header[-1]}`"
    problems.append(Problem(where, message, number, remedy))
    return None


def _harmful(row: Row) -> Iterator[Problem]:
    """Yield cells that would do something where they are shown: move a terminal's cursor, count as a formula."""
    for column, text in row.cells.items():
        if column != FREE and CONTROL.search(text):
            yield row.problem(f"`{column}` `{text}` holds a control character", "write letters, digits and signs alone")
        elif column in NAMING and text.startswith(FORMULA):
            message = f"`{column}` `{text}` begins as a formula does in a spreadsheet"
            yield row.problem(message, "begin it with a letter or a digit")
