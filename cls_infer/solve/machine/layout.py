"""Where everything about a block of lanes stands in memory: rows of one float a lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .cells import Cells
from .tape import FLOAT, TRUTH, WHOLE, Tape


@dataclass(frozen=True)
class Field:
    """Consecutive rows: an array of one shape and kind for every lane."""

    first: int
    shape: tuple[int, ...]
    kind: str

    @property
    def size(self) -> int:
        """Number of rows."""
        return int(np.prod(self.shape, dtype=int))

    def rows(self) -> range:
        """The rows' numbers."""
        return range(self.first, self.first + self.size)

    def inputs(self, tape: Tape) -> Cells:
        """Return the field as inputs of a tape."""
        out = np.empty(self.shape, object)
        for place, row in zip(np.ndindex(self.shape), self.rows(), strict=True):
            out[place] = tape.input(row, self.kind)
        return out


KINDS = {"f": FLOAT, "i": WHOLE, "b": TRUTH}


def fields(like: Sequence[NDArray | np.generic], *, first: int = 0) -> list[Field]:
    """Return a field for each array, one after another from row `first`."""
    sizes = [int(np.prod(np.shape(a), dtype=int)) for a in like]
    starts = np.cumsum([first, *sizes]).tolist()
    kinds = [KINDS[np.asarray(a).dtype.kind] for a in like]
    return [Field(a, np.shape(x), k) for (a, _), x, k in zip(pairwise(starts), like, kinds, strict=True)]
