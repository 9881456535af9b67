"""What the chains of a warmup learn together: one mass matrix, one step size.

Each chain alone sees a hundred or so dependent draws, too few for the covariance of dozens of dimensions.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

SPIKE = 2.0
"""A variance learnt from draws counts where it is this many times the Laplace approximation's, or one part in as
many. Some hundred independent draws of thirty dimensions scatter so far by chance."""

MATRICES = ("inverse_mass_matrix", "mass_matrix_sqrt", "mass_matrix_sqrt_inv")
"""Where NumPyro's sampler state holds the mass matrix, the same of every chain."""


def learnt_covariance(laplace: np.ndarray, z: np.ndarray) -> np.ndarray:
    r"""Return the Laplace covariance [dim, dim], corrected where draws z [draw, dim] clearly say otherwise.

    $$\Sigma = L\,\Big(I + \sum_{k} (\lambda_k - 1)\,v_k v_k^T\Big)\,L^T, \qquad L L^T = \Sigma_{\text{Laplace}}$$

    over the eigenpairs of the draws' covariance in the coordinates $L^{-1} z$ with $\lambda_k$ beyond SPIKE.
    """
    root = np.linalg.cholesky(laplace)
    variances, directions = np.linalg.eigh(np.atleast_2d(np.cov(np.linalg.solve(root, z.T))))
    clear = (variances > SPIKE) | (variances < 1 / SPIKE)
    corrected = np.where(clear, np.maximum(variances, 1e-3), 1.0)
    wide = root @ directions
    return (wide * corrected) @ wide.T


def with_mass_matrix_of(state: Any, other: Any) -> Any:
    """Return NumPyro's sampler state with the mass matrix of another."""
    matrices = {name: getattr(other.adapt_state, name) for name in MATRICES}
    return state._replace(adapt_state=state.adapt_state._replace(**matrices))


def with_one_step_size(state: Any) -> Any:
    """Return NumPyro's sampler state with the smallest of the chains' step sizes in every chain."""
    one = jax.tree.map(lambda step: jnp.full_like(step, jnp.min(step)), state.adapt_state.step_size)
    return state._replace(adapt_state=state.adapt_state._replace(step_size=one))
