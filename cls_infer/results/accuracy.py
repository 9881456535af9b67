"""What the solver's error does to the log-likelihood: a sample of draws solved again, much more exactly."""

from dataclasses import replace

import jax
import numpy as np

from ..likelihood.posterior import FAILED, Posterior
from ..solve.lanes import Tolerance
from ..solve.predict import predictor
from ..solve.states import forward_solver, reverse_solver
from .batches import over_draws

TIGHT = Tolerance()._replace(rtol=1e-10, atol=1e-12, max_steps=20_000)
SAMPLE = 40


def solver_error(target: Posterior, z: np.ndarray) -> np.ndarray:
    """Return |log-likelihood - log-likelihood solved at rtol 1e-10| in nats, [sample, patient].

    Args:
        target: the fit's own target, with the tolerance it was sampled at.
        z: draws [sample, dim]. A solve that fails at either tolerance gives NaN: failures are counted apart.
    """
    system, patients = target.system, len(target.plan.patients)
    exact = replace(
        target,
        predict=predictor(system, reverse_solver(system.rhs, system.floor, TIGHT)),
        predict_forward=predictor(system, forward_solver(system.rhs, system.floor, TIGHT)),
        tolerance=TIGHT,
    )
    here = _by_patient(target, z, lanes=256)
    there = _by_patient(exact, z, lanes=max(patients, 20))
    return np.where((here > FAILED / 2) & (there > FAILED / 2), np.abs(here - there), np.nan)


def sample_of(z: np.ndarray, count: int = SAMPLE) -> np.ndarray:
    """Return draws [sample, dim] spread evenly over z [chain, draw, dim]."""
    flat = z.reshape(-1, z.shape[-1])
    return flat[np.unique(np.linspace(0, len(flat) - 1, min(count, len(flat))).astype(int))]


def _by_patient(target: Posterior, z: np.ndarray, *, lanes: int) -> np.ndarray:
    def one(z: jax.Array) -> jax.Array:
        return target.by_patient(target.pooling.coordinates(z))[0]

    return over_draws(one, z, patients=len(target.plan.patients), lanes=lanes)
