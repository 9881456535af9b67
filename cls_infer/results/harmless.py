"""What a run folder may hold before it is opened: a run is data, and may be anybody's.

Only files and folders of its own, so that nothing is read or written elsewhere; arrays in the codecs that a run is
written in; and no more of them than this machine has memory, unpacked.
"""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import InputError, Problem
from .zstd import unpacked_size

CODECS = {"bytes", "vlen-utf8", "zstd"}
ARRAY = "zarr.json"
USUAL_MEMORY = 2**34
"""Bytes, where the system does not tell."""

MOST_FILES = 10**6


def check_own_files(folder: Path) -> None:
    """Check that a run folder holds files and folders alone: no link that leads out of it, no pipe, no device.

    Raises:
        InputError: names what is neither.
    """
    problems = [
        Problem(str(folder), f"`{path.relative_to(folder)}` is {what}", remedy="put the file itself in its place")
        for path, what in _strangers(folder)
    ]
    if problems:
        raise InputError(problems)


def _strangers(folder: Path) -> Iterator[tuple[Path, str]]:
    for entry in _entries(folder):
        if entry.is_symlink():
            yield Path(entry.path), "a link"
        elif not (entry.is_dir(follow_symlinks=False) or entry.is_file(follow_symlinks=False)):
            yield Path(entry.path), "neither file nor folder"


def _entries(folder: Path) -> Iterator["os.DirEntry[str]"]:
    """Yield what is in a folder and in those below it; links are not followed."""
    below, seen = [str(folder)], 0
    while below:
        with os.scandir(below.pop()) as entries:
            for entry in entries:
                seen += 1
                if seen > MOST_FILES:
                    message = f"holds more than {MOST_FILES:,} files"
                    raise InputError([Problem(str(folder), message, remedy="name the folder of one run")])
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)


def check_arrays(tree: Path) -> None:
    """Check that the Zarr store of a run unpacks to no more than this machine has memory, by known codecs.

    Raises:
        InputError: it does not, or some of it cannot be read.
    """
    most, declared, unpacked = memory(), 0, 0
    for entry in _entries(tree):
        path = Path(entry.path)
        if not entry.is_file(follow_symlinks=False):
            continue
        if entry.stat().st_size > most:
            raise _too_large(tree, entry.stat().st_size, most)
        if path.name == ARRAY:
            declared += _declared(tree, path)
        else:
            unpacked += _unpacked(tree, path)
        if max(declared, unpacked) > most:
            raise _too_large(tree, max(declared, unpacked), most)


def memory() -> int:
    """Return the bytes of memory of this machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return USUAL_MEMORY


def _declared(tree: Path, path: Path) -> int:
    """Return the bytes of an array as its metadata tell them, 0 of a group."""
    try:
        told = json.loads(path.read_bytes())
        return _size(told) if told["node_type"] == "array" else 0
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _damaged(tree, path, "does not describe an array of a run") from None


def _size(told: dict[str, Any]) -> int:
    """Return the bytes of an array [shape, chunk], the larger of the two along each axis.

    Raises:
        ValueError: it has a codec that no run is written in.
    """
    if strange := {codec["name"] for codec in told["codecs"]} - CODECS or told.get("storage_transformers"):
        raise ValueError(f"{strange} in an array")
    chunk = told["chunk_grid"]["configuration"]["chunk_shape"]
    lengths = [max(int(one), int(other)) for one, other in zip(told["shape"], chunk, strict=True)]
    kind = told["data_type"]
    if isinstance(kind, dict):
        return math.prod(lengths) * int(kind["configuration"]["length_bytes"])
    return math.prod(lengths) * (8 if kind == "string" else np.dtype(kind).itemsize)  # a string is known by where it is


def _unpacked(tree: Path, path: Path) -> int:
    size = unpacked_size(path.read_bytes())
    if size is None:
        raise _damaged(tree, path, "is not what a run packs its arrays in")
    return size


def _damaged(tree: Path, path: Path, message: str) -> InputError:
    remedy = "the folder is damaged: copy it again, or fit again"
    return InputError([Problem(str(tree.parent), f"`{path.relative_to(tree.parent)}` {message}", remedy=remedy)])


def _too_large(tree: Path, size: int, most: int) -> InputError:
    message = f"`{tree.name}` unpacks to {size / 2**30:.3g} GiB or more, and this machine has {most / 2**30:.3g} GiB"
    return InputError([Problem(str(tree.parent), message, remedy="open it on a machine with more memory")])
