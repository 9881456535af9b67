"""What a calibration ranks, of many fits' draws at once: parameters, the log-likelihood, quantities over time."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.records import Patient
from ..inference.apart import VALUES
from ..inference.lanes import over_lanes
from ..inference.posteriors import Posteriors
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import Terms
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


def tabulate(posteriors: Posteriors, like: np.ndarray) -> Callable[[np.ndarray, np.ndarray], Table]:
    """Return the function from points [lane, dim] of fits [lane] to every number that is ranked [lane].

    They are the parameters, uncharted amounts and assays' offsets that anybody's fit estimates; the log-likelihood of
    the fit's own chart; and of every observable and derived quantity its largest and its last value, NaN where a solve
    failed. Of a cohort they are of one of its patients, who take turns from fit to fit, but for the log-likelihood,
    which is of all; and there are the coordinates of the population's law.

    Args:
        posteriors: the fits'.
        like: which patient of the data set each patient of all fits is like [patient].
    """
    block = max(1, VALUES // posteriors.patients)
    numbers, likelihood = (over_lanes(fun(posteriors), block) for fun in (_numbers, _log_likelihood))
    courses = over_lanes(_courses(posteriors, like), block)
    pooling = posteriors.everyone.pooling
    estimated = [slot for slot in posteriors.target.pooling.slots if slot.size]
    names = [slot.name for slot in pooling.slots if not slot.is_offset]
    offsets = [slot.name for slot in pooling.slots if slot.is_offset]
    quantities = (*posteriors.target.model.observables, *posteriors.target.model.derived)

    def table(points: np.ndarray, fit: np.ndarray) -> Table:
        by_name = dict(zip((*names, *offsets), numbers(points, fit).T, strict=True))
        found = {slot.name: by_name[slot.name] for slot in estimated} | _of_law(posteriors.target.pooling, points)
        found[LOG_LIKELIHOOD] = likelihood(points, fit)
        largest, last = courses(points, fit)
        for i, name in enumerate(quantities):
            found |= {f"largest {name}": largest[:, i], f"last {name}": last[:, i]}
        return found

    return table


def _of_law(pooling: Pooling, points: np.ndarray) -> Table:
    """Return the coordinates of the population's law [lane] at points [lane, dim], by what they are of."""
    labels = pooling.labels()
    return {labels[at]: points[:, at] for at in pooling.law_at}


def _of_one(posteriors: Posteriors, points: jax.Array, fit: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return coordinates [lane, slot] and place [lane] of one patient of each fit [lane], whose number says which."""
    coordinates, patient = posteriors.lanes(points, fit)
    turn = jnp.arange(len(points)) * posteriors.patients + fit % posteriors.patients
    return coordinates[turn], patient[turn]


def _numbers(posteriors: Posteriors) -> Callable[[jax.Array, jax.Array], jax.Array]:
    pooling = posteriors.everyone.pooling
    return lambda points, fit: pooling.all_values_of(*_of_one(posteriors, points, fit))


def _log_likelihood(posteriors: Posteriors) -> Callable[[jax.Array, jax.Array], jax.Array]:
    def of_all(points: jax.Array, fit: jax.Array) -> jax.Array:
        terms: Terms = posteriors.everyone.by_patient(*posteriors.lanes(points, fit))
        return jnp.sum(terms.log_likelihood.reshape(-1, posteriors.patients), axis=1)

    return of_all


def _courses(posteriors: Posteriors, like: np.ndarray) -> Callable[[jax.Array, jax.Array], tuple[jax.Array, jax.Array]]:
    """Return what computes every quantity's largest and last value [lane, quantity]."""
    target = posteriors.everyone
    system, model = target.system, target.model
    first = [int(np.flatnonzero(like == one)[0]) for one in range(int(np.max(like)) + 1)]  # a fit of each design
    patients = [target.cohort.patients[i] for i in first]
    route, place = lattice(model, patients, [_grid(model, one) for one in patients], slots=target.plan.slots)
    solve = reverse_solver(system.rhs, system.floor, target.tolerance)

    def extremes(points: jax.Array, fit: jax.Array) -> tuple[jax.Array, jax.Array]:
        coordinates, patient = _of_one(posteriors, points, fit)
        design = jnp.asarray(like)[patient]
        values, amounts = target.pooling.values_of(coordinates, patient)
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
