"""What a calibration ranks, of many fits' draws at once: parameters, the log-likelihood, quantities over time."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.records import Patient
from ..inference.apart import VALUES, Apart
from ..inference.lanes import over_lanes
from ..likelihood.posterior import Posterior
from ..model.spec import Model
from ..solve.lattice import lattice, quantities_at
from ..solve.plan import start_of
from ..solve.predict import along_route
from ..solve.states import reverse_solver

POINTS = 25
"""Times at which a quantity's largest value is looked for, evenly from health to the last measurement."""

LOG_LIKELIHOOD = "log-likelihood"

type Table = dict[str, np.ndarray]
"""Numbers [lane] by what they are of."""


def tabulate(target: Posterior, like: np.ndarray) -> Callable[[np.ndarray, np.ndarray], Table]:
    """Return the function from points [lane, dim] of fits [lane] to every number that is ranked [lane].

    They are the parameters, uncharted amounts and assays' offsets that anybody's fit estimates; the log-likelihood of
    the fit's own chart; and of every observable and derived quantity its largest and its last value, NaN where a solve
    failed.

    Args:
        target: the fits.
        like: which patient of the data set each fit is like [fit].
    """
    apart = Apart(target)
    numbers, likelihood = (over_lanes(fun(apart), VALUES) for fun in (_numbers, _log_likelihood))
    courses = over_lanes(_courses(apart, like), VALUES)
    names = [slot.name for slot in target.pooling.slots if not slot.is_offset]
    offsets = [slot.name for slot in target.pooling.slots if slot.is_offset]
    kept = [apart.target.pooling.slots[i].name for i in apart.free]
    quantities = (*target.model.observables, *target.model.derived)

    def table(points: np.ndarray, fit: np.ndarray) -> Table:
        by_name = dict(zip((*names, *offsets), numbers(points, fit).T, strict=True))
        found = {name: by_name[name] for name in kept}
        found[LOG_LIKELIHOOD] = likelihood(points, fit)
        largest, last = courses(points, fit)
        for i, name in enumerate(quantities):
            found |= {f"largest {name}": largest[:, i], f"last {name}": last[:, i]}
        return found

    return table


def _numbers(apart: Apart) -> Callable[[jax.Array, jax.Array], jax.Array]:
    pooling = apart.target.pooling

    def values(points: jax.Array, fit: jax.Array) -> jax.Array:
        coordinates = apart.coordinates(points)
        own, amounts = pooling.values_of(coordinates, fit)
        return jnp.concatenate([jnp.stack(own, axis=1), amounts, pooling.offsets(coordinates, fit)], axis=1)

    return values


def _log_likelihood(apart: Apart) -> Callable[[jax.Array, jax.Array], jax.Array]:
    return lambda points, fit: apart.target.by_patient(apart.coordinates(points), fit).log_likelihood


def _courses(apart: Apart, like: np.ndarray) -> Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Return what computes every quantity's largest and last value [lane, quantity]."""
    target = apart.target
    system, model = target.system, target.model
    first = [int(np.flatnonzero(like == one)[0]) for one in range(int(np.max(like)) + 1)]  # a fit of each design
    patients = [target.cohort.patients[i] for i in first]
    route, place = lattice(model, patients, [_grid(model, one) for one in patients], slots=target.plan.slots)
    solve = reverse_solver(system.rhs, system.floor, target.tolerance)

    def extremes(points: jax.Array, fit: jax.Array) -> tuple[jax.Array, jax.Array]:
        design = jnp.asarray(like)[fit]
        values, amounts = target.pooling.values_of(apart.coordinates(points), fit)
        own = jax.tree.map(lambda a: jnp.asarray(a)[design], route)
        along = along_route(system, solve, values, amounts, own)
        found = quantities_at(system, along, jnp.asarray(place)[design])
        found = jnp.where((along.status == 0)[:, None, None], found, jnp.nan)
        return jnp.max(found, axis=1), found[:, -1]

    return extremes


def _grid(model: Model, patient: Patient) -> np.ndarray:
    """Return the times [point] at which a patient is looked at."""
    start = start_of(model, patient)
    return np.linspace(start, max([*(m.time for m in patient.measurements), start + 1.0]), POINTS)
