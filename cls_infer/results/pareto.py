"""Pareto smoothing of importance weights, and the shape k-hat that says whether they can be believed."""

import numpy as np
from arviz_stats.base.array import array_stats

FEWEST_WEIGHTS = 25
"""The Pareto shape is fitted to a fifth of the weights, and needs five of them."""


def smoothed(log_weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Return smoothed normalised log weights [draw] and Pareto k-hat, of log weights [draw].

    Reference:
        Vehtari, Simpson, Gelman, Yao, Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
    """
    smooth, khat = array_stats.psislw(-log_weights)  # takes them as of a log-likelihood left out: negative
    return np.asarray(smooth) - np.logaddexp.reduce(smooth), float(khat)


def good_khat(draws: int) -> float:
    """Return the largest Pareto k-hat at which so many draws still give a good estimate."""
    return float(min(1 - 1 / np.log10(max(draws, 2)), 0.7))


def pareto_shape(log_weights: np.ndarray) -> float:
    """Return Pareto k-hat of importance weights, given as logarithms [sample]; NaN where too few differ."""
    known = log_weights[np.isfinite(log_weights)]
    return np.nan if len(np.unique(known)) < FEWEST_WEIGHTS else smoothed(known)[1]
