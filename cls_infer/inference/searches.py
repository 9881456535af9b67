"""Where the searches for a mode ended: how high, and at which of the modes."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..likelihood.posterior import FAILED

STARTS = 6

ARRIVED = 0.1
"""Nats that a full step promises to gain below which a search ended at a mode, not on the way to one."""

APART = 1.0
"""Two ends of searches so many local standard deviations from one another are two modes, not one."""

NOWHERE = -1
"""The mode of a search that ended at none: on the way, or where nothing could be solved."""


class Searches(NamedTuple):
    """Ends of the searches of some posteriors, the best first: log posterior there [posterior, start], NaN where it
    could not be solved; the number of the mode [posterior, start], 0 the best end's and NOWHERE where it is none; and
    whether the search arrived, or was stopped on its way [posterior, start]."""

    log_posterior: np.ndarray
    mode: np.ndarray
    arrived: np.ndarray


def has_arrived(log_posterior: np.ndarray, gradient: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return whether a search ended at a mode [...], from the log posterior [...], its gradient [..., dim] and the
    Laplace covariance [..., dim, dim] at its end."""
    promised = 0.5 * np.einsum("...i,...ij,...j->...", gradient, covariance, gradient)
    return (promised < ARRIVED) & (log_posterior > FAILED / 2)


def modes_of(points: np.ndarray, covariance: np.ndarray, arrived: np.ndarray) -> np.ndarray:
    """Return the number of the mode at which each search of one posterior ended [start].

    Args:
        points: ends [start, dim], the best first.
        covariance: the Laplace approximation's there [start, dim, dim].
        arrived: whether each is a mode [start]; where it is not, it still is at one that is near.
    """
    mode, first = np.full(len(points), NOWHERE), list[int]()
    for end in range(len(points)):
        near = [number for number, other in enumerate(first) if distance(points, covariance, other, end) <= APART]
        if near:
            mode[end] = near[0]
        elif end == 0 or arrived[end]:
            mode[end] = len(first)
            first.append(end)
    return mode


def distance(points: np.ndarray, covariance: np.ndarray, one: int, other: int) -> float:
    """Return how many of the first's standard deviations lie between two ends, along the line between them."""
    away = points[other] - points[one]
    return float(np.sqrt(away @ np.linalg.solve(covariance[one], away)))


def searches(points: np.ndarray, log_posterior: np.ndarray, covariance: np.ndarray, arrived: np.ndarray) -> Searches:
    """Return what is kept of ends [posterior, start, ...], the best first."""
    solved = log_posterior > FAILED / 2
    mode = np.stack([modes_of(*one) for one in zip(points, covariance, arrived, strict=True)])
    return Searches(np.where(solved, log_posterior, np.nan), np.where(solved, mode, NOWHERE), arrived)


def joined(parts: Sequence[Searches]) -> Searches:
    """Return the searches of all posteriors as one, in their order."""
    return Searches(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def none_of() -> Searches:
    """Return the searches of no posterior."""
    return Searches(np.zeros((0, STARTS)), np.zeros((0, STARTS), int), np.zeros((0, STARTS), bool))
