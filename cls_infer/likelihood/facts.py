"""The numbers of a cohort, apart from the form of its posterior: one program serves all cohorts of a form.

Whatever is closed over becomes part of a program. So routes, charts and priors are handed to it instead, padded to
shapes of a few sizes: a patient of like size needs no other program, and another session finds it kept.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import numpy as np

from ..solve.lanes import Route
from ..solve.longer import longer
from ..solve.plan import Chart, Plan
from ..solve.route import resting


class Facts(NamedTuple):
    """Routes [patient, stop] and charts [patient, obs], both padded; the priors' numbers by family, each [patient,
    slot]; how much of a healthy range each patient counts [range]."""

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


def coarse(count: int, least: int = 16) -> int:
    """Return the next power of 2, and some at least: the size for charts that differ much, so that few programs serve
    all of them."""
    return max(least, 1 << (count - 1).bit_length())


def padded(plan: Plan, room: Callable[[int], int] = bucket) -> tuple[Route, Chart]:
    """Return routes and charts of a bucket's size, or the size that there is `room` for: routes rest at their last
    stop, and measurements beyond the last are masked."""
    route, chart = plan.route, plan.chart
    stops, measurements = room(route.stops.shape[1]), room(chart.value.shape[1])
    chart = jax.tree.map(partial(longer, size=measurements, axis=1), chart)
    there = np.arange(measurements)[None] < plan.chart.mask.shape[1]
    return resting(route, stops), chart._replace(mask=chart.mask & there)


def in_company(facts: Facts, least: int = 0) -> Facts:
    """Return the facts of a bucket of patients, `least` of them at least, the last standing for those there are not.

    For programs of lanes that say whose each of them is: they serve cohorts of like size.
    """
    size = max(bucket(len(facts.chart.value)), least)
    grown = jax.tree.map(partial(longer, size=size), facts._replace(health_share=None))
    return grown._replace(health_share=facts.health_share)
