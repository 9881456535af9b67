"""One step of one lane: how far, whether it is accepted, and where it leaves the lane."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..types import Scalar
from .lanes import NON_FINITE, OK, OUT_OF_BOUNDS, RUNNING, Tolerance
from .stepper import Rhs, Stepper, error_norm


class Place(NamedTuple):
    """Where a lane is: time, the next step's size, its status, states [state], the method's memory."""

    t: Scalar
    h: Scalar
    status: Any
    y: jax.Array
    memory: Any


class Ahead(NamedTuple):
    """The next stop's time, and whether it is the last."""

    target: Scalar
    last: Any


class Moved(NamedTuple):
    """Where a step led, and what it was: its size (0 where rejected), whether it was accepted and reached the stop,
    and what its method needs to take it again (0 where rejected)."""

    place: Place
    h: Scalar
    accepted: Any
    arrived: Any
    kept: Any


def departure(stepper: Stepper, tolerance: Tolerance, start: Scalar, y0: jax.Array) -> Place:
    """Return the place of a lane at its start."""
    return Place(start, jnp.asarray(tolerance.first_step), jnp.asarray(RUNNING), y0, stepper.remember(y0))


def one_step(
    rhs: Rhs,
    stepper: Stepper,
    floor: np.ndarray,
    tolerance: Tolerance,
    place: Place,
    ahead: Ahead,
    numbers: jax.Array,
    u: jax.Array,
) -> Moved:
    """Take a lane one step towards its next stop, which is hit exactly; a lane that does not run stays.

    Args:
        rhs: derivative of the lane.
        stepper: the method.
        floor: the lowest value of each state; a lane that falls below is stopped.
        tolerance: accuracy and smallest step.
        place: where the lane is.
        ahead: its next stop.
        numbers: what the right-hand side depends on [number].
        u: the inputs on the way to the stop [channel].
    """
    running = place.status == RUNNING
    longest, memory = stepper.reach(rhs, place.t, place.y, place.memory, numbers, u)
    reachable = jnp.minimum(place.h, longest)
    if np.isfinite(tolerance.longest):
        reachable = jnp.minimum(reachable, tolerance.longest)
    remaining = ahead.target - place.t
    arriving = remaining <= reachable * (1 + 1e-9)
    h = jnp.where(running, jnp.where(arriving, remaining, reachable), 0.0)
    y_next, error, kept = stepper.attempt(rhs, place.t, h, place.y, numbers, u)
    size = error_norm(error, place.y, y_next, tolerance.rtol, tolerance.atol)
    accepted = running & (size <= 1.0)
    arrived = accepted & arriving
    factor = _growth(size, stepper.order)
    h_next = jnp.where(arrived, jnp.maximum(reachable, h * factor), jnp.where(running, h * factor, place.h))
    stuck = running & ~accepted & (h_next < tolerance.smallest_step)
    sunk = accepted & jnp.any(y_next < floor)
    met = jnp.where(stuck, NON_FINITE, RUNNING)
    met = jnp.where(arrived & ahead.last, OK, met)
    met = jnp.where(sunk, OUT_OF_BOUNDS, met)
    there = Place(
        t=jnp.where(arrived, ahead.target, jnp.where(accepted, place.t + h, place.t)),
        h=h_next,
        status=jnp.where(running, met, place.status),
        y=jnp.where(accepted, y_next, place.y),
        memory=memory,
    )
    kept = jax.tree.map(lambda k: jnp.where(accepted, k, 0), kept)
    return Moved(there, jnp.where(accepted, h, 0.0), accepted, arrived, kept)


def _growth(size: jax.Array, order: int) -> jax.Array:
    """Return by what factor the next step follows from the error `size` of this one, in units of the tolerance."""
    factor = jnp.clip(0.9 * (size + 1e-12) ** (-1 / order), 0.2, 6.0)
    return jnp.where(jnp.isfinite(size), factor, 0.2)
