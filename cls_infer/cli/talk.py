"""How the commands speak: data to stdout, talk to stderr, one JSON object where it was asked for."""

import json
import os
import sys
from collections.abc import Iterable, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..errors import Problem
from ..printable import CONTROL, lines, printable

if TYPE_CHECKING:
    from rich.console import Console

WIDE = 200
"""Columns of a table that goes to a file or a pipe, where the environment's `COLUMNS` does not say."""


def say(text: str, *, quiet: bool) -> None:
    """Tell the user something that is not data."""
    if not quiet:
        print(lines(text), file=sys.stderr)


def write_json(thing: Any) -> None:
    """Write one JSON object to stdout; what is not finite becomes null."""
    written = json.dumps(_plain(thing), indent=2, allow_nan=False, ensure_ascii=False)
    # JSON's own escapes leave some of them; they stand in strings alone, but for the ends of lines
    print(CONTROL.sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", written))


def problems_as_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Return problems as the `problems` key of --json holds them."""
    return [{"file": p.where, "row": p.row, "message": p.message, "remedy": p.remedy} for p in problems]


def write_table(title: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table to stdout."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    heading = Text(printable(title), style="bold")
    table = Table(title=heading, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in header:
        table.add_column(Text(printable(name)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(_cell(cell))) for cell in row))
    stdout_console().print(table)


def write_lines(*given: str) -> None:
    """Write lines of data to stdout as they are, neither wrapped nor coloured."""
    for line in given:
        print(lines(line))


def stdout_console() -> "Console":
    """Return a console on stdout, as wide as the terminal; elsewhere as the reader says, or as it needs to be."""
    from rich.console import Console

    said = sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(width=None if said else WIDE, highlight=False)


def _cell(cell: Any) -> str:
    if isinstance(cell, float):
        return f"{cell:.4g}"
    return "" if cell is None else str(cell)


def _plain(thing: Any) -> Any:
    """Return a thing of JSON's own kinds."""
    if isinstance(thing, dict):
        return {str(key): _plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(item) for item in thing]
    if hasattr(thing, "tolist"):  # NumPy's numbers and arrays
        return _plain(thing.tolist())
    if isinstance(thing, float) and not isfinite(thing):
        return None
    return thing if thing is None or isinstance(thing, str | int | float | bool) else str(thing)
