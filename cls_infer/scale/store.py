"""`cohort.zarr` of a run: one group a shard, each of them whole or not there at all."""

import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem

if TYPE_CHECKING:
    import xarray as xr

STORE = "cohort.zarr"
NAME = re.compile(r"shard-\d{7}-\d{5}")
UNFINISHED = ".part"


def name_of(shard: tuple[int, ...]) -> str:
    """Return the name of a shard's group, by the place of its first patient in the cohort and their number."""
    return f"shard-{shard[0]:07d}-{len(shard):05d}"


def make_store(folder: Path) -> None:
    """Make the store of a run, or clear it of what a kill left unfinished."""
    import zarr

    zarr.open_group(folder / STORE, mode="a", zarr_format=3)
    for left in (folder / STORE).glob(f"*{UNFINISHED}"):
        shutil.rmtree(left)


def clear_of(folder: Path, known: set[str]) -> None:
    """Remove groups that no ledger knows: a kill came between the group and its line."""
    for path in (folder / STORE).iterdir():
        if NAME.fullmatch(path.name) and path.name not in known:
            shutil.rmtree(path)


def write_shard(folder: Path, name: str, tree: "xr.DataTree") -> int:
    """Write a shard's tree and return its bytes. It is in its place only when all of it is on the disk."""
    place = folder / STORE / name
    part = place.with_name(f"{name}.{os.getpid()}{UNFINISHED}")
    encoding = {
        path: {str(key): {"chunks": one.shape} for key, one in node.to_dataset().data_vars.items() if one.ndim}
        for path, node in ((f"/{name}", node) for name, node in tree.children.items())
    }
    try:
        tree.to_zarr(part, mode="w", encoding=encoding, consolidated=False)
        size = sum(_synced(path) for path in sorted(part.rglob("*"), reverse=True))
        _synced(part)
        if place.exists():  # another worker was given the same shard, and its bits are the same
            shutil.rmtree(part)
        else:
            part.rename(place)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    _synced(place.parent)
    return size


def _synced(path: Path) -> int:
    """Bring a file, or a folder's list of names, to the disk; return a file's bytes."""
    if path.is_dir() and os.name != "posix":
        return 0
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
        return 0 if path.is_dir() else os.fstat(number).st_size
    finally:
        os.close(number)


def check_group(folder: Path, shard: str, group: str) -> None:
    """Check that a group of a shard is there, and unpacks to no more than this machine has memory, by known codecs.

    Raises:
        InputError: it is not, or does not.
    """
    from ..results.harmless import check_arrays

    place = folder / STORE / shard / group
    if not NAME.fullmatch(shard) or not place.is_dir():
        raise _damaged(folder, f"`{shard}/{group}` is missing")
    check_arrays(place)


def read_group(folder: Path, shard: str, group: str) -> "xr.Dataset":
    """Return a group of a shard that was checked; its arrays are read when they are asked for.

    Raises:
        InputError: it cannot be read.
    """
    import xarray as xr

    place = folder / STORE / shard
    how: dict[str, Any] = {
        "engine": "zarr",
        "consolidated": False,
        "decode_times": False,
        "chunks": None,
        "cache": False,
    }
    try:
        return xr.open_dataset(place, group=group, **how)
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        raise _damaged(folder, f"`{shard}` cannot be read: {type(error).__name__}: {error}") from error


def _damaged(folder: Path, message: str) -> InputError:
    remedy = "the folder is damaged: copy it again, or fit again"
    return InputError([Problem(str(folder), message, remedy=remedy)])
