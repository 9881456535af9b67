"""The draws that chains have made so far, in memory and, chunk by chunk with the sampler's state, on disk."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from ..errors import InputError, Problem
from .chain_state import state_arrays
from .checkpoint import Kept, out_of
from .kernel import FIELDS

CHUNK, ROWS, STATE = "draws-", "rows.", "state."

type Rows = dict[str, np.ndarray]
"""z and the statistics by NumPyro's names, each [draw, chain, ...]."""


@dataclass
class Trail:
    """The `rows` of `done` draws of every chain, in pieces; the pieces from `unwritten` on are not on disk yet.

    `state` is the sampler's as it was kept after the last draw, by `state_arrays`; None before there is any.
    `before` is the seconds that earlier sessions sampled.
    """

    kept: Kept
    rows: list[Rows] = field(default_factory=list)
    done: int = 0
    unwritten: int = 0
    before: float = 0.0
    state: dict[str, np.ndarray] | None = None
    begun: float = field(default_factory=perf_counter)
    since: float = field(default_factory=perf_counter)

    @property
    def seconds(self) -> float:
        """Seconds of sampling, those of earlier sessions included."""
        return self.before + perf_counter() - self.begun

    def add(self, rows: Rows, state: Any, *, now: bool = False) -> None:
        """Take the next draws [draw, chain, ...] and the state after them; keep what is new if it is time, or `now`."""
        self.rows.append(rows)
        self.done += len(rows["z"])
        if now or perf_counter() - self.since >= self.kept.every:
            self._write(state)

    def _write(self, state: Any) -> None:
        fresh = self.rows[self.unwritten :]
        first = self.done - sum(len(piece["z"]) for piece in fresh)
        joined = {f"{ROWS}{name}": np.concatenate([piece[name] for piece in fresh]) for name in FIELDS}
        about = {"first": np.asarray(first), "seconds": np.asarray(self.seconds)}
        kept = {f"{STATE}{name}": array for name, array in state_arrays(state).items()}
        self.kept.write(f"{CHUNK}{self.done:07d}", {**about, **joined, **kept})
        self.unwritten, self.since = len(self.rows), perf_counter()

    def columns(self, name: str, first: int, last: int) -> np.ndarray:
        """Return one field of draws `first` to `last` [draw, chain, ...]."""
        return np.concatenate([piece[name] for piece in self.rows])[first:last]

    def by_chain(self, name: str, first: int, last: int) -> np.ndarray:
        """Return one field of draws `first` to `last` of every chain [chain, draw, ...]."""
        return np.moveaxis(self.columns(name, first, last), 0, 1)


def trail_again(kept: Kept, *, chains: int, dimension: int, report: Callable[[str], None]) -> Trail:
    """Return the draws that were kept, up to the first file that cannot be read; what comes after that is dropped.

    Raises:
        InputError: a file holds draws of other chains or unknowns than these.
    """
    trail = Trail(kept)
    names = kept.names(CHUNK)
    for place, name in enumerate(names):
        found = kept.read(name)
        if found is None or int(found.get("first", -1)) != trail.done:
            report(f"`{name}` cannot be read: going on from draw {trail.done}")
            for lost in names[place:]:
                kept.drop(lost)
            break
        rows = {field: found.get(f"{ROWS}{field}", np.zeros(())) for field in FIELDS}
        _check(kept, name, rows, chains, dimension)
        trail.rows.append(rows)
        trail.done += len(rows["z"])
        trail.before = float(found["seconds"])
        trail.state = out_of(STATE, found)
    trail.unwritten = len(trail.rows)
    return trail


def _check(kept: Kept, name: str, rows: Rows, chains: int, dimension: int) -> None:
    draws = rows["z"].shape[:1]
    asked = dict.fromkeys(FIELDS, (*draws, chains)) | {"z": (*draws, chains, dimension)}
    if draws and all(rows[field].shape == shape for field, shape in asked.items()):
        return
    found = f"`{name}` does not hold draws of {chains} chains and {dimension} unknowns"
    raise InputError([Problem(str(kept.folder), found, remedy="the folder is damaged: fit again")])
