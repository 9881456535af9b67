"""A file of NONMEM-style event records as rows: comments and ignored rows apart, `.` as an empty cell."""

import csv
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import InputError, Problem
from ..tables import Row
from .draft import Left

NEEDED = ("ID", "TIME", "DV")
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


def read_records(path: Path, ignore: tuple[str, ...] = (), named: Mapping[str, str] | None = None) -> Records:
    """Return the event records of a file.

    Cells are separated by commas, tabs or blanks, as the header is. A line that starts with `#`, or whose first cell is
    `C`, is a comment; so is `TABLE NO. 1`.

    Args:
        path: the file.
        ignore: as NONMEM's IGNORE: a character a line starts with, `@` for any letter, or a condition such as `BLQ=1`.
        named: NONMEM's name of a column to the name it has in this file.

    Raises:
        InputError: the file cannot be read; a column that must be there is missing; a row of another length.
    """
    lines = _lines(path)
    header = next((n for n, line in enumerate(lines) if line.strip() and not _is_comment(line)), None)
    if header is None:
        raise InputError([Problem(str(path), "is empty", remedy="name a file of event records")])
    separator = next((mark for mark in (",", "\t", ";") if mark in lines[header]), None)
    problems: list[Problem] = []
    columns = _columns(path, header + 1, _cells(lines[header], separator), named or {}, problems)
    conditions = _conditions(str(path), ignore, columns, problems)
    rows, left = [], []
    for number, line in enumerate(lines, start=1):
        cells = _cells(line, separator)
        if not line.strip() or number == header + 1:
            continue
        if _is_comment(line) or _is_ignored(line, ignore):
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


def _is_comment(line: str) -> bool:
    """Tell whether a line is a comment; a header that begins with a column `C` is none."""
    first = re.split(r"[,;\s]", line.strip(), maxsplit=1)
    named = {name.upper() for name in re.split(r"[,;\s]+", line.strip())}
    table = line.lstrip().upper().startswith("TABLE NO")
    return line.lstrip().startswith("#") or table or (first[0].upper() == "C" and not {"ID", "TIME"} <= named)


def _is_ignored(line: str, ignore: tuple[str, ...]) -> bool:
    first = line.lstrip()[:1]
    marks = {mark for mark in ignore if len(mark) == 1}
    return first in marks - {"@"} or ("@" in marks and (first.isalpha() or first == "@"))


def _cells(line: str, separator: str | None) -> list[str]:
    cells = next(csv.reader([line], delimiter=separator), []) if separator else line.split()
    return ["" if cell.strip() == "." else cell.strip() for cell in cells]


def _columns(
    path: Path, row: int, header: list[str], named: Mapping[str, str], problems: list[Problem]
) -> tuple[str, ...]:
    """Return the names of the columns in capitals, NONMEM's where the map says which they are."""
    spelt = {there.upper(): ours.upper() for ours, there in named.items()}
    columns = tuple(spelt.get(name.upper(), name.upper()) for name in header)
    for there in sorted(set(spelt) - {name.upper() for name in header}):
        message = f"has no column `{there}`, which `columns` of the map names"
        problems.append(Problem(str(path), message, row, f"it has {', '.join(f'`{name}`' for name in header)}"))
    for name in NEEDED:
        if name not in columns:
            remedy = f'add it, or say in the map which it is: columns = {{ {name} = "..." }}'
            problems.append(Problem(str(path), f"column `{name}` is missing", row, remedy))
    for name in sorted({name for name in columns if columns.count(name) > 1}):
        problems.append(Problem(str(path), f"column `{name}` is there twice", row, "keep one"))
    return columns


def _conditions(
    path: str, ignore: tuple[str, ...], columns: tuple[str, ...], problems: list[Problem]
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
