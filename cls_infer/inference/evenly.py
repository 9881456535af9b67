"""Some of many, spread evenly over all."""

import numpy as np


def evenly(count: int, most: int) -> np.ndarray:
    """Return the places of `most` of `count` things, the first and the last among them; all where there are no more."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
