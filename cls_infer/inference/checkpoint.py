"""What a fit has done so far, on disk: files of arrays, each of them whole or not there at all."""

import json
import os
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from math import inf
from pathlib import Path
from time import time
from typing import IO, Any

import numpy as np

ARRAYS, FACTS, UNFINISHED = ".npz", ".json", ".part"
SESSIONS = "sessions"

TORN = (OSError, ValueError, TypeError, KeyError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error)
"""What reading a damaged file may raise."""


@dataclass(frozen=True)
class Kept:
    """A folder of arrays and facts by name; without a folder nothing is kept and nothing is found.

    A chunk of draws is written when `every` seconds have passed since the last one: what a kill can cost.
    """

    folder: Path | None = None
    every: float = 1.0

    def within(self, name: str) -> "Kept":
        """Return what is kept of one part."""
        return self if self.folder is None else Kept(self.folder / name, self.every)

    def place(self, name: str) -> Path | None:
        """Return where something of another kind may be kept under a name, None where nothing is kept."""
        return self.folder / name if self.folder else None

    def write(self, name: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep arrays under a name; a kill meanwhile leaves what was there before."""
        if self.folder is not None:
            with replacing(self.folder / f"{name}{ARRAYS}") as file:
                np.savez(file, allow_pickle=False, **arrays)

    def read(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays kept under a name, None where there are none or the file is damaged."""
        if self.folder is None:
            return None
        try:
            with (self.folder / f"{name}{ARRAYS}").open("rb") as file, np.load(file, allow_pickle=False) as found:
                _check_not_packed(found.zip, os.fstat(file.fileno()).st_size)
                return {str(key): found[key] for key in found.files}
        except TORN:
            return None

    def write_facts(self, name: str, facts: Mapping[str, Any]) -> None:
        """Keep what JSON can hold under a name; numbers come back to the last bit."""
        if self.folder is not None:
            with replacing(self.folder / f"{name}{FACTS}") as file:
                file.write(json.dumps(facts, indent=1).encode())

    def read_facts(self, name: str) -> dict[str, Any] | None:
        """Return the facts kept under a name, None where there are none or the file is damaged."""
        if self.folder is None:
            return None
        try:
            found = json.loads((self.folder / f"{name}{FACTS}").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def names(self, start: str) -> list[str]:
        """Return the names, in order, of arrays that begin so."""
        if self.folder is None:
            return []
        return sorted(path.name.removesuffix(ARRAYS) for path in self.folder.glob(f"{start}*{ARRAYS}"))

    def seconds_before(self) -> float:
        """Begin a session, and return the seconds that those before it worked, up to what each kept last."""
        if self.folder is None:
            return 0.0
        known = self.read_facts(SESSIONS) or {"seconds": 0.0, "began": inf}
        last = max((path.stat().st_mtime for path in self.folder.rglob("*") if path.is_file()), default=0.0)
        before = known["seconds"] + max(0.0, last - known["began"])
        self.write_facts(SESSIONS, {"seconds": before, "began": time()})
        return before

    def drop(self, name: str) -> None:
        """Keep these arrays no longer."""
        if self.folder is not None:
            (self.folder / f"{name}{ARRAYS}").unlink(missing_ok=True)


def within(group: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return arrays by the names that they have in a file of several groups."""
    return {f"{group}{name}": array for name, array in arrays.items()}


def out_of(group: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of one group of a file by their own names."""
    return {name.removeprefix(group): array for name, array in arrays.items() if name.startswith(group)}


def _check_not_packed(archive: zipfile.ZipFile, whole: int) -> None:
    """Check that arrays lie in a file of so many bytes as they are, each in its own place: else any size is possible.

    Raises:
        ValueError: they do not.
    """
    members = archive.infolist()
    packed = [member.filename for member in members if member.compress_type != zipfile.ZIP_STORED]
    if packed or sum(member.file_size for member in members) > whole:
        raise ValueError(f"{packed or 'more than the file holds'}: this package packs no arrays")


NOWHERE = Kept()


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Yield a file that takes the place of the one at `path` once it is whole and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + UNFINISHED)
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Bring the folder's list of names to the disk, where the system can."""
    if os.name == "posix":
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
