"""Many lanes through time at once, each with its own steps.

Every lane advances adaptively from stop to stop: a stop is a therapy breakpoint or a wanted time, and is hit
exactly. The accepted steps are kept, for the reverse rule and the tangents to replay.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .lanes import RUNNING, STEP_LIMIT, Case, Journey, Route, Tolerance, at, inputs_at
from .one_step import Ahead, Place, departure, one_step
from .stepper import Rhs, Stepper


class _Now(NamedTuple):
    """Where the lanes are: places [lane], next stop [lane], states at the stops reached [lane, stop, state]."""

    places: Place
    stop: jax.Array
    at_stops: jax.Array


class _Step(NamedTuple):
    """What a step of every lane did: its row of the journal, and which lanes accepted it [lane]."""

    row: tuple
    accepted: jax.Array


type _Advance = Callable[[_Now], tuple[_Now, _Step]]


def travel(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, y0: jax.Array, case: Case, route: Route
) -> Journey:
    """Advance all lanes from their start through their stops, and keep the steps taken.

    Args:
        rhs: derivative of one lane.
        stepper: the method.
        floor: the lowest value of each state; a lane that falls below is stopped.
        tolerance: accuracy and step limit.
        y0: states [lane, state] at the start.
        case: what the right-hand side needs of each lane.
        route: start, stops and therapy of each lane.
    """
    advance = _advancing(rhs, stepper, floor, tolerance, case, route)
    first = _departure(stepper, route, y0, tolerance)
    rows = tolerance.max_steps
    journal = jax.tree.map(lambda a: jnp.zeros((rows, *a.shape), a.dtype), jax.eval_shape(advance, first)[1].row)

    def body(carry: tuple) -> tuple:
        now, n, journal = carry
        now, step = advance(now)
        journal = jax.tree.map(lambda log, value: log.at[n].set(value), journal, step.row)
        return now, n + jnp.any(step.accepted), journal  # a step that every lane rejects is overwritten

    going = (first, jnp.asarray(0), journal)
    end, n, (t, h, stop, arrived, y, kept) = jax.lax.while_loop(lambda c: _under_way(c[0], c[1], rows), body, going)
    return Journey(*_arrival(end), n, t, h, stop, arrived, y, kept)


def arrive(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, y0: jax.Array, case: Case, route: Route
) -> tuple[jax.Array, jax.Array]:
    """Return the states at the stops [lane, stop, state] and the status [lane] of the same way, and keep no step."""
    advance = _advancing(rhs, stepper, floor, tolerance, case, route)

    def body(carry: tuple) -> tuple:
        now, n = carry
        now, step = advance(now)
        return now, n + jnp.any(step.accepted)

    going = (_departure(stepper, route, y0, tolerance), jnp.asarray(0))
    return _arrival(jax.lax.while_loop(lambda c: _under_way(*c, tolerance.max_steps), body, going)[0])


def _under_way(now: _Now, n: jax.Array, most: int) -> jax.Array:
    return jnp.any(now.places.status == RUNNING) & (n < most)


def _arrival(end: _Now) -> tuple[jax.Array, jax.Array]:
    """Return the states at the stops, those of the last place reached for stops that were not, and the status."""
    reached = jnp.arange(end.at_stops.shape[1])[None] < end.stop[:, None]
    states = jnp.where(reached[..., None], end.at_stops, end.places.y[:, None])
    return states, jnp.where(end.places.status == RUNNING, STEP_LIMIT, end.places.status)


def _advancing(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, case: Case, route: Route
) -> _Advance:
    """Return the function that takes every lane that still runs one step on."""
    lanes, last = route.stops.shape[0], route.stops.shape[1] - 1
    lane = jnp.arange(lanes)
    move = jax.vmap(partial(one_step, rhs, stepper, floor, tolerance))

    def advance(now: _Now) -> tuple[_Now, _Step]:
        here = jnp.minimum(now.stop, last)
        u = inputs_at(route.forcing, here, case.amounts)
        old = now.places
        moved = move(old, Ahead(at(route.stops, here), now.stop >= last), case.numbers, u)
        place = jnp.where(moved.arrived, now.stop, last + 1)
        there = _Now(
            moved.place, now.stop + moved.arrived, now.at_stops.at[lane, place].set(moved.place.y, mode="drop")
        )
        return there, _Step((old.t, moved.h, here, moved.arrived, old.y, moved.kept), moved.accepted)

    return advance


def _departure(stepper: Stepper, route: Route, y0: jax.Array, tolerance: Tolerance) -> _Now:
    lanes, stops = route.stops.shape
    places = jax.vmap(partial(departure, stepper, tolerance))(route.start, y0)
    return _Now(places, jnp.zeros((lanes,), int), jnp.zeros((lanes, stops, y0.shape[1])))
