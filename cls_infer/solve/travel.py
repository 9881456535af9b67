"""Many lanes through time at once, each with its own steps.

Every lane advances adaptively from stop to stop: a stop is a therapy breakpoint or a wanted time, and is hit
exactly. The accepted steps are kept, for the reverse rule and the tangents to replay.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .lanes import (
    NON_FINITE,
    OK,
    OUT_OF_BOUNDS,
    RUNNING,
    STEP_LIMIT,
    Case,
    Journey,
    Route,
    Tolerance,
    at,
    inputs_at,
)
from .stepper import Rhs, Stepper, error_norm


class _Now(NamedTuple):
    """Where the lanes are: time, next step and next stop [lane], status [lane], states [lane, state], the method's
    memory, and the states at the stops they have reached [lane, stop, state]."""

    t: jax.Array
    h: jax.Array
    stop: jax.Array
    status: jax.Array
    y: jax.Array
    memory: Any
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
    return jnp.any(now.status == RUNNING) & (n < most)


def _arrival(end: _Now) -> tuple[jax.Array, jax.Array]:
    """Return the states at the stops, those of the last place reached for stops that were not, and the status."""
    reached = jnp.arange(end.at_stops.shape[1])[None] < end.stop[:, None]
    states = jnp.where(reached[..., None], end.at_stops, end.y[:, None])
    return states, jnp.where(end.status == RUNNING, STEP_LIMIT, end.status)


def _advancing(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, case: Case, route: Route
) -> _Advance:
    """Return the function that takes every lane that still runs one step on."""
    lanes, last = route.stops.shape[0], route.stops.shape[1] - 1
    lane = jnp.arange(lanes)
    reach, attempt = jax.vmap(partial(stepper.reach, rhs)), jax.vmap(partial(stepper.attempt, rhs))
    norm = jax.vmap(partial(error_norm, rtol=tolerance.rtol, atol=tolerance.atol))

    def advance(now: _Now) -> tuple[_Now, _Step]:
        running = now.status == RUNNING
        here = jnp.minimum(now.stop, last)
        u = inputs_at(route.forcing, here, case.amounts)
        target = at(route.stops, here)
        longest, memory = reach(now.t, now.y, now.memory, case.numbers, u)
        reachable = jnp.minimum(now.h, longest)
        remaining = target - now.t
        arriving = remaining <= reachable * (1 + 1e-9)
        h = jnp.where(running, jnp.where(arriving, remaining, reachable), 0.0)
        y_next, error, kept = attempt(now.t, h, now.y, case.numbers, u)
        size = norm(error, now.y, y_next)
        accepted = running & (size <= 1.0)
        arrived = accepted & arriving
        factor = _growth(size, stepper.order)
        h_next = jnp.where(arrived, jnp.maximum(reachable, h * factor), jnp.where(running, h * factor, now.h))
        stop = now.stop + arrived
        stuck = running & ~accepted & (h_next < tolerance.smallest_step)
        sunk = accepted & jnp.any(y_next < floor[None], axis=1)
        kept = jax.tree.map(partial(_only, accepted), kept)
        y = jnp.where(accepted[:, None], y_next, now.y)
        there = _Now(
            t=jnp.where(arrived, target, jnp.where(accepted, now.t + h, now.t)),
            h=h_next,
            stop=stop,
            status=jnp.select(
                [~running, sunk, stop > last, stuck], [now.status, OUT_OF_BOUNDS, OK, NON_FINITE], RUNNING
            ),
            y=y,
            memory=memory,
            at_stops=now.at_stops.at[lane, jnp.where(arrived, now.stop, last + 1)].set(y, mode="drop"),
        )
        return there, _Step((now.t, jnp.where(accepted, h, 0.0), here, arrived, now.y, kept), accepted)

    return advance


def _growth(size: jax.Array, order: int) -> jax.Array:
    """Return by what factor the next step follows from the error `size` of this one, in units of the tolerance."""
    factor = jnp.clip(0.9 * (size + 1e-12) ** (-1 / order), 0.2, 6.0)
    return jnp.where(jnp.isfinite(size), factor, 0.2)


def _only(accepted: jax.Array, kept: jax.Array) -> jax.Array:
    """Return what accepted steps keep [lane, ...], and zeros where a step was rejected."""
    return jnp.where(accepted.reshape(-1, *[1] * (kept.ndim - 1)), kept, 0)


def _departure(stepper: Stepper, route: Route, y0: jax.Array, tolerance: Tolerance) -> _Now:
    lanes, stops = route.stops.shape
    return _Now(
        t=route.start,
        h=jnp.full((lanes,), tolerance.first_step),
        stop=jnp.zeros((lanes,), int),
        status=jnp.full((lanes,), RUNNING),
        y=y0,
        memory=stepper.remember(y0),
        at_stops=jnp.zeros((lanes, stops, y0.shape[1])),
    )
