"""What travelling asks of a method: how far a step may reach, one trial step, and the same step taken again."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..types import Scalar

type Rhs = Callable[[Scalar, Any, Any, Any], Any]
"""dy/dt = rhs(t, y, case, inputs) of one lane."""


class Trial(NamedTuple):
    """A step tried: the state at its end, the embedded error estimate [state], and what taking it again needs."""

    y: jax.Array
    error: jax.Array
    kept: Any


class Stepper(NamedTuple):
    """A one-step method for one lane.

    `reach(rhs, t, y, memory, case, u)` returns the longest step that is stable [h] and the memory for the next
    one, which starts as `remember(y0)`. `attempt(rhs, t, h, y, case, u)` returns a Trial.
    `again(rhs, t, h, y, kept, case, u)` returns the state at t + h once more, differentiable in y, case and u.
    The error of a step goes as h to the power `order`.
    """

    order: int
    remember: Callable[[jax.Array], Any]
    reach: Callable[..., tuple[Scalar, Any]]
    attempt: Callable[..., Trial]
    again: Callable[..., jax.Array]


def weighted_sum(weights: Any, slopes: jax.Array) -> jax.Array:
    """Return the weighted sum over stages of slopes [stage, state].

    Written out: a library call costs more than the sum.
    """
    return jnp.sum(jnp.asarray(weights)[:, None] * slopes, axis=0)


def error_norm(error: jax.Array, y: jax.Array, y_next: jax.Array, rtol: float, atol: float) -> jax.Array:
    """Return the largest error over the states in units of the tolerance; at most 1 is accepted."""
    return jnp.max(jnp.abs(error) / (atol + rtol * jnp.maximum(jnp.abs(y), jnp.abs(y_next))))
