"""One step of Tsitouras' explicit Runge-Kutta pair of orders 5 and 4, on a vector of states.

Tsitouras (2011), Comput Math Appl 62:770-775. The right-hand side has a single call site in a loop over the
stages: unrolled, the compiler fuses the stages into one another and compile time explodes.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..types import Scalar

type Rhs = Callable[[Scalar, Any, Any, Any], Any]
"""dy/dt = rhs(t, y, case, inputs) of one lane."""

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
ORDER = 5
STABLE = 3.0
"""h times the fastest decay rate stays below this: on the negative axis |R| is below 0.7 up to here, 1 at 3.5."""


def _stages(
    rhs: Rhs,
    t: Scalar,
    h: Scalar,
    y: jax.Array,
    slope: jax.Array,
    case: Any,
    u: Any,
    *,
    first: jax.Array | int,
    last: int,
) -> tuple[jax.Array, jax.Array]:
    """Return the slopes [7, state] of stages `first` to `last`, and the point of the last one."""

    def stage(i: jax.Array, carry: tuple) -> tuple:
        slopes, _ = carry
        point = y + h * _combine(jnp.asarray(STAGES)[i], slopes)
        new = rhs(t + jnp.asarray(NODES)[i] * h, point, case, u)
        return slopes.at[i].set(new), point

    slopes = jnp.zeros((7, y.shape[0])).at[0].set(slope)
    return jax.lax.fori_loop(first, last + 1, stage, (slopes, y))


def _combine(weights: jax.Array, slopes: jax.Array) -> jax.Array:
    """Return the weighted sum of the slopes [state]; written out, for a library call costs more than the sum."""
    return jnp.sum(weights[:, None] * slopes, axis=0)


def trial_step(
    rhs: Rhs,
    t: Scalar,
    h: Scalar,
    y: jax.Array,
    slope: jax.Array,
    case: Any,
    u: Any,
    *,
    first: jax.Array | int,
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return the state at t + h, its slope there and the embedded error estimate, each [state].

    With `first` = 1 `slope` is rhs at (t, y), carried over from the step before: six evaluations. With 0 it is
    evaluated anew, as it must be where inputs have changed.
    """
    slopes, point = _stages(rhs, t, h, y, slope, case, u, first=first, last=6)
    return point, slopes[6], _combine(jnp.asarray(ERROR), slopes) * h


def settled_step(rhs: Rhs, t: Scalar, h: Scalar, y: jax.Array, case: Any, u: Any) -> jax.Array:
    """Return the state [state] at t + h by a step already accepted; differentiable in y, case and u."""
    slopes, _ = _stages(rhs, t, h, y, y, case, u, first=0, last=5)
    return y + h * _combine(jnp.asarray(STAGES)[6], slopes)


def error_norm(error: jax.Array, y: jax.Array, y_next: jax.Array, rtol: float, atol: float) -> jax.Array:
    """Return the largest error over the states in units of the tolerance; at most 1 is accepted."""
    return jnp.max(jnp.abs(error) / (atol + rtol * jnp.maximum(jnp.abs(y), jnp.abs(y_next))))


def fastest_mode(rhs: Rhs, t: Scalar, y: jax.Array, mode: jax.Array, case: Any, u: Any) -> tuple[jax.Array, Any]:
    """Return the spectral radius of the Jacobian [1/h] and its mode [state]: one power iteration on the last."""
    size = jnp.abs(y) + 1e-3
    _, grown = jax.jvp(lambda y: rhs(t, y, case, u), (y,), (mode * size,))
    grown = grown / size
    radius = jnp.sqrt(jnp.sum(grown**2)) + 1e-6
    return radius, grown / radius
