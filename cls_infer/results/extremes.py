"""Of every observable and derived quantity the largest and the last value of a course: what a cohort is asked about."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..cohort.records import Patient
from ..inference.apart import VALUES, Apart
from ..inference.evenly import evenly
from ..inference.lanes import lanes_of, lanes_program
from ..likelihood.facts import Facts, coarse
from ..model.spec import Model
from ..solve.lanes import Route
from ..solve.lattice import lattice, quantities_at
from ..solve.longer import longer
from ..solve.plan import start_of
from ..solve.predict import along_route
from ..solve.route import resting
from ..solve.states import reverse_solver

POINTS = 25
"""Times at which a quantity's largest value is looked for, evenly from health to the last measurement."""

DRAWS = 400
"""Draws of a patient that are followed, of all chains together."""


def extremes(posteriors: Apart, z: np.ndarray, coords: dict[str, Any]) -> xr.Dataset:
    """Return `largest NAME` and `last NAME` of every quantity [chain, draw, patient] of some draws z
    [chain, draw, patient, dim], in single precision, NaN where a solve failed.

    All are solved at the tolerance that every patient began with, also where a finer one was needed to weigh draws.
    """
    model = posteriors.target.model
    some = evenly(z.shape[1], max(1, DRAWS // z.shape[0]))
    few = z[:, some]
    which = np.tile(np.arange(z.shape[2]), few.shape[0] * few.shape[1])
    found = _followed(posteriors)(few.reshape(-1, z.shape[-1]), which)
    units = {name: one.unit for name, one in {**model.observables, **model.derived}.items()}
    data = {}
    for word, table in zip(("largest", "last"), found, strict=True):
        by_name = np.asarray(table, np.float32).reshape(*few.shape[:3], -1)
        for place, (name, unit) in enumerate(units.items()):
            data[f"{word} {name}"] = (("chain", "draw", "patient"), by_name[..., place], {"unit": unit})
    return xr.Dataset(data, coords={**coords, "draw": some})


def _followed(posteriors: Apart) -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Return what computes every quantity's largest and last value [lane, quantity] at points [lane, dim]."""
    target = posteriors.target
    route, place = _routes(posteriors)
    system, solve = target.system, reverse_solver(target.system.rhs, target.system.floor, target.tolerance)

    def follow(facts: Facts, route: Route, place: jax.Array, points: jax.Array, patient: jax.Array) -> Any:
        pooling = target.with_facts(facts).pooling
        values, amounts = pooling.values_of(posteriors.coordinates(points), patient)
        own = jax.tree.map(lambda a: jnp.asarray(a)[patient], route)
        along = along_route(system, solve, values, amounts, own)
        found = quantities_at(system, along, jnp.asarray(place)[patient])
        found = jnp.where((along.status == 0)[:, None, None], found, jnp.nan)
        return jnp.max(found, axis=1), found[:, -1]

    key = ("extremes", posteriors.form, route.stops.shape)
    program = posteriors.programs.once(key, lambda: lanes_program(follow, VALUES, known=3))
    return lanes_of(program, posteriors.facts, route, place)


def _routes(posteriors: Apart) -> tuple[Route, np.ndarray]:
    """Return every patient's route through its grid of times and their places along it, of one size for patients whose
    charts are of one size."""
    target, patients = posteriors.target, posteriors.target.cohort.patients
    grids = [_grid(target.model, one) for one in patients]
    route, place = lattice(target.model, patients, grids, slots=target.plan.slots)
    size = coarse(target.plan.route.stops.shape[1]) + coarse(POINTS)
    company = len(posteriors.facts.chart.value)
    return jax.tree.map(partial(longer, size=company), (resting(route, size), place))


def _grid(model: Model, patient: Patient) -> np.ndarray:
    """Return the times [point] at which a patient is looked at."""
    start = start_of(model, patient)
    return np.linspace(start, max([*(m.time for m in patient.measurements), start + 1.0]), POINTS)
