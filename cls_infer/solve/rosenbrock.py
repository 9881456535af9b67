r"""One step of ROS34PW2, a linearly implicit pair of orders 3 and 2, on a vector of states.

Rang and Angermann (2005), BIT 45:761-787: L-stable, stiffly accurate, and of order 3 whatever matrix A stands
for the Jacobian (a W-method). A stage solves

$$(I - h\gamma A)\,k_i = f\Big(t + \alpha_i h,\; y + h\sum_{j<i} \alpha_{ij} k_j\Big)
    + hA\sum_{j<i}\gamma_{ij} k_j + h\gamma_i\,\partial_t f$$

here for $U_i = \sum_{j \le i} \gamma_{ij} k_j$, so that only $M = (I - h\gamma A)^{-1}$ is needed. Because the order
does not rest on A, a step may be differentiated with M and the drift $h\,\partial_t f$ held: what the solver did
is one of the maps the method allows, and its derivative converges with the same order.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..types import Scalar
from .stepper import Rhs, Stepper, Trial, weighted_sum

GAMMA = 0.43586652150845900
ALPHA = np.array(
    [
        [0, 0, 0, 0],
        [0.87173304301691801, 0, 0, 0],
        [0.84457060015369423, -0.11299064236484185, 0, 0],
        [0, 0, 1, 0],
    ]
)
FULL_GAMMA = np.array(
    [
        [GAMMA, 0, 0, 0],
        [-0.87173304301691801, GAMMA, 0, 0],
        [-0.90338057013044082, 0.054180672388095326, GAMMA, 0],
        [0.24212380706095346, -1.2232505839045147, 0.54526025533510214, GAMMA],
    ]
)
WEIGHTS = np.array([0.24212380706095346, -1.2232505839045147, 1.5452602553351020, GAMMA])
EMBEDDED = np.array([0.37810903145819369, -0.096042292212423178, 0.5, 0.21793326075422950])

# the same for U = GAMMA k
BACK = np.linalg.inv(FULL_GAMMA)
NODES = ALPHA.sum(axis=1)
DRIFT = FULL_GAMMA.sum(axis=1)
POINTS = ALPHA @ BACK
COUPLING = np.tril(BACK, -1)
ADVANCE = WEIGHTS @ BACK
ERROR = (WEIGHTS - EMBEDDED) @ BACK

type Kept = tuple[jax.Array, jax.Array]
"""M [state, state] and the drift [state] of a step."""


def inverse(matrix: jax.Array) -> jax.Array:
    """Return the inverse of a small matrix [state, state] by Gauss-Jordan elimination without pivoting.

    Steps of a compartment model have the larger entries on the diagonal. A pivot near zero gives an inaccurate
    inverse, which a W-method forgives, or one that is not finite, and then the step is rejected.
    """
    states = np.arange(matrix.shape[0])

    def eliminate(k: jax.Array, a: jax.Array) -> jax.Array:
        here = states == k
        row = jnp.where(here, 1.0, a[k]) / a[k, k]
        column = jnp.where(here, -1.0, a[:, k])
        return jnp.where(here[:, None] | here[None, :], 0.0, a) - column[:, None] * row[None, :]

    return jax.lax.fori_loop(0, len(states), eliminate, matrix)


def _stages(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, kept: Kept, case: Any, u: Any) -> jax.Array:
    """Return U [stage, state]."""
    M, drift = kept

    def stage(i: jax.Array, U: jax.Array) -> jax.Array:
        point = y + h * weighted_sum(jnp.asarray(POINTS)[i], U)
        slope = rhs(t + jnp.asarray(NODES)[i] * h, point, case, u)
        new = slope + jnp.asarray(DRIFT)[i] * drift - weighted_sum(jnp.asarray(COUPLING)[i], U)
        return jax.lax.dynamic_update_index_in_dim(U, GAMMA * jnp.sum(M * new[None, :], axis=1), i, 0)

    return jax.lax.fori_loop(0, len(NODES), stage, jnp.zeros((len(NODES), y.shape[0])))


def _attempt(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, case: Any, u: Any) -> Trial:
    J, f_t = jax.jacfwd(rhs, argnums=(1, 0))(t, y, case, u)
    kept = inverse(jnp.eye(y.shape[0]) - h * GAMMA * J), h * f_t
    U = _stages(rhs, t, h, y, kept, case, u)
    return Trial(y + h * weighted_sum(ADVANCE, U), h * weighted_sum(ERROR, U), kept)


def _again(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, kept: Kept, case: Any, u: Any) -> jax.Array:
    return y + h * weighted_sum(ADVANCE, _stages(rhs, t, h, y, kept, case, u))


def _anywhere(rhs: Rhs, t: Scalar, y: jax.Array, memory: tuple, case: Any, u: Any) -> tuple[Any, tuple]:
    return jnp.inf, ()


ROS34PW2 = Stepper(order=3, remember=lambda y0: (), reach=_anywhere, attempt=_attempt, again=_again)
