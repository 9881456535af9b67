"""Profile likelihood: how well the best of all other parameters can make up for one held somewhere else."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import chi2

from ..errors import InputError, Problem
from ..likelihood.posterior import FAILED, Posterior
from .gauss_newton import Expansion, expand
from .information import natural
from .levenberg_marquardt import FIRST_DAMPING, damped_steps, kept, next_damping

WIDEST = 4.0
"""Half of the longest grid, in units of the prior's standard deviation."""

FLAT = 1e-8
"""Curvature given to a direction of none, that of the prior being 1: along a ridge the grid is the widest."""

WORTHWHILE, PATIENCE = 1e-5, 3
"""Gain [nats] below which an iteration was idle, and idle iterations in a row that end the search."""


@dataclass(frozen=True)
class Profile:
    """Of one parameter: values [point] and the deviance there, twice the log-likelihood lost.

    `best` is where it is none, `low` and `high` bound the likelihood-ratio interval; None where the grid ends before
    the deviance is large enough: on that side the data set no bound. Points that cannot be solved are left out.
    """

    name: str
    values: np.ndarray
    deviance: np.ndarray
    best: float
    low: float | None
    high: float | None


def profile(
    target: Posterior,
    names: Sequence[str],
    mode: np.ndarray,
    *,
    points: int = 15,
    level: float = 0.95,
    others: Literal["prior", "free"] = "prior",
    most_iterations: int = 60,
) -> list[Profile]:
    r"""Return the profile likelihood of chosen parameters, all points of all grids in one batch.

    $$D(\theta_k) = 2 \left[\max_\theta \ell(\theta) - \max_{\theta_{-k}} \ell(\theta)\right]$$

    A value lies in the interval while $D$ is below the quantile of $\chi^2_1$. The parameter's own prior never takes
    part. Levenberg-Marquardt starts where the mode's curvature expects the others to be.

    Args:
        target: the fit's target.
        names: entries of z as `Pooling.labels` calls them; the parameter's name where there is one patient.
        mode: where to start [dim], of the posterior as `find_start` finds it.
        points: of each grid.
        level: of the interval.
        others: what the other parameters are known by: their priors, or `free` of them, by the data alone. What is
            known of health stays either way.
        most_iterations: of the search.

    Raises:
        InputError: names that are not there; a mode that cannot be solved.

    Reference:
        Raue et al. (2009), Bioinformatics 25:1923-1929.
    """
    places = _places(target, names)
    look = jax.jit(lambda z: expand(target, z))
    held = np.repeat(places, points + 1)  # the first row of each is free
    free = np.arange(len(held)) % (points + 1) == 0
    prior_off = np.zeros((len(held), target.pooling.dimension), bool)
    prior_off[np.arange(len(held)), held] = True
    prior_off |= others == "free"
    fixed = prior_off & ~free[:, None] & (np.arange(prior_off.shape[1]) == held[:, None])
    at = look(jnp.asarray(np.tile(mode, (len(held), 1))))
    if float(at.log_posterior[0]) <= FAILED / 2:
        raise InputError([Problem("profile", "the mode cannot be solved", remedy="start from what `find_start` finds")])
    gradient, curvature = _without_prior(at, np.tile(mode, (len(held), 1)), prior_off)
    z = _expected(mode, places, gradient[:: points + 1], curvature[:: points + 1], points)
    z, log_likelihood = _climb(look, z, prior_off, fixed, most_iterations)
    threshold = float(chi2.ppf(level, 1))
    blocks = zip(places, np.split(z, len(places)), np.split(log_likelihood, len(places)), strict=True)
    return [_read(target, int(place), rows, found, threshold) for place, rows, found in blocks]


def _places(target: Posterior, names: Sequence[str]) -> np.ndarray:
    labels = target.pooling.labels()
    if len(target.plan.patients) == 1:
        labels = [label.partition("[")[0] for label in labels]
    problems = []
    for name in names:
        if name not in labels:
            near = difflib.get_close_matches(name, labels, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(labels)}"
            problems.append(Problem("profile", f"nothing is estimated that is called `{name}`", remedy=remedy))
    if problems or not names:
        raise InputError(problems or [Problem("profile", "no parameter is named", remedy="name one")])
    return np.array([labels.index(name) for name in names])


