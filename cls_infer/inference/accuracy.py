"""What the solver's error does to the log-likelihood: draws solved again, much more exactly.

Before sampling it chooses the tolerance, after sampling it is part of the verdict.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import numpy as np

from ..likelihood.batches import Pending, batch_size, gathered, in_batches
from ..likelihood.facts import Facts
from ..likelihood.posterior import FAILED, Posterior
from ..solve.lanes import Tolerance, check_tolerance
from .evenly import evenly
from .programs import Programs
from .start import Start

TIGHT = Tolerance()._replace(rtol=1e-10, atol=1e-12, max_steps=20_000)
SAMPLE, LANES = 100, 20

AIM = 0.04
"""Error of a patient's log-likelihood [nats] above which sampling does not begin: the verdict asks for 0.05 at most,
of other draws."""

TRIAL = 20
"""Draws of the Laplace approximation, and as many of the prior, that are solved twice before sampling."""

FINEST = 1e-8
"""No tighter tolerance is chosen; the explicit pair serves below 1e-7."""


def trace_exact_log_likelihood(
    target: Posterior, z: np.ndarray, programs: Programs | None = None
) -> Pending[np.ndarray]:
    """Return what computes each patient's log-likelihood solved at rtol 1e-10 [sample, patient] for z [sample, dim].

    NaN where that solve fails: failures are counted apart. What `programs` holds of another patient is not compiled
    again.
    """
    exact, patients = replace(target, tolerance=TIGHT), len(target.plan.patients)

    def one(facts: Facts, z: jax.Array) -> jax.Array:
        given = exact.with_facts(facts)
        return given.by_patient(given.pooling.coordinates(z)).log_likelihood

    size = batch_size(z, patients=patients, lanes=max(patients, LANES))

    def compiling() -> Callable[[], Any]:
        lanes = jax.ShapeDtypeStruct((size, z.shape[1]), z.dtype)
        return cache(jax.jit(jax.vmap(one, in_axes=(None, 0))).lower(exact.facts, lanes).compile)

    compiled = (programs or Programs()).once(("exact", exact.form, size), compiling)

    def solved() -> np.ndarray:
        run = partial(compiled(), exact.facts)
        there = gathered(in_batches(run, z, size), len(z))
        return np.where(there > FAILED / 2, there, np.nan)

    return solved


def sample_of(draws: np.ndarray, count: int = SAMPLE) -> np.ndarray:
    """Return rows [sample, ...] spread evenly over draws [chain, draw, ...]."""
    flat = draws.reshape(-1, *draws.shape[2:])
    return flat[evenly(len(flat), count)]


def trace_error_before_sampling(
    target: Posterior, start: Start, seed: int, programs: Programs | None = None
) -> Callable[[], float]:
    """Return what computes the largest error of a patient's log-likelihood [nats] where a sampler will go.

    That is the mode, draws of the Laplace approximation, and those draws of the prior that are no less likely than
    a posterior draw may well be: as many nats below the mode as there are dimensions, where on average half as many
    are. A failed solve is no error here; the sampler meets it as a wall.
    """
    dimension = len(start.mode)
    prior = np.random.default_rng(seed).standard_normal((TRIAL, dimension))
    z = np.concatenate([start.mode[None], start.dispersed(TRIAL, seed), prior])
    exactly = trace_exact_log_likelihood(target, z, programs)

    def largest() -> float:
        at = start.expand(z)
        likely = np.asarray(at.log_posterior) > start.log_posterior.max() - dimension
        found = np.asarray(at.log_likelihood)
        error = np.where(found > FAILED / 2, found - exactly(), 0.0)[likely]
        return float(np.max(np.abs(np.nan_to_num(error))))

    return largest


def tighter(tolerance: Tolerance, error: float) -> Tolerance:
    """Return the tolerance that should bring an error [nats] to half of AIM: the error is proportional to it."""
    return tolerance_at(max(FINEST, tolerance.rtol * min(1 / 3, AIM / (2 * error))), tolerance.method)


def tolerance_at(rtol: float, method: str = "auto") -> Tolerance:
    """Return the tolerance of a fit with this relative error a step; a finer one is allowed more steps.

    Raises:
        InputError: an error that is not above 0, or an unknown method.
    """
    usual = Tolerance(method=method)
    check_tolerance(usual._replace(rtol=rtol))
    finer = max(1.0, usual.rtol / rtol)
    return usual._replace(rtol=rtol, atol=rtol * usual.atol / usual.rtol, max_steps=round(usual.max_steps * finer**0.5))
