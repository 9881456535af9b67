"""Arrays of scalars on a tape."""

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
