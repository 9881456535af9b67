"""Patients drawn again under a better interim prior: importance sampling about what their first draws say."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import multivariate_t

from ..likelihood.batches import over_draws
from ..likelihood.posterior import Posterior
from .copies import copies
from .two_stage import Redraw

DEGREES = 7.0
"""Of the Student t that proposes: its tails are wider than those of a posterior."""
ROUNDS, ROUND = 4, 2048
"""How often the proposal learns from its draws, from so many at most; the last round's are kept."""
FEWEST = 5
"""Effective draws for each coordinate below which a round's moments are not learnt."""

type LogDensity = Callable[[np.ndarray], np.ndarray]
"""Of free coordinates [patient, draw, free] of some patients: a log density [patient, draw]."""


def redraw_by_importance(
    apart: Posterior, own: np.ndarray, places: np.ndarray, *, draws: int, seed: int
) -> tuple[Redraw, dict[int, np.ndarray]]:
    """Return what draws patients of a cohort again, and the dictionary that takes their full coordinates.

    Each patient's posterior under the new interim prior is taken to be normal at first, from the moments of the first
    draws; a Student t about it proposes, learns from its weighted draws, and proposes again. Plain solves, no
    gradient.

    Args:
        apart: the target in which every parameter is each patient's own.
        own: first draws of every coordinate [patient, draw, slot], under the standard normal.
        places: slots of the population's parameters, in its order.
        draws: how many for each patient.
        seed: of the draws.
    """
    kept: dict[int, np.ndarray] = {}
    rng = np.random.default_rng(seed)

    def redraw(patients: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        log_likelihood, free = _of_some(apart, patients)
        pooled = np.searchsorted(free, places)
        prior = [_prior(len(free), pooled, *one) for one in zip(mean, covariance, strict=True)]
        about = [_shifted(own[p][:, free], *one) for p, one in zip(patients, prior, strict=True)]
        for last in range(ROUNDS):
            z, proposed = _proposed(about, draws if last == ROUNDS - 1 else min(draws, ROUND), rng)
            target = log_likelihood(z) + np.stack([_log_normal(one, *p) for one, p in zip(z, prior, strict=True)])
            log_weight = target - proposed
            if last < ROUNDS - 1:
                about = [_learnt(*one) for one in zip(about, z, log_weight, strict=True)]
        for patient, one in zip(patients, z, strict=True):
            kept[int(patient)] = np.zeros((draws, own.shape[2]))
            kept[int(patient)][:, free] = one
        return z[:, :, pooled], log_weight

    return redraw, kept


def _of_some(apart: Posterior, patients: np.ndarray) -> tuple[LogDensity, np.ndarray]:
    """Return the log likelihood, healthy ranges included, of some patients alone, and the slots that are free."""
    some = copies(apart, patients.tolist())
    free = np.array([place for place, slot in enumerate(some.pooling.slots) if slot.size])

    def one(z: jax.Array) -> jax.Array:
        terms = some.by_patient(jnp.zeros((len(patients), len(some.pooling.slots))).at[:, free].set(z))
        return terms.log_likelihood + terms.log_health

    return lambda z: over_draws(one, np.moveaxis(z, 0, 1), patients=len(patients)).T, free


def _prior(count: int, places: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the new interim prior of all coordinates: the standard normal but for the population's parameters."""
    whole, spread = np.zeros(count), np.eye(count)
    whole[places] = mean
    spread[np.ix_(places, places)] = covariance
    return whole, spread


def _shifted(first: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the normal whose first draws [draw, slot], under the standard normal, had the new prior instead."""
    identity = np.eye(first.shape[1])
    precision = np.linalg.inv(np.cov(first.T) + 1e-9 * identity)
    prior = np.linalg.inv(covariance)
    told, axes = np.linalg.eigh(precision - identity)  # what the data say, never less than nothing
    data = (axes * np.maximum(told, 0.0)) @ axes.T
    spread = np.linalg.inv(data + prior)
    pull = precision @ first.mean(axis=0) + prior @ mean
    return spread @ pull, spread


def _proposed(about: list, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return draws [patient, draw, slot] of a Student t about each normal, and their log density [patient, draw]."""
    z, density = [], []
    for mean, spread in about:
        student = multivariate_t(mean, spread, df=DEGREES)
        one = student.rvs(draws, random_state=rng).reshape(draws, -1)
        z.append(one)
        density.append(np.atleast_1d(student.logpdf(one)))
    return np.stack(z), np.stack(density)


def _learnt(about: tuple, z: np.ndarray, log_weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the weighted draws' moments, or what was, where too few draws carry the weight."""
    weight = np.exp(log_weight - np.logaddexp.reduce(log_weight))
    if 1 / np.sum(weight**2) < FEWEST * z.shape[1]:
        weight = np.sqrt(weight) / np.sum(np.sqrt(weight))  # half as decided: a step on the way
    mean = weight @ z
    return mean, np.cov(z.T, aweights=weight).reshape(len(mean), -1) + 1e-9 * np.eye(len(mean))


def _log_normal(z: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    away = np.linalg.solve(np.linalg.cholesky(covariance), (z - mean).T)
    return -0.5 * np.sum(away**2, axis=0)
