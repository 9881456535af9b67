"""What the solver's error does to the log-likelihood: a sample of draws solved again, much more exactly."""

from dataclasses import replace

import jax
import numpy as np

from ..likelihood.posterior import FAILED, Posterior
from ..solve.lanes import Tolerance
from .batches import Pending, trace_over_draws

TIGHT = Tolerance()._replace(rtol=1e-10, atol=1e-12, max_steps=20_000)
SAMPLE, LANES = 40, 20


def trace_exact_log_likelihood(target: Posterior, z: np.ndarray) -> Pending[np.ndarray]:
    """Return what computes each patient's log-likelihood solved at rtol 1e-10 [sample, patient] for z [sample, dim].

    NaN where that solve fails: failures are counted apart.
    """
    exact = replace(target, tolerance=TIGHT)

    def one(z: jax.Array) -> jax.Array:
        return exact.by_patient(exact.pooling.coordinates(z)).log_likelihood

    patients = len(target.plan.patients)
    solve = trace_over_draws(one, z, patients=patients, lanes=max(patients, LANES))

    def solved() -> np.ndarray:
        there = solve()
        return np.where(there > FAILED / 2, there, np.nan)

    return solved


def sample_of(draws: np.ndarray, count: int = SAMPLE) -> np.ndarray:
    """Return rows [sample, ...] spread evenly over draws [chain, draw, ...]."""
    flat = draws.reshape(-1, *draws.shape[2:])
    return flat[np.unique(np.linspace(0, len(flat) - 1, min(count, len(flat))).astype(int))]
