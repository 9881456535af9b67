"""Arrays of scalars on a tape."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


class NotScalarError(Exception):
    """The function holds an operation that has no counterpart among scalars."""


type Cells = np.ndarray
"""An array of Value."""


def cells(values: Any) -> Cells:
    """Return numbers as an array of Python scalars."""
    numbers = np.asarray(values)
    out = np.empty(numbers.shape, object)
    for place in np.ndindex(numbers.shape):
        out[place] = numbers[place].item()
    return out


def each(scalar: Callable[..., Any], operands: Sequence[Cells], shape: tuple[int, ...]) -> Cells:
    """Return what a function of scalars gives at every place of arrays that are broadcast to a shape."""
    out = np.empty(shape, object)
    if not shape:  # most are scalars, and to spread them takes longer than what is done to them
        out[()] = scalar(*(a.item() for a in operands))
        return out
    spread = [np.broadcast_to(a, shape) for a in operands]
    for place in np.ndindex(shape):
        out[place] = scalar(*(a[place] for a in spread))
    return out
