"""The damped Newton step that every search here takes, many searches abreast, and what is kept of it."""

import jax
import jax.numpy as jnp
import numpy as np

from .gauss_newton import Expansion

LONGEST = 1.5
"""No coordinate moves further in one step, in prior standard deviations."""

FIRST_DAMPING = 1e-2
SOFTER, HARDER = 4.0, 5.0
"""What divides the damping after a step that gained, and what multiplies it after one that did not."""

LEAST_CURVATURE = 1e-3
"""Damping is relative to the curvature, the prior's being 1; a direction of none is damped as if it had this."""


def damped_steps(
    gradient: np.ndarray, curvature: np.ndarray, damping: np.ndarray, fixed: np.ndarray | None = None
) -> np.ndarray:
    r"""Return every search's step, no coordinate moving further than `LONGEST`.

    $$(H + \lambda\,\mathrm{diag} H)\,s = g$$

    Args:
        gradient: of what is to grow [search, dim].
        curvature: its negative second derivatives $H$ [search, dim, dim].
        damping: $\lambda$ [search].
        fixed: coordinates that stay where they are [search, dim]; none by default.

    Reference:
        Marquardt (1963), J Soc Indust Appl Math 11:431-441.
    """
    free = np.ones(gradient.shape, bool) if fixed is None else ~fixed
    size = np.maximum(np.einsum("sdd->sd", curvature), LEAST_CURVATURE)
    damped = curvature * free[:, :, None] * free[:, None, :]
    damped += np.eye(free.shape[1]) * np.where(free, damping[:, None] * size, 1.0)[:, :, None]
    step = np.linalg.solve(damped, (gradient * free)[..., None])[..., 0]
    longest = np.max(np.abs(step), axis=1, keepdims=True)
    return step * np.minimum(1.0, LONGEST / np.maximum(longest, 1e-12))


def next_damping(damping: np.ndarray, better: np.ndarray) -> np.ndarray:
    """Return the damping [search] of the next step: less where the last one was better, more where it was not."""
    return np.clip(np.where(better, damping / SOFTER, damping * HARDER), 1e-8, 1e8)


def kept(better: np.ndarray, trial: Expansion, at: Expansion) -> Expansion:
    """Return the trial's expansion for the searches it made better, the old one for the others."""
    return jax.tree.map(lambda new, old: jnp.where(better.reshape(-1, *[1] * (new.ndim - 1)), new, old), trial, at)
