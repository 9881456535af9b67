"""Measurements as they come about: scatter put on predictions, and what a chart's limits leave of the values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..cohort.grades import GRADES
from ..cohort.records import BETWEEN, Measurement
from .noise import LOGNORMAL, STUDENT_T, TINY


def unit_noise(
    size: tuple[int, ...], shape: Any, df: Any, *, rng: np.random.Generator, normal: np.random.Generator | None = None
) -> np.ndarray:
    """Return scatter of scale 1 [size]: Student's t where the shape says so, else normal, from `normal` if it is
    given."""
    student = rng.standard_t(np.broadcast_to(df, size))
    return np.where(shape == STUDENT_T, student, (normal or rng).standard_normal(size))


def scattered(mean: np.ndarray, scale: Any, unit: np.ndarray, shape: Any) -> np.ndarray:
    """Return predictions with scatter of this scale put on them: on the logarithm for lognormal noise."""
    logarithmic = shape == LOGNORMAL
    log_mean = np.log(np.maximum(mean, TINY))
    multiplied = np.exp(log_mean + np.where(logarithmic, scale * unit, 0.0))
    return np.where(logarithmic, multiplied, mean + scale * unit)


def recorded(row: Measurement, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return value, upper end and censoring [value] with which a chart would hold new values of a row.

    What the row holds says how it was read. A number stays a number. A limit is reported where the value lies beyond
    it, else the number. An interval is one of those that its cuts make of the whole axis: its grade's scale, or its own
    two ends. The outermost have one end, and stand as limits.
    """
    if row.censoring == BETWEEN:
        return _graded(np.array(_cuts(row)), values)
    beyond = row.censoring * (values - row.value) > 0
    number = np.where(beyond, row.value, values)
    return number, number, np.where(beyond, row.censoring, 0)


def _graded(cuts: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    place, last = np.searchsorted(cuts, values), len(cuts) - 1
    low, high = cuts[np.maximum(place - 1, 0)], cuts[np.minimum(place, last)]
    return low, high, np.where(place == 0, -1, np.where(place > last, 1, BETWEEN))


def _cuts(row: Measurement) -> Sequence[float]:
    """Return the ends of the intervals of which a row's is one."""
    for scale in GRADES.values():
        if scale.variable == row.variable and (row.value, row.upper) in scale.intervals.values():
            return sorted({end for interval in scale.intervals.values() for end in interval if end is not None})
    assert row.upper is not None  # an interval has two ends
    return row.value, row.upper
