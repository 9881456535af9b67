"""The density of some draws, to be drawn: of a fixed number of points, and not spoilt by a long tail."""

import numpy as np
from arviz_stats.base.array import array_stats

GRID = 120
"""Points of a density."""

FAR = 6.0
"""Interquartile ranges beyond a quartile, within which draws count."""


def near_all(draws: np.ndarray) -> np.ndarray:
    """Tell which draws make a density: a few far out would make its grid too coarse for all others."""
    low, high = np.nanquantile(draws, (0.25, 0.75))
    away = FAR * (high - low)
    return (draws >= low - away) & (draws <= high + away)


def curve_of(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the density of some draws: places and heights [point]."""
    draws = draws[near_all(draws)]
    if np.ptp(draws) == 0:
        return np.repeat(draws[:1], 2), np.array([0.0, 1.0])
    with np.errstate(divide="ignore"):  # of a bandwidth that is tried on the way to the one taken
        grid, height, _ = array_stats.kde(draws, grid_len=GRID)
    return np.asarray(grid), np.asarray(height)
