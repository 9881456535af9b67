"""What lanes were told of their slopes, on disk: a session that goes on is told it again, and solves what is new."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from .apart import Slope
from .checkpoint import Kept


class Journal:
    """Slopes in the order in which they were found; those of an earlier session come first, then new ones are added.

    What makes chains out of slopes is a function of them and of random numbers from a seed: nothing else need be kept.
    What is added is written when the seconds between two checkpoints have passed.
    """

    def __init__(self, kept: Kept, name: str) -> None:
        self._kept, self._name = kept, name
        before = _read(kept, name)
        self._chunks, self._told = len(before), 0
        self._known = _joined(before) if before else None
        self._new: list[Slope] = []
        self._written = perf_counter()

    def again(self, lanes: int) -> Slope | None:
        """Return the slopes at the next so many points that an earlier session found, None where it came no further."""
        until = self._told + lanes
        if self._known is None or until > len(self._known.log_posterior):
            self._known = None  # a chunk ends where a round does: what is over is none
            return None
        place, self._told = slice(self._told, until), until
        return Slope(*(column[place] for column in self._known))

    def add(self, found: Slope) -> None:
        """Keep slopes that were found now."""
        if self._kept.folder is None:
            return
        self._new.append(found)
        if perf_counter() - self._written >= self._kept.every:
            self._kept.write(_chunk(self._name, self._chunks), _joined(self._new)._asdict())
            self._chunks, self._new, self._written = self._chunks + 1, [], perf_counter()

    def drop(self) -> None:
        """Keep nothing of it any longer."""
        for number in range(self._chunks):
            self._kept.drop(_chunk(self._name, number))


def _read(kept: Kept, name: str) -> list[Slope]:
    """Return the chunks, as far as none is lost."""
    found: list[Slope] = []
    while (chunk := kept.read(_chunk(name, len(found)))) is not None:
        found.append(Slope(**chunk))
    return found


def _joined(parts: Sequence[Slope]) -> Slope:
    return Slope(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _chunk(name: str, number: int) -> str:
    return f"{name}-{number:06d}"
