"""Many lanes through time at once, each with its own steps.

Every lane advances adaptively from stop to stop: a stop is a therapy breakpoint or a wanted time, and is hit
exactly. The accepted steps are kept, for the reverse rule and the tangents to replay.

Steps stay inside the stability region, by an estimate of the fastest mode. Error control alone does not see to
that: a quiet fast mode lets steps grow until rounding has been amplified to the tolerance, and tangents and
gradients, which start at order one, are amplified with it.
"""

import functools
from typing import NamedTuple

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
from .step import ORDER, STABLE, Rhs, error_norm, fastest_mode, trial_step


class _Now(NamedTuple):
    n: jax.Array
    t: jax.Array
    h: jax.Array
    stop: jax.Array
    status: jax.Array
    y: jax.Array
    slope: jax.Array
    mode: jax.Array
    fresh: jax.Array
    arrival: jax.Array
    journal: tuple


def travel(rhs: Rhs, floor: np.ndarray, tolerance: Tolerance, y0: jax.Array, case: Case, route: Route) -> Journey:
    """Advance all lanes from their start through their stops.

    Args:
        rhs: derivative of one lane.
        floor: the lowest value of each state; a lane that falls below is stopped.
        tolerance: accuracy and step limit.
        y0: states [lane, state] at the start.
        case: what the right-hand side needs of each lane.
        route: start, stops and therapy of each lane.
    """
    lanes, last = route.stops.shape[0], route.stops.shape[1] - 1
    lane = jnp.arange(lanes)
    norm = jax.vmap(lambda e, a, b: error_norm(e, a, b, tolerance.rtol, tolerance.atol))

    def body(now: _Now) -> _Now:
        running = now.status == RUNNING
        here = jnp.minimum(now.stop, last)
        u = inputs_at(route.forcing, here, case.amounts)
        target = at(route.stops, here)
        fastest, mode = jax.vmap(functools.partial(fastest_mode, rhs))(now.t, now.y, now.mode, case.numbers, u)
        reach = jnp.minimum(now.h, STABLE / fastest)
        remaining = target - now.t
        arriving = remaining <= reach * (1 + 1e-9)
        h = jnp.where(running, jnp.where(arriving, remaining, reach), 0.0)
        # where an interval begins inputs have changed and the carried slope does not hold
        first = jnp.where(jnp.any(now.fresh), 0, 1)
        trial = jax.vmap(lambda *one: trial_step(rhs, *one, first=first))
        y_next, slope_next, error = trial(now.t, h, now.y, now.slope, case.numbers, u)
        size = norm(error, now.y, y_next)
        finite = jnp.isfinite(size)
        accepted = running & finite & (size <= 1.0)
        arrived = accepted & arriving
        factor = jnp.where(finite, jnp.clip(0.9 * (size + 1e-12) ** (-1 / ORDER), 0.2, 6.0), 0.2)
        h_next = jnp.where(arrived, jnp.maximum(reach, h * factor), jnp.where(running, h * factor, now.h))
        stop = now.stop + arrived
        stuck = running & ~accepted & (h_next < tolerance.smallest_step)
        sunk = accepted & jnp.any(y_next < floor[None], axis=1)
        row = (now.t, jnp.where(accepted, h, 0.0), here, arrived, now.y)
        return _Now(
            n=now.n + 1,
            t=jnp.where(arrived, target, jnp.where(accepted, now.t + h, now.t)),
            h=h_next,
            stop=stop,
            status=jnp.select(
                [~running, sunk, stop > last, stuck], [now.status, OUT_OF_BOUNDS, OK, NON_FINITE], RUNNING
            ),
            y=jnp.where(accepted[:, None], y_next, now.y),
            slope=jnp.where(accepted[:, None], slope_next, now.slope),
            mode=mode,
            fresh=arrived | (now.fresh & ~accepted),
            arrival=now.arrival.at[lane, jnp.where(arrived, now.stop, last + 1)].set(now.n, mode="drop"),
            journal=tuple(log.at[now.n].set(value) for log, value in zip(now.journal, row, strict=True)),
        )

    rows = tolerance.max_steps
    first = _departure(route, y0, tolerance)
    end = jax.lax.while_loop(lambda now: jnp.any(now.status == RUNNING) & (now.n < rows), body, first)
    t, h, stop, arrived, y = end.journal
    status = jnp.where(end.status == RUNNING, STEP_LIMIT, end.status)
    return Journey(_states_at_stops(end), status, end.n, t, h, stop, arrived, y)


def _departure(route: Route, y0: jax.Array, tolerance: Tolerance) -> _Now:
    (lanes, stops), rows = route.stops.shape, tolerance.max_steps
    zeros = jnp.zeros((rows, lanes))
    return _Now(
        n=jnp.asarray(0),
        t=route.start,
        h=jnp.full((lanes,), tolerance.first_step),
        stop=jnp.zeros((lanes,), int),
        status=jnp.full((lanes,), RUNNING),
        y=y0,
        slope=y0,
        mode=jnp.ones_like(y0),
        fresh=jnp.ones((lanes,), bool),
        arrival=jnp.full((lanes, stops), -1),
        journal=(zeros, zeros, zeros.astype(int), zeros.astype(bool), jnp.zeros((rows, *y0.shape))),
    )


def _states_at_stops(end: _Now) -> jax.Array:
    """Return the states [lane, stop, state]: the state after the step that arrived, or the last one reached."""
    log = jnp.swapaxes(end.journal[-1], 0, 1)
    after = jnp.minimum(end.arrival + 1, log.shape[1] - 1)
    reached = (end.arrival >= 0) & (end.arrival + 1 < end.n)
    held = jax.vmap(lambda rows, i: rows[i])(log, after)
    return jnp.where(reached[..., None], held, end.y[:, None])
