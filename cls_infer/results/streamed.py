"""Groups of the tree that grow with draws times measurements: in memory, or on disk as their draws come.

Those on disk are read when something asks for them, a few patients at a time.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

LARGE_GROUPS = "large.zarr"
"""The store of a fit that is not saved yet, in its checkpoint."""

LARGE = 64e6
"""Bytes of a group beyond which it goes to disk, where there is a place for it."""

BLOCK = 16e6
"""Bytes that are gathered before they are written, and of a chunk of the store at most."""

TOGETHER = 64
"""Patients in a chunk of the store: what is read at a time is all draws of so many."""


def stream(group: str, arrays: Mapping[str, tuple], coords: Mapping[str, Any], store: Path | None) -> "Stream":
    """Return a group to be filled.

    Args:
        group: its name in the tree.
        arrays: dimensions, chain and draw first, shape and attributes of each, by name.
        coords: its coordinates.
        store: a Zarr store for what is LARGE; without one everything stays in memory.
    """
    data = {name: (dims, np.broadcast_to(np.nan, shape), attrs) for name, (dims, shape, attrs) in arrays.items()}
    blank = xr.Dataset(data, coords=coords)
    if store is None or not is_large(blank):
        return InMemory(blank)
    return OnDisk(blank, store, group)


def is_large(group: xr.Dataset) -> bool:
    """Return whether a group is too large to be held in memory without need."""
    return group.nbytes > LARGE


def read(store: Path, group: str) -> xr.Dataset:
    """Return a group of a Zarr store whose arrays are read each time they are asked for, and only what is."""
    return xr.open_dataset(
        store, group=group, engine="zarr", consolidated=False, decode_times=False, chunks=None, cache=False
    )


def some_patients(group: xr.Dataset) -> Iterator[xr.Dataset]:
    """Yield a group a few patients at a time, read into memory."""
    for first in range(0, group.sizes["patient"], TOGETHER):
        yield group.isel(patient=slice(first, first + TOGETHER)).load()


def picked(array: xr.DataArray, patient: np.ndarray, obs: np.ndarray) -> np.ndarray:
    """Return the draws [chain, draw, measurement] of the measurements at these patients and places [measurement]."""
    found = np.empty((array.sizes["chain"], array.sizes["draw"], len(patient)))
    for number, some in enumerate(some_patients(array.to_dataset(name="picked"))):
        here = patient // TOGETHER == number
        values = some["picked"].transpose("chain", "draw", "patient", "obs").values
        found[:, :, here] = values[:, :, patient[here] % TOGETHER, obs[here]]
    return found


class InMemory:
    """A group being filled: takes consecutive draws, one chain after another."""

    def __init__(self, blank: xr.Dataset) -> None:
        self._group = blank.copy(data={name: np.empty(one.shape) for name, one in blank.data_vars.items()})
        self._row = 0

    def add(self, block: Mapping[str, np.ndarray]) -> None:
        """Take the next draws of every array [draw, ...]."""
        rows = len(next(iter(block.values())))
        for name, values in block.items():
            array = self._group[name].values
            array.reshape(-1, *array.shape[2:])[self._row : self._row + rows] = values
        self._row += rows

    def end(self) -> xr.Dataset:
        """Return the whole group, once all draws have come."""
        return self._group


class OnDisk:
    """The same, written to a store a block at a time."""

    def __init__(self, blank: xr.Dataset, store: Path, group: str) -> None:
        self._store, self._group, self._row = store, group, 0
        self._draws = blank.sizes["draw"]
        a_draw = blank.nbytes / (blank.sizes["chain"] * blank.sizes["draw"])
        self._most = int(np.clip(BLOCK // a_draw, 1, self._draws))
        few = {"chain": 1, "draw": self._most, "patient": TOGETHER}
        encoding = {
            name: {"chunks": tuple(min(few.get(str(dim), size), size) for dim, size in one.sizes.items())}
            for name, one in blank.data_vars.items()
        }
        blank.to_zarr(store, group=group, mode="w", encoding=encoding, consolidated=False)
        self._dims = {str(name): one.dims for name, one in blank.data_vars.items()}
        self._waiting: list[Mapping[str, np.ndarray]] = []

    def add(self, block: Mapping[str, np.ndarray]) -> None:
        """Take the next draws of every array [draw, ...]."""
        rows, taken = len(next(iter(block.values()))), 0
        while taken < rows:
            room = self._until_full()
            self._waiting.append({name: values[taken : taken + room] for name, values in block.items()})
            step = min(room, rows - taken)
            taken, self._row = taken + step, self._row + step
            if step == room:
                self._write()

    def _until_full(self) -> int:
        """Return how many draws the block still takes: it ends with its chunk or its chain."""
        draw = self._row % self._draws
        return min(self._most - draw % self._most, self._draws - draw)

    def _write(self) -> None:
        """Write what is waiting into its region of the store."""
        whole = {name: np.concatenate([one[name] for one in self._waiting])[None] for name in self._dims}
        chain, end = divmod(self._row - 1, self._draws)
        first = end + 1 - len(next(iter(whole.values()))[0])
        region = {"chain": slice(chain, chain + 1), "draw": slice(first, end + 1)}
        block = xr.Dataset({name: (self._dims[name], values) for name, values in whole.items()})
        block.to_zarr(self._store, group=self._group, mode="r+", region=region, consolidated=False)
        self._waiting = []

    def end(self) -> xr.Dataset:
        """Return the whole group, once all draws have come; nothing of it is in memory."""
        return read(self._store, self._group)


type Stream = InMemory | OnDisk
