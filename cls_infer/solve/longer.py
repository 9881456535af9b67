"""Arrays brought to a common size, so that one program serves them all."""

from typing import Any

import numpy as np


def longer(a: Any, size: int, axis: int = 0) -> np.ndarray:
    """Return an array whose last place along an axis is repeated up to this size."""
    a = np.asarray(a)
    lacking = size - a.shape[axis]
    return np.concatenate([a, np.repeat(np.take(a, [-1], axis), lacking, axis)], axis) if lacking else a
