"""One step of Tsitouras' explicit Runge-Kutta pair of orders 5 and 4, on a vector of states.

Tsitouras (2011), Comput Math Appl 62:770-775. Steps stay inside the stability region, by an estimate of the
fastest mode. Error control alone does not see to that: a quiet fast mode lets steps grow until rounding has been
amplified to the tolerance, and tangents and gradients, which start at order one, are amplified with it.

The right-hand side has a single call site in a loop over the stages: unrolled, the compiler fuses the stages
into one another and compile time explodes.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..types import Scalar
from .stepper import Rhs, Stepper, Trial, weighted_sum

NODES = np.array([0.0, 0.161, 0.327, 0.9, 0.9800255409045097, 1.0, 1.0])
STAGES = np.array(
    [
        [0, 0, 0, 0, 0, 0],
        [0.161, 0, 0, 0, 0, 0],
        [-0.008480655492356989, 0.335480655492357, 0, 0, 0, 0],
        [2.8971530571054935, -6.359448489975075, 4.3622954328695815, 0, 0, 0],
        [5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525, 0, 0],
        [
            5.86145544294642,
            -12.92096931784711,
            8.159367898576159,
            -0.071584973281401,
            -0.028269050394068383,
            0,
        ],
        [
            0.09646076681806523,
            0.01,
            0.4798896504144996,
            1.379008574103742,
            -3.290069515436081,
            2.324710524099774,
        ],
    ]
)
STAGES = np.pad(STAGES, ((0, 0), (0, 1)))
ERROR = np.array(
    [
        -0.00178001105222577714,
        -0.0008164344596567469,
        0.007880878010261995,
        -0.1447110071732629,
        0.5823571654525552,
        -0.45808210592918697,
        1 / 66,
    ]
)
STABLE = 3.0
"""h times the fastest decay rate stays below this: on the negative axis |R| is below 0.7 up to here, 1 at 3.5."""


def _stages(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, case: Any, u: Any, *, count: int) -> jax.Array:
    """Return the slopes [7, state] of the first `count` stages."""

    def stage(i: jax.Array, slopes: jax.Array) -> jax.Array:
        point = y + h * weighted_sum(jnp.asarray(STAGES)[i], slopes)
        slope = rhs(t + jnp.asarray(NODES)[i] * h, point, case, u)
        return jax.lax.dynamic_update_index_in_dim(slopes, slope, i, 0)

    return jax.lax.fori_loop(0, count, stage, jnp.zeros((7, y.shape[0])))


def _attempt(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, case: Any, u: Any) -> Trial:
    slopes = _stages(rhs, t, h, y, case, u, count=7)
    return Trial(y + h * weighted_sum(STAGES[6], slopes), h * weighted_sum(ERROR, slopes), ())


def _again(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, kept: tuple, case: Any, u: Any) -> jax.Array:
    return y + h * weighted_sum(STAGES[6], _stages(rhs, t, h, y, case, u, count=6))


def _stable(rhs: Rhs, t: Scalar, y: jax.Array, mode: jax.Array, case: Any, u: Any) -> tuple[Scalar, jax.Array]:
    """Return the longest stable step and the fastest mode [state]: one power iteration on the last one.

    The spectral radius of the Jacobian [1/h] bounds the step.
    """
    size = jnp.abs(y) + 1e-3
    _, grown = jax.jvp(lambda y: rhs(t, y, case, u), (y,), (mode * size,))
    grown = grown / size
    radius = jnp.sqrt(jnp.sum(grown**2)) + 1e-6
    return STABLE / radius, grown / radius


TSIT5 = Stepper(order=5, remember=jnp.ones_like, reach=_stable, attempt=_attempt, again=_again)
