"""The words of a batched solve: lanes, routes, cases, journeys.

A lane is one patient under one draw. Its states are one vector [state], and so is all that its right-hand
side depends on: a step then costs a handful of array operations, however few the lanes.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from ..errors import InputError, Problem

RUNNING, OK, STEP_LIMIT, NON_FINITE, OUT_OF_BOUNDS, NO_HEALTH = -1, 0, 1, 2, 3, 4
STATUS_WORDS = {
    OK: "ok",
    STEP_LIMIT: "step limit",
    NON_FINITE: "not finite",
    OUT_OF_BOUNDS: "state out of bounds",
    NO_HEALTH: "no steady state in health",
}


METHODS = ("auto", "tsit5", "ros34pw2", "grid")
"""By what steps: Tsitouras' explicit pair of orders 5 and 4; the linearly implicit ROS34PW2 of orders 3 and 2 for stiff
courses; that on a fixed `grid` of steps of `longest` hours, the last before a stop shorter; or `auto` for the pair that
needs the least work at the tolerance."""


class Tolerance(NamedTuple):
    """How exactly to solve, and how: relative and absolute error a step, most steps a lane (of very many stops more:
    `with_room`), the step sizes to begin with, to give up at and never to exceed [h], the method."""

    rtol: float = 3e-4
    atol: float = 3e-6
    max_steps: int = 1000
    first_step: float = 0.05
    smallest_step: float = 1e-9
    longest: float = math.inf
    method: str = "auto"


USUAL_STOPS, ROOM = 256, 1024
"""Stops of a lane for which the step limit stands as given, and by how many steps at a time it grows beyond."""

STEPS_A_STOP = 4
"""Steps that a lane may need for a stop: it ends one, and the next begin smaller."""


def with_room(tolerance: Tolerance, stops: int) -> Tolerance:
    """Return the tolerance with a step limit that leaves room for so many stops, as weeks of hourly readings have: of
    fewer than `USUAL_STOPS` it stands, and beyond grows by whole `ROOM`s, so that few limits are ever compiled for."""
    beyond = STEPS_A_STOP * max(0, stops - USUAL_STOPS)
    return tolerance._replace(max_steps=tolerance.max_steps + ROOM * -(-beyond // ROOM))


def check_tolerance(tolerance: Tolerance) -> None:
    """Refuse a tolerance that no step can meet.

    Raises:
        InputError: names every number that is not above 0, and a method that there is not.
    """
    numbers = Tolerance()._asdict()
    del numbers["method"]
    usual = ", ".join(f"{name} {value:g}" for name, value in numbers.items())
    problems = [
        Problem("tolerance", f"`{name}` is {value:g}", remedy=f"give a number above 0; the defaults are {usual}")
        for name in numbers
        if not (value := getattr(tolerance, name)) > 0
    ]
    if tolerance.method not in METHODS:
        there = ", ".join(f"`{name}`" for name in METHODS)
        problems.append(Problem("tolerance", f"there is no method `{tolerance.method}`", remedy=f"there are {there}"))
    if tolerance.method == "grid" and not math.isfinite(tolerance.longest):
        problems.append(Problem("tolerance", "a `grid` of steps without end", remedy="give `longest`, such as 0.25 h"))
    if problems:
        raise InputError(problems)


def check_lanes(y0: jax.Array) -> None:
    """Refuse a solve of no lanes.

    Raises:
        InputError: there are none.
    """
    if not len(y0):
        raise InputError([Problem("solve", "there is no lane to solve", remedy="give at least one patient and draw")])


def check_route(start: Any, stops: Any) -> None:
    """Refuse stops that do not go forward from the start; equal neighbours are allowed.

    What is traced is not known yet and passes: the routes of a plan or a simulation are made in order.

    Raises:
        InputError: names the first lane that goes back, or whose times are no numbers.
    """
    if isinstance(start, Tracer) or isinstance(stops, Tracer):
        return
    times = np.concatenate([np.asarray(start)[:, None], np.asarray(stops)], axis=1)
    wrong = ~np.all(np.isfinite(times), axis=1) | np.any(np.diff(times, axis=1) < 0, axis=1)
    if wrong.any():
        lane = int(np.argmax(wrong))
        listed = ", ".join(f"{time:g}" for time in times[lane, :8]) + (", ..." if times.shape[1] > 8 else "")
        message = f"lane {lane} has the start and stops {listed} h, which do not go forward"
        raise InputError([Problem("solve", message, remedy="sort them, from the start on")])


class Case(NamedTuple):
    """What lanes depend on: parameters and healthy body [lane, number], uncharted amounts [lane, event]."""

    numbers: jax.Array
    amounts: jax.Array


class Forcing(NamedTuple):
    """Therapy between stops: charted inputs [lane, stop, channel], and what one unit of each uncharted amount
    adds [lane, stop, event, channel]."""

    charted: Any
    share: Any


class Ends(NamedTuple):
    """Therapy that runs for a time which is a parameter, in the place [lane, event] of an uncharted amount.

    `uncertain` marks these places; `begin` [h], and `until` when it can go on at most [h]; what it adds while it runs
    [lane, event, channel]: `hourly`, and `total` spread over the time.
    """

    uncertain: Any
    begin: Any
    until: Any
    hourly: Any
    total: Any


class Route(NamedTuple):
    """Where each lane goes: start [lane], stops [lane, stop] ascending (equal neighbours allowed), therapy.

    `ends` is None where every end is known; the others are no stops until their parameters say where.
    """

    start: Any
    stops: Any
    forcing: Forcing
    ends: Ends | None = None


class Journey(NamedTuple):
    """What the lanes did: states at the stops [lane, stop, state], status [lane], the number of steps tried, and
    of each step [step, lane]: time, size (0 where rejected), next stop, whether it was reached, state before, and
    what its method needs to take it again."""

    at_stops: jax.Array
    status: jax.Array
    taken: jax.Array
    t: jax.Array
    h: jax.Array
    stop: jax.Array
    arrived: jax.Array
    y: jax.Array
    kept: Any


type Solve = Callable[[jax.Array, Case, Route], tuple[jax.Array, jax.Array]]
"""states [lane, stop, state] and status [lane] from y0 [lane], case [lane] and route [lane]."""

type Counting = Callable[[jax.Array, Case, Route], tuple[jax.Array, jax.Array, jax.Array]]
"""The same, and how many steps were tried [lane]."""


def at(table: Any, index: jax.Array) -> jax.Array:
    """Return each lane's row `index[lane]` of an array [lane, row, ...]."""
    return jax.vmap(lambda rows, i: rows[i])(table, index)


def inputs_along(forcing: Forcing, amounts: jax.Array) -> jax.Array:
    """Return the inputs [lane, stop, channel] on the way to every stop: charted, and uncharted amounts' shares."""
    charted = jnp.asarray(forcing.charted)
    if forcing.share.shape[2] == 0:
        return charted
    return charted + jnp.einsum("le,lsec->lsc", amounts, jnp.asarray(forcing.share))


def inputs_at(forcing: Forcing, stop: jax.Array, amounts: jax.Array) -> jax.Array:
    """Return the inputs [lane, channel] on the way to `stop`: charted, and each uncharted amount times its share."""
    charted = at(forcing.charted, stop)
    if forcing.share.shape[2] == 0:
        return charted
    share = at(forcing.share, stop)
    return charted + jax.vmap(lambda amount, of: amount @ of)(amounts, share)
