"""Which columns a file of event records has: by its header, or as NONMEM's $INPUT lists them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import InputError, Problem
from ..quantities import NUMBER

NEEDED = ("ID", "TIME", "DV")
RECORD = (
    *("ID", "TIME", "DV", "EVID", "AMT", "RATE", "DUR", "ADDL", "II", "SS", "CMT", "DVID", "MDV", "CENS", "LIMIT"),
    *("C", "L1", "L2"),
)
"""Columns that say what a record is; all others are covariates, or nothing that a data set holds."""
SEPARATORS = (",", "\t", ";")


@dataclass(frozen=True)
class Header:
    """The columns in capitals, the line that names them (from 0, None if none does), and what separates cells."""

    columns: tuple[str, ...]
    line: int | None
    separator: str | None


def is_comment(line: str) -> bool:
    """Tell whether a line is a comment: `#`, a first cell `C`, `TABLE NO. 1`."""
    first = re.split(r"[,;\s]", line.strip(), maxsplit=1)[0]
    return first.startswith("#") or first.upper() == "C" or line.lstrip().upper().startswith("TABLE NO")


def find_header(path: str, lines: Sequence[str], named: Mapping[str, str], listed: Sequence[str]) -> Header:
    """Return the header of a file.

    It is the first line that names ID and TIME, even behind a `#` or a column `C`, else the first that is no comment.

    Args:
        path: the file, for problems.
        lines: its lines.
        named: NONMEM's name of a column to the name it has in this file.
        listed: the columns in their order, as $INPUT lists them, in place of the header's names.

    Raises:
        InputError: the file is empty; a column that must be there is not; one that says what a record is, is twice.
    """
    spelt = {there.upper(): ours.upper() for ours, there in named.items()}
    needed = {spelt.get(name, name) for name in ("ID", "TIME")}
    naming = [n for n, line in enumerate(lines) if needed <= {spelt.get(name, name) for name in _names(line)}]
    data = [n for n, line in enumerate(lines) if line.strip() and not is_comment(line)]
    first = naming[0] if naming else next(iter(data), None)
    if first is None:
        raise InputError([Problem(path, "is empty", remedy="name a file of event records")])
    separator = next((mark for mark in SEPARATORS if mark in lines[first]), None)
    headed = bool(naming) or not listed or not NUMBER.fullmatch(_names(lines[first])[0])
    names = [name.partition("=")[0].upper() for name in listed] or _names(lines[first])
    problems: list[Problem] = []
    columns = _columns(path, first + 1, names, spelt, problems)
    if problems:
        raise InputError(problems)
    return Header(columns, first if headed else None, separator)


def _names(line: str) -> list[str]:
    """Return the cells of a line in capitals, without the `#` before the first."""
    separator = next((mark for mark in SEPARATORS if mark in line), None)
    return [name.strip().strip('"').upper() for name in line.strip().lstrip("#").split(separator)] or [""]


def _columns(
    path: str, row: int, names: Sequence[str], spelt: Mapping[str, str], problems: list[Problem]
) -> tuple[str, ...]:
    """Return NONMEM's names where the map says which they are; a second column of one name gets a number."""
    for there in sorted(set(spelt) - set(names)):
        message = f"has no column `{there}`, which `columns` of the map names"
        problems.append(Problem(path, message, row, f"it has {', '.join(f'`{name}`' for name in names)}"))
    taken = set(spelt.values())
    columns: list[str] = []
    for name in names:
        if name in spelt:
            columns.append(spelt[name])
            continue
        before = sum(other.partition(" (")[0] == name for other in columns) + (name in taken)
        if before and name in RECORD and name not in taken:
            remedy = "rename one, or say in the map which it is, under `columns`"
            problems.append(Problem(path, f"column `{name}` is there twice", row, remedy))
        columns.append(f"{name} ({before + 1})" if before else name)
    for name in NEEDED:
        if name not in columns:
            remedy = f'add it, or say in the map which it is: columns = {{ {name} = "..." }}'
            problems.append(Problem(path, f"column `{name}` is missing", row, remedy))
    return tuple(columns)
