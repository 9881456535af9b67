"""A file of NONMEM-style event records as rows: comments and ignored rows apart, `.` as an empty cell."""

import csv
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, Problem
from ..tables import Row
from .draft import Left
from .nonmem_header import find_header, is_comment

COMPARED: dict[str, Callable] = {
    **{".EQ.": operator.eq, "==": operator.eq, "=": operator.eq, ".NE.": operator.ne, "/=": operator.ne},
    **{".GT.": operator.gt, ">": operator.gt, ".GE.": operator.ge, ">=": operator.ge},
    **{".LT.": operator.lt, "<": operator.lt, ".LE.": operator.le, "<=": operator.le},
}
CONDITION = re.compile(r"(\w+)\s*(\.[A-Z]{2}\.|==|/=|>=|<=|=|>|<)\s*(\S+)")


@dataclass(frozen=True)
class Records:
    """The rows in the file's order, their columns in capitals, and the rows that are no records."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    left: tuple[Left, ...]


def read_records(
    path: Path, ignore: Sequence[str] = (), named: Mapping[str, str] | None = None, listed: Sequence[str] = ()
) -> Records:
    """Return the event records of a file.

    Cells are separated by commas, tabs, semicolons or blanks, as the header is. A line that starts with `#`, or whose
    first cell is `C`, is a comment; so is `TABLE NO. 1`.

    Args:
        path: the file.
        ignore: as NONMEM's IGNORE: a character a line starts with, `@` for any letter, or a condition such as `BLQ=1`.
        named: NONMEM's name of a column to the name it has in this file.
        listed: the columns in their order, as $INPUT lists them, in place of the header's names.

    Raises:
        InputError: the file cannot be read; a column that must be there is missing; a row of another length.
    """
    lines = _lines(path)
    header = find_header(str(path), lines, named or {}, listed)
    columns, separator = header.columns, header.separator
    problems: list[Problem] = []
    conditions = _conditions(str(path), ignore, columns, problems)
    rows, left = [], []
    for number, line in enumerate(lines, start=1):
        cells = _cells(line, separator)
        if not line.strip() or number - 1 == header.line:
            continue
        if is_comment(line) or _is_ignored(line, ignore):
            left.append(Left(str(path), number, "", line.strip()[:60], "a comment, or a line to ignore"))
        elif len(cells) != len(columns):
            message = f"has {len(cells)} cells where the header has {len(columns)}"
            problems.append(Problem(str(path), message, number, "write `.` where there is no value"))
        else:
            row = Row(str(path), number, dict(zip(columns, cells, strict=True)))
            met = next((words for words, meets in conditions.items() if meets(row)), None)
            if met is None:
                rows.append(row)
            else:
                left.append(Left(str(path), number, "", "", f"ignored as asked: {met}"))
    if problems:
        raise InputError(problems)
    return Records(columns, tuple(rows), tuple(left))


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError([Problem(str(path), f"cannot be read: {words}", remedy="check the file")]) from None


def _is_ignored(line: str, ignore: Sequence[str]) -> bool:
    first = line.lstrip()[:1]
    marks = {mark for mark in ignore if len(mark) == 1}
    return first in marks - {"@"} or ("@" in marks and (first.isalpha() or first == "@"))


def _cells(line: str, separator: str | None) -> list[str]:
    cells = next(csv.reader([line], delimiter=separator), []) if separator else line.split()
    return ["" if cell.strip() == "." else cell.strip() for cell in cells]


def _conditions(
    path: str, ignore: Sequence[str], columns: tuple[str, ...], problems: list[Problem]
) -> dict[str, Callable[[Row], bool]]:
    """Return what each condition says of a row."""
    found = {}
    for words in ignore:
        if len(words) == 1:
            continue
        parts = CONDITION.fullmatch(words.strip().upper())
        if not parts or parts[1] not in columns or parts[2] not in COMPARED:
            remedy = "write a character, or such as `BLQ=1`, with a column that is there"
            problems.append(Problem(path, f"`ignore` holds `{words}`", remedy=remedy))
        else:
            found[words] = _condition(*parts.groups())
    return found


def _condition(column: str, compared: str, value: str) -> Callable[[Row], bool]:
    def meets(row: Row) -> bool:
        try:
            return COMPARED[compared](float(row[column] or 0), float(value))
        except ValueError:
            return COMPARED[compared](row[column].upper(), value)

    return meets
