"""The bytes of a file that somebody gave, if they are a file's and not too many; a TOML file as what it holds."""

import tomllib
from pathlib import Path
from typing import Any

from ..errors import Problem

MOST_TOML = 2**20
"""Bytes of a TOML file: the largest that is shipped has a tenth of them."""


def read_content(path: Path, most: int, problems: list[Problem], *, missing: str) -> bytes | None:
    """Return what a file holds; None, with a problem, where it is no file, is too large or cannot be read.

    `missing` says what to do where it is not there. Never waits: a pipe or a device is no file.
    """
    where = str(path)
    try:
        if not path.exists():
            problems.append(Problem(where, "is missing", remedy=missing))
            return None
        if not path.is_file():
            problems.append(Problem(where, "cannot be read: it is no file", remedy="put a file in its place"))
            return None
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        reason = getattr(error, "strerror", None) or error
        problems.append(Problem(where, f"cannot be read: {reason}", remedy="check the file"))
        return None
    if len(content) > most:
        problems.append(Problem(where, f"is larger than {most / 2**20:g} MiB", remedy="split it, or leave rows out"))
        return None
    return content


def read_toml(path: Path, problems: list[Problem]) -> dict[str, Any] | None:
    """Return what a TOML file holds; None, with a problem, where it cannot be read."""
    content = read_content(path, MOST_TOML, problems, missing="name a TOML file")
    if content is None:
        return None
    try:
        return tomllib.loads(content.decode("utf-8"))
    except ValueError as error:  # TOML's own, not UTF-8, a whole number of thousands of digits
        reason = str(error)
    except RecursionError:
        reason = "it is nested too deep"
    problems.append(Problem(str(path), f"is not TOML: {reason}", remedy="correct that place"))
    return None
