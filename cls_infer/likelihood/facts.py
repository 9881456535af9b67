"""The numbers of a cohort, apart from the form of its posterior: one program serves all cohorts of a form.

Whatever is closed over becomes part of a program. So routes, charts and priors are handed to it instead, padded to
shapes of a few sizes: a patient of like size needs no other program, and another session finds it kept.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from ..solve.lanes import Route
from ..solve.plan import Chart, Plan


class Facts(NamedTuple):
    """Routes [patient, stop] and charts [patient, obs], both padded; the priors' numbers of every slot, each [patient];
    how much of a healthy range each patient counts [range]."""

    route: Route
    chart: Chart
    priors: tuple[tuple[np.ndarray | jax.Array, ...], ...]
    health_share: np.ndarray | jax.Array


def bucket(count: int) -> int:
    """Return the size that a number of stops or measurements is padded to.

    A multiple of a quarter to an eighth of itself, and of 4 at least: sizes are few, and what is wasted is little.
    """
    step = 4
    while 8 * step < count:
        step *= 2
    return -(-count // step) * step


def padded(plan: Plan) -> tuple[Route, Chart]:
    """Return routes and charts of a bucket's size: routes rest at their last stop, and measurements beyond the last are
    masked."""
    route, chart = plan.route, plan.chart
    stops, measurements = bucket(route.stops.shape[1]), bucket(chart.value.shape[1])
    along = _longer(stops)
    route = route._replace(stops=along(route.stops), forcing=jax.tree.map(along, route.forcing))
    chart = jax.tree.map(_longer(measurements), chart)
    there = np.arange(measurements) < plan.chart.mask.shape[1]
    return route, chart._replace(mask=chart.mask & there)


def in_company(facts: Facts) -> Facts:
    """Return the facts of a bucket of patients, the last standing for those there are not.

    For programs of lanes that say whose each of them is: they serve cohorts of like size.
    """
    size = bucket(len(facts.chart.value))
    grown = jax.tree.map(_longer(size, axis=0), facts._replace(health_share=None))
    return grown._replace(health_share=facts.health_share)


def _longer(size: int, axis: int = 1) -> Callable[[Any], np.ndarray]:
    """Return what repeats the last place of an array's axis up to this size."""

    def longer(a: Any) -> np.ndarray:
        a = np.asarray(a)
        last = np.take(a, [-1], axis=axis)
        return np.concatenate([a, np.repeat(last, size - a.shape[axis], axis=axis)], axis=axis)

    return longer