def _without_prior(at: Expansion, z: np.ndarray, off: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return gradient [row, dim] and curvature [row, dim, dim] without the standard normal prior where it is `off`."""
    weight = off.astype(float)
    return np.asarray(at.gradient) + weight * z, np.asarray(at.curvature) - weight[:, :, None] * np.eye(z.shape[1])


def _expected(
    mode: np.ndarray, places: np.ndarray, gradient: np.ndarray, curvature: np.ndarray, points: int
) -> np.ndarray:
    """Return where to start [row, dim]: the mode, then every grid, the others where the curvature expects them."""
    rows = []
    for place, slope, bend in zip(places, gradient, curvature, strict=True):
        covariance = np.linalg.inv(bend + FLAT * np.eye(len(mode)))
        half = min(3.5 * np.sqrt(covariance[place, place]), WIDEST)
        centre = mode[place] + np.clip(covariance[place] @ slope, -WIDEST / 2, WIDEST / 2)
        regression = covariance[place] / covariance[place, place]
        for value in np.linspace(centre - half, centre + half, points):
            rows.append(mode + np.clip(regression * (value - mode[place]), -WIDEST, WIDEST))
            rows[-1][place] = value
    grids = np.stack(rows).reshape(len(places), points, -1)
    return np.concatenate([np.tile(mode, (len(places), 1, 1)), grids], axis=1).reshape(-1, len(mode))


def _climb(
    look: Callable[[jax.Array], Expansion], z: np.ndarray, off: np.ndarray, fixed: np.ndarray, most_iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return where every row's log-likelihood is largest with what is `fixed` held, and its value [row]."""

    def height(at: Expansion, z: np.ndarray) -> np.ndarray:
        return np.asarray(at.log_posterior) + 0.5 * np.sum(np.where(off, z, 0.0) ** 2, axis=1)

    at = look(jnp.asarray(z))
    best, damping, idle = height(at, z), np.full(len(z), FIRST_DAMPING), 0
    for _ in range(most_iterations):
        trial = z + damped_steps(*_without_prior(at, z, off), damping, fixed)
        there = look(jnp.asarray(trial))
        gain = height(there, trial) - best
        better = gain > 0
        z, best = np.where(better[:, None], trial, z), np.where(better, best + gain, best)
        at = kept(better, there, at)
        damping = next_damping(damping, better)
        idle = 0 if np.max(gain) > WORTHWHILE else idle + 1
        if idle == PATIENCE:
            break
    return z, best


def _read(target: Posterior, place: int, z: np.ndarray, log_likelihood: np.ndarray, threshold: float) -> Profile:
    """Return the profile of one parameter from the rows found for it: the free one, and the grid."""
    solved = np.flatnonzero(log_likelihood > FAILED / 2)
    order = solved[np.argsort(z[solved, place], kind="stable")]
    z, log_likelihood = z[order], log_likelihood[order]
    top = int(np.argmax(log_likelihood))
    deviance = 2 * (log_likelihood[top] - log_likelihood)
    number = jax.jit(lambda row: natural(target.pooling, row)[place])
    values = np.array([float(number(row)) for row in z])
    crossings = [_crossing(deviance[side], z[side], threshold) for side in (slice(top, None, -1), slice(top, None))]
    low, high = (None if row is None else float(number(row)) for row in crossings)
    if values[0] > values[-1]:  # the prior's transport falls
        values, deviance, low, high = values[::-1], deviance[::-1], high, low
    label = target.pooling.labels()[place]
    name = label if len(target.plan.patients) > 1 else label.partition("[")[0]
    return Profile(name, values, deviance, float(number(z[top])), low, high)


def _crossing(deviance: np.ndarray, z: np.ndarray, threshold: float) -> np.ndarray | None:
    """Return the row at which the deviance reaches the threshold, walking away from its least; None if it never does.

    Between two rows the root of the deviance is taken for a straight line, as it is where all is linear.
    """
    root = np.sqrt(np.maximum(deviance, 0.0))
    beyond = np.flatnonzero(root >= np.sqrt(threshold))
    if not len(beyond):
        return None
    after = int(beyond[0])
    share = (np.sqrt(threshold) - root[after - 1]) / (root[after] - root[after - 1])
    return z[after - 1] + share * (z[after] - z[after - 1])
