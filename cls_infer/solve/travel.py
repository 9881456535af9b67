"""Many lanes through time at once, each with its own steps.

Every lane advances adaptively from stop to stop: a stop is a therapy breakpoint or a wanted time, and is hit
exactly. The accepted steps are kept, for the reverse rule and the tangents to replay.
"""

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
    n: jax.Array
    t: jax.Array
    h: jax.Array
    stop: jax.Array
    status: jax.Array
    y: jax.Array
    memory: Any
    arrival: jax.Array
    journal: tuple


def travel(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, y0: jax.Array, case: Case, route: Route
) -> Journey:
    """Advance all lanes from their start through their stops.

    Args:
        rhs: derivative of one lane.
        stepper: the method.
        floor: the lowest value of each state; a lane that falls below is stopped.
        tolerance: accuracy and step limit.
        y0: states [lane, state] at the start.
        case: what the right-hand side needs of each lane.
        route: start, stops and therapy of each lane.
    """
    lanes, last = route.stops.shape[0], route.stops.shape[1] - 1
    lane = jnp.arange(lanes)
    reach, attempt = jax.vmap(partial(stepper.reach, rhs)), jax.vmap(partial(stepper.attempt, rhs))
    norm = jax.vmap(partial(error_norm, rtol=tolerance.rtol, atol=tolerance.atol))

    def body(now: _Now) -> _Now:
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
        row = (now.t, jnp.where(accepted, h, 0.0), here, arrived, now.y, kept)
        return _Now(
            n=now.n + jnp.any(accepted),  # a step that every lane rejects is overwritten
            t=jnp.where(arrived, target, jnp.where(accepted, now.t + h, now.t)),
            h=h_next,
            stop=stop,
            status=jnp.select(
                [~running, sunk, stop > last, stuck], [now.status, OUT_OF_BOUNDS, OK, NON_FINITE], RUNNING
            ),
            y=jnp.where(accepted[:, None], y_next, now.y),
            memory=memory,
            arrival=now.arrival.at[lane, jnp.where(arrived, now.stop, last + 1)].set(now.n, mode="drop"),
            journal=jax.tree.map(lambda log, value: log.at[now.n].set(value), now.journal, row),
        )

    rows = tolerance.max_steps
    first = _departure(rhs, stepper, route, y0, case, tolerance)
    end = jax.lax.while_loop(lambda now: jnp.any(now.status == RUNNING) & (now.n < rows), body, first)
    t, h, stop, arrived, y, kept = end.journal
    status = jnp.where(end.status == RUNNING, STEP_LIMIT, end.status)
    return Journey(_states_at_stops(end, y), status, end.n, t, h, stop, arrived, y, kept)


def _growth(size: jax.Array, order: int) -> jax.Array:
    """Return by what factor the next step follows from the error `size` of this one, in units of the tolerance."""
    factor = jnp.clip(0.9 * (size + 1e-12) ** (-1 / order), 0.2, 6.0)
    return jnp.where(jnp.isfinite(size), factor, 0.2)


def _only(accepted: jax.Array, kept: jax.Array) -> jax.Array:
    """Return what accepted steps keep [lane, ...], and zeros where a step was rejected."""
    return jnp.where(accepted.reshape(-1, *[1] * (kept.ndim - 1)), kept, 0)


def _departure(rhs: Rhs, stepper: Stepper, route: Route, y0: jax.Array, case: Case, tolerance: Tolerance) -> _Now:
    (lanes, stops), rows = route.stops.shape, tolerance.max_steps
    zeros = jnp.zeros((rows, lanes))
    u = inputs_at(route.forcing, jnp.zeros((lanes,), int), case.amounts)
    trial = jax.eval_shape(jax.vmap(partial(stepper.attempt, rhs)), route.start, zeros[0], y0, case.numbers, u)
    kept = jax.tree.map(lambda a: jnp.zeros((rows, *a.shape)), trial.kept)
    return _Now(
        n=jnp.asarray(0),
        t=route.start,
        h=jnp.full((lanes,), tolerance.first_step),
        stop=jnp.zeros((lanes,), int),
        status=jnp.full((lanes,), RUNNING),
        y=y0,
        memory=stepper.remember(y0),
        arrival=jnp.full((lanes, stops), -1),
        journal=(zeros, zeros, zeros.astype(int), zeros.astype(bool), jnp.zeros((rows, *y0.shape)), kept),
    )


def _states_at_stops(end: _Now, y: jax.Array) -> jax.Array:
    """Return the states [lane, stop, state]: the state after the step that arrived, or the last one reached."""
    log = jnp.swapaxes(y, 0, 1)
    after = jnp.minimum(end.arrival + 1, log.shape[1] - 1)
    reached = (end.arrival >= 0) & (end.arrival + 1 < end.n)
    held = jax.vmap(lambda rows, i: rows[i])(log, after)
    return jnp.where(reached[..., None], held, end.y[:, None])
