r"""Where chains of a population set out: not at the mode of spread and deviations together, but at a likely spread.

The joint mode has far too large a spread: as it grows, every patient's deviation shrinks and gains. With the spread
held where the marginal likelihood is greatest, all else is sought again.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ..likelihood.pooling import Pooling
from .apart import Local
from .centring import information
from .gauss_newton import Expansion
from .levenberg_marquardt import FIRST_DAMPING, damped_steps, next_damping

TRIED = np.linspace(-4, 4, 801)
"""Coordinates of a spread that are tried: where all of its prior is, as finely as a start can tell."""

WORTHWHILE, PATIENCE, MOST = 1e-2, 3, 40
"""Gain of an iteration [nats] below which it was idle, idle iterations in a row that end a search, and most of all."""


type About = Expansion | Local
"""The log posterior about points, by either search for the mode."""


class Outset(NamedTuple):
    """Where chains set out: z [posterior, dim], the log posterior there [posterior] and the Laplace covariance
    [posterior, dim, dim]."""

    points: np.ndarray
    log_posterior: np.ndarray
    covariance: np.ndarray


def likely_outset(
    pooling: Pooling, expand: Callable[[np.ndarray], About], modes: np.ndarray, covariance: np.ndarray
) -> Outset:
    """Return where chains of posteriors alike in pooling set out, who follow a population, from their joint modes
    [posterior, dim] and the Laplace covariance there [posterior, dim, dim]. `expand` is of a point of each.

    Where a person has several episodes there are two spreads a parameter, and chains set out at the mode.
    """
    points = np.stack([_at_likely_spread(pooling, *one) for one in zip(modes, covariance, strict=True)])
    fixed = np.zeros(points.shape, bool)
    fixed[:, [pooling.slots[place].start + 1 for place in pooling.pooled]] = True
    value, gradient, curvature = _numbers(expand(points))
    damping, idle = np.full(len(points), FIRST_DAMPING), np.zeros(len(points), int)
    for _ in range(MOST):
        trial = np.where((idle < PATIENCE)[:, None], points + damped_steps(gradient, curvature, damping, fixed), points)
        found = _numbers(expand(trial))
        gain = found[0] - value
        better = gain > 0
        points = np.where(better[:, None], trial, points)
        value, gradient, curvature = (
            np.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old)
            for new, old in zip(found, (value, gradient, curvature), strict=True)
        )
        damping = next_damping(damping, better)
        idle = np.where(gain > WORTHWHILE, 0, idle + 1)
        if np.all(idle >= PATIENCE):
            break
    return Outset(points, value, np.linalg.inv(curvature))


def _numbers(about: About) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.asarray(about.log_posterior), np.asarray(about.gradient), np.asarray(about.curvature)


def _at_likely_spread(pooling: Pooling, mode: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Return z [dim] with likely spreads, and the deviations that the data and these make likely."""
    assert pooling.population is not None  # something is pooled
    if pooling.population.persons:
        return mode
    told, deviations = information(pooling, covariance), np.asarray(pooling.deviations(mode))
    z, spread_of = mode.copy(), pooling.population.hyperprior.spread_of
    for number, place in enumerate(pooling.pooled):
        start, known, away = pooling.slots[place].start, told[:, number], deviations[:, number]
        at, ratio = likely_spread(mode[start + 1], known, away, spread_of)
        z[start + 1] = at
        z[start + 2 : start + 2 + len(away)] = away * (1 + known) * ratio / (1 + known * ratio**2)
    return z


def likely_spread(
    at: float, information: np.ndarray, deviations: np.ndarray, spread_of: Callable[[np.ndarray], np.ndarray]
) -> tuple[float, float]:
    r"""Return the coordinate of the likeliest spread of a parameter over patients, and its ratio to that of the mode.

    The data alone put a patient, in spreads of the mode, at $u = \eta (1 + 1 / I)$ with variance $1 / I$. At $r$ times
    the spread, with a standard normal coordinate $w$,

    $$\log p(w \mid y) = -\tfrac12 w^2 + \sum_p \log \mathrm N(u_p; 0, r^2 + 1 / I_p)$$

    Args:
        at: the coordinate of the mode's spread.
        information: $I$ at the mode [patient].
        deviations: $\eta$ at the mode [patient].
        spread_of: spreads from coordinates.
    """
    ratio = np.asarray(spread_of(TRIED)) / np.asarray(spread_of(np.array(at)))
    beside = 1 + information * ratio[:, None] ** 2
    told = (deviations * (1 + information) * ratio[:, None]) ** 2 / beside
    best = int(np.argmax(0.5 * np.sum(told - np.log(beside), axis=1) - 0.5 * TRIED**2))
    return float(TRIED[best]), float(ratio[best])
