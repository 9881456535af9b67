"""Predictions of a chart's measurements over their uncertain times, for many lanes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..physiology.inputs import REST
from .ends import to_their_ends
from .lanes import NO_HEALTH, Case, Route, Solve, inputs_along
from .plan import Chart
from .states import pointwise
from .system import System
from .uncertain_time import moments


class Predicted(NamedTuple):
    """Mean and variance of each prediction over its uncertain time [lane, obs], the solver's status [lane], where the
    healthy ranges' quantities lie [lane, range], and the log probability to have lived to the end [lane]."""

    mean: jax.Array
    time_variance: jax.Array
    status: jax.Array
    in_health: jax.Array
    log_survival: jax.Array


type Observe = Callable[..., jax.Array]

type OverLanes = Callable[[Callable[..., jax.Array]], Callable[..., jax.Array]]
"""From a function of one lane to that of arrays of many: `pointwise`, or `pointwise_forward` where tangents are
wanted, or `jax.vmap`, which has both and takes longer to compile."""

type Predict = Callable[[Any, jax.Array, Route, Chart], Predicted]


class Along(NamedTuple):
    """Everything along the routes; place 0 is health at the start. `in_health` says where the healthy ranges'
    quantities lie [lane, range]."""

    t: jax.Array
    y: jax.Array
    numbers: jax.Array
    u: jax.Array
    status: jax.Array
    in_health: jax.Array


def along_route(
    system: System,
    solve: Solve,
    values: tuple,
    amounts: jax.Array,
    route: Route,
    *,
    over_lanes: OverLanes = pointwise,
) -> Along:
    """Return times [lane, stop + 1], states, inputs and status from free values [lane] and uncharted amounts and ends.

    A lane without a steady state in health goes nowhere: all its stops are its start.
    """
    rows = over_lanes(system.beginning)(jnp.stack([jnp.asarray(value, float) for value in values], axis=1))
    y0, numbers, steady, in_health = system.begun(rows)
    ways, amounts, own = to_their_ends(route, amounts)
    ways = ways._replace(stops=jnp.where(steady[:, None], ways.stops, jnp.asarray(route.start)[:, None]))
    states, status = solve(y0, Case(numbers, amounts), ways)
    rest = jnp.broadcast_to(jnp.array(REST, float), (y0.shape[0], 1, len(REST)))
    return Along(
        t=jnp.concatenate([route.start[:, None], route.stops], axis=1),
        y=jnp.concatenate([y0[:, None], own(states)], axis=1),
        numbers=numbers,
        u=jnp.concatenate([rest, own(inputs_along(ways.forcing, amounts))[..., : len(REST)]], axis=1),
        status=jnp.where(steady, status, NO_HEALTH),
        in_health=in_health,
    )


def at_stops(observe: Observe, along: Along) -> jax.Array:
    """Return what is observed at every stop [lane, stop + 1, quantity]."""
    lanes, stops = along.t.shape
    numbers = jnp.broadcast_to(along.numbers[:, None], (lanes, stops, along.numbers.shape[1]))
    flat = [a.reshape(lanes * stops, *a.shape[2:]) for a in (along.t, along.y, numbers, along.u)]
    return observe(*flat).reshape(lanes, stops, -1)


def predictor(system: System, solve: Solve, over_lanes: OverLanes) -> Predict:
    """Return the function from free values [lane] to predictions of every measurement.

    A value collected over a window is a difference at every node: an uncertain time shifts the window as a whole.
    """

    observe = over_lanes(system.observe)

    def predict(values: tuple, amounts: jax.Array, route: Route, chart: Chart) -> Predicted:
        along = along_route(system, solve, values, amounts, route, over_lanes=over_lanes)
        observed = at_stops(observe, along)

        def pick(table: jax.Array, chart: Chart) -> jax.Array:
            variable = chart.variable[:, None]
            since = jnp.where(chart.since < 0, 0.0, table[jnp.maximum(chart.since, 0), variable])
            return table[chart.stop, variable] - since

        mean, time_variance = moments(jax.vmap(pick)(observed, chart))
        return Predicted(
            mean, time_variance, along.status, along.in_health, jax.vmap(system.log_survival)(along.y[:, -1])
        )

    return predict
