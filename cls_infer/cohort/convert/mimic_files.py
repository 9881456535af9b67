"""Tables of MIMIC as they lie about: plain or compressed, in one folder or in `hosp` and `icu`; read row by row."""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from ...errors import InputError, Problem
from ..tables import Row

ENDINGS = (".csv", ".csv.gz")


def find_table(folder: Path, name: str) -> Path | None:
    """Return the one file in a folder, or two below it, whose name ends in this table's name; None if there is none.

    Raises:
        InputError: several files do.
    """
    found = sorted(
        path
        for pattern in ("*", "*/*", "*/*/*")
        for path in folder.glob(pattern)
        if any(path.name.lower().endswith(f"{name}{ending}") for ending in ENDINGS) and path.is_file()
    )
    found = [path for path in found if path.name.lower().startswith(name)] or found
    if len(found) > 1:
        listed = ", ".join(f"`{path}`" for path in found)
        raise InputError([Problem(str(folder), f"holds {listed}", remedy="leave one of them")])
    return found[0] if found else None


def read_rows(path: Path, needed: tuple[str, ...]) -> Iterator[Row]:
    """Yield the rows of a table, the header being row 1.

    Raises:
        InputError: the file cannot be read, or lacks a needed column.
    """
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8-sig", newline="") as text:
        try:
            table = csv.DictReader(text)
            missing = [name for name in needed if name not in (table.fieldnames or ())]
            if missing:
                listed = ", ".join(f"`{name}`" for name in missing)
                raise InputError(
                    [Problem(str(path), f"has no column {listed}", 1, "name the tables as they were published")]
                )
            for number, cells in enumerate(table, start=2):
                yield Row(str(path), number, {name: cell or "" for name, cell in cells.items() if name})
        except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
            raise InputError([Problem(str(path), f"cannot be read: {error}", remedy="check the file")]) from None
