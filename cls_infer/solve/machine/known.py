"""Machine code found again by what it was written from, so that nothing is traced to find it.

What a trace says follows from the sources of this package, from a shipped model's file, and from the numbers that a
function is closed over. Where these are what they were when code was kept, the code is what would be written.
"""

import json
import platform
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from threading import Event
from time import time
from typing import NamedTuple

import jax
import jaxlib.version
import llvmlite
import numpy as np

from .kept import read_kept, write_kept

PACKAGE = Path(__file__).parents[2]
IMPORTED = time()
SETTLED = 10.0
"""Seconds before this module was imported in which other modules may already have been."""

_asked = Event()


class Written(NamedTuple):
    """Under which name XLA can call a function, what it is called in its module, and sizes that only a trace tells."""

    target: str
    handler: str
    sizes: tuple[tuple[int, ...], ...] = ()


def look_up_code() -> None:
    """Look code up before tracing from here on: all functions of this process are those of its sources."""
    _asked.set()


def keep_in(folder: Path | str) -> None:
    """Keep compiled programs and machine code in a folder from here on, and look code up there."""
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)  # what compiles faster than it is read back
    look_up_code()


def origin_of(fun: Callable[..., object]) -> tuple | None:
    """Return what tells a method from every other in all sessions, its name and the `origin` of that which it belongs
    to; None where nothing does."""
    owner = getattr(getattr(fun, "__self__", None), "origin", None)
    return None if owner is None else (getattr(fun, "__qualname__", ""), owner)


def key_of(origin: tuple | None, *what: object) -> str:
    """Return under which name code of an origin is kept, given all else that it depends on, as plain values; nothing
    where it is not to be looked up."""
    if origin is None or not _asked.is_set() or not (sources := _sources()):
        return ""
    return sha256(repr((sources, jax.config.jax_enable_x64, origin, what)).encode()).hexdigest()[:32]


def find(key: str) -> tuple[Written, bytes] | None:
    """Return what was written under a key, and its code, if both are kept."""
    told = read_kept(f"{key}.json") if key else None
    if told is None:
        return None
    target, handler, sizes = json.loads(told)
    code = read_kept(f"{target}.o")
    return None if code is None else (Written(target, handler, tuple(tuple(size) for size in sizes)), code)


def keep(key: str, written: Written) -> None:
    """Keep what was written under a key."""
    if key:
        write_kept(f"{key}.json", json.dumps(written).encode())


@cache
def _sources() -> str:
    """Return the digest of this package and of what traces and writes it; empty where a source may have been changed
    after this process read it."""
    versions = platform.python_version(), jax.__version__, jaxlib.version.__version__, np.__version__
    found = sha256(repr((*versions, llvmlite.__version__)).encode())
    for path in sorted(map(str, PACKAGE.rglob("*.py"))):
        told = Path(path).stat()
        if told.st_ctime > IMPORTED - SETTLED:
            return ""
        found.update(repr((path.removeprefix(str(PACKAGE)), told.st_size)).encode() + Path(path).read_bytes())
    return found.hexdigest()
