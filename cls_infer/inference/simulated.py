"""Patients and cohorts whose truth is known: drawn from the prior, charted and treated as those of a data set were."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.records import BETWEEN, Event, Measurement, Patient
from ..errors import InputError, Problem
from ..likelihood.measured import recorded, scattered, unit_noise
from ..likelihood.noise import Scatter, total_scale
from ..likelihood.posterior import Posterior
from ..solve.lanes import Route
from ..solve.plan import Plan, plan_along, start_of, usable, used
from ..solve.route import route_of
from .accuracy import TIGHT
from .apart import VALUES, Apart
from .copies import copies
from .lanes import over_lanes
from .posteriors import Posteriors
from .whole import Whole

MOST_DRAWN = 2000
"""Truths drawn for each patient kept, at most: fewer would pass only if nearly none were possible."""


class Drawn(NamedTuple):
    """How many truths were drawn in all, how many of them left the healthy ranges, could not be solved, or were of
    patients who died before the last measurement."""

    truths: int
    unhealthy: int
    failed: int
    died: int


@dataclass(frozen=True)
class Simulated:
    """Simulated patients, each a fit, or where they share parameters cohorts, each a fit.

    Attributes:
        design: the target that says who shares what.
        fit: all patients, as a target in which they share nothing, one cohort behind another.
        truth: of each fit [fit, dim].
        like: which patient of the data set each patient is like [patient].
        drawn: how many truths it took.
    """

    design: Posterior
    fit: Posterior
    truth: np.ndarray
    like: np.ndarray
    drawn: Drawn

    @property
    def posteriors(self) -> Posteriors:
        """Each fit's posterior."""
        return _posteriors(self.design, self.fit)

    def alone(self, number: int) -> Posterior:
        """Return the target of one fit."""
        if are_alone(self.design):
            return copies(self.fit, [number])
        patients = len(self.design.plan.patients)
        rows = range(number * patients, (number + 1) * patients)
        its = copies(self.fit, rows, names=self.design.plan.patients)
        return replace(self.design, cohort=its.cohort, plan=its.plan, tolerance=self.fit.tolerance)


def are_alone(design: Posterior) -> bool:
    """Return whether patients share no parameter: each is a fit then, an assay's offset its own."""
    return len(design.plan.patients) == 1 or all(slot.scope == "patient" for slot in design.pooling.parameters)


def _posteriors(design: Posterior, charted: Posterior) -> Posteriors:
    """Return the posteriors of patients who share what those of a design do."""
    if are_alone(design):
        return Apart(charted)
    fits = len(charted.plan.patients) // len(design.plan.patients)
    names = tuple(f"{design.cohort.name}#{number}" for number in range(1, fits + 1))
    return Whole(replace(design, tolerance=charted.tolerance), names, charted)


class Seen(NamedTuple):
    """Predictions at the truth [fit, patient, obs], the noise about them, the solver's status and the logarithm of the
    probability to live so long [fit, patient]."""

    mean: Any
    scatter: Scatter
    status: Any
    log_survival: Any


def simulate(design: Posterior, fits: int, *, seed: int) -> Simulated:
    r"""Return `fits` patients, or cohorts where patients share anything, drawn from the joint law of truth and chart
    that the posterior of `design` assumes.

    A truth is drawn from the priors, kept with the probability $e^{\log h}$ that the healthy ranges leave it, solved
    at rtol 1e-10, and kept with the probability to live to the last measurement. Where a time is uncertain the sample
    is taken at a time drawn about the stated one. The chart then holds a number, a limit or an interval as the data
    set's own row would.

    Args:
        design: a target. If its patients share nothing, fits take their designs in turn; else every fit has them all.
        fits: how many.
        seed: of every random number.

    Raises:
        InputError: fewer than one fit, or hardly any truth that can be solved.
    """
    if fits < 1:
        raise InputError([Problem("calibrate", f"{fits} fits", remedy="ask for 1 or more")])
    rng = np.random.default_rng([seed, fits])
    count = len(design.plan.patients)
    like = np.arange(fits if are_alone(design) else fits * count) % count
    names = [f"{design.plan.patients[i]}#{number}" for number, i in enumerate(like, start=1)]
    stated = copies(design, like.tolist(), names=names)
    true = replace(stated, plan=_at_true_times(stated, rng), tolerance=TIGHT)
    truth, seen, drawn = _truths(_posteriors(design, true), fits, rng)
    by_patient = jax.tree.map(lambda a: a.reshape(-1, *a.shape[2:]), seen)
    return Simulated(design, _charted(stated, like, by_patient, rng), truth, like, drawn)


def _truths(true: Posteriors, fits: int, rng: np.random.Generator) -> tuple[np.ndarray, Seen, Drawn]:
    """Return each fit's truth [fit, dim], what is seen at it, and how many were drawn."""
    look = over_lanes(partial(_look, true), max(1, VALUES // true.patients))
    mask = true.everyone.plan.chart.mask
    mask = mask.reshape(fits, true.patients, -1)
    left = np.arange(fits)
    parts, drawn, failed, died, unhealthy = [], 0, 0, 0, 0
    while len(left):
        points, more = _from_prior(true, left, rng)
        found: Seen = look(points, left)
        usable = (found.status == 0) & np.all(np.isfinite(found.mean) | ~mask[left], axis=2)
        solved = usable.all(axis=1)
        survival = np.where(usable, found.log_survival, 0.0).sum(axis=1)
        kept = solved & (rng.random(len(left)) < np.exp(survival))
        drawn, unhealthy = drawn + more, unhealthy + more - len(left)
        failed, died = failed + np.sum(~solved), died + np.sum(solved & ~kept)
        parts.append(jax.tree.map(lambda a, kept=kept: a[kept], (left, points, found)))
        left = left[~kept]
        _check_possible(drawn, len(left), fits)
    whose, truth, seen = jax.tree.map(lambda *pieces: np.concatenate(pieces), *parts)
    order = np.argsort(whose)
    truth, seen = jax.tree.map(lambda a: a[order], (truth, seen))
    return truth, seen, Drawn(drawn, unhealthy, int(failed), int(died))


def _from_prior(true: Posteriors, fits: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return points [lane, dim] of these fits [lane] from the prior and its healthy ranges, and how many it took.

    Rejection is exact: the ranges' density is at most 1.
    """
    points = np.zeros((len(fits), true.dimension))
    left, drawn = np.arange(len(fits)), 0
    while len(left):
        points[left] = rng.standard_normal((len(left), true.dimension))
        drawn += len(left)
        left = left[rng.random(len(left)) >= np.exp(true.log_health(points[left], fits[left]))]
        _check_possible(drawn, len(left), len(fits))
    return points, drawn


def _check_possible(drawn: int, left: int, wanted: int) -> None:
    """Refuse to go on where hardly any truth is possible."""
    if left and drawn > MOST_DRAWN * wanted:
        message = f"of {drawn} truths drawn from the prior {wanted - left} can be used"
        raise InputError([Problem("calibrate", message, remedy="look at the model's priors and healthy ranges")])


def _look(true: Posteriors, points: jax.Array, which: jax.Array) -> Seen:
    coordinates, patient = true.lanes(points, which)
    predicted = true.everyone.predicted(coordinates, patient)
    scatter = Scatter(*map(jnp.asarray, true.everyone.scatter(coordinates, patient)))
    found = Seen(predicted.mean, scatter, predicted.status, predicted.log_survival)
    return jax.tree.map(lambda a: a.reshape(len(points), true.patients, *a.shape[1:]), found)


def _at_true_times(stated: Posterior, rng: np.random.Generator) -> Plan:
    """Return the plan in which every sample is taken at a time drawn about its stated one, and no time is uncertain."""
    if not stated.plan.chart.time_sd.any():
        return stated.plan
    model, slots = stated.model, stated.plan.slots
    patients, starts, routes = [], [], []
    ends = np.max(stated.plan.route.stops, axis=1)  # to have lived until then is part of the likelihood
    for patient, end in zip(stated.cohort.patients, ends, strict=True):
        rows = used(model, patient)
        true = [replace(m, time=m.time + m.time_sd * rng.standard_normal(), time_sd=0.0) for m in rows]
        patients.append(replace(patient, measurements=tuple(true)))
        starts.append(start_of(model, patient))
        routes.append(partial(_route, starts[-1], end, usable(model, patient), slots))
    return plan_along(model, patients, starts, routes, slots=slots, assays=stated.plan.assays)


def _route(start: float, end: float, given: Sequence[Event], slots: int, times: Sequence[float]) -> Route:
    return route_of(start, [*times, end], given, slots=slots)


def _charted(stated: Posterior, like: np.ndarray, seen: Seen, rng: np.random.Generator) -> Posterior:
    """Return the target of the charts that these predictions come to: plan and cohort hold the new values."""
    chart = stated.plan.chart
    values = _measured(stated, seen, rng)
    value, upper, censoring = (np.array(a) for a in (chart.value, chart.upper, chart.censoring))
    rows = [used(stated.model, patient) for patient in stated.cohort.patients]
    for one in np.unique(like):
        fits = np.flatnonzero(like == one)
        for column, row in enumerate(rows[fits[0]]):
            reported = recorded(row, values[fits, column])
            value[fits, column], upper[fits, column], censoring[fits, column] = reported
    reports = zip(value, upper, censoring, strict=True)
    patients = [
        _with_values(patient, charted, list(zip(*report, strict=True)))
        for patient, charted, report in zip(stated.cohort.patients, rows, reports, strict=True)
    ]
    filled = chart._replace(value=value, upper=upper, censoring=censoring)
    cohort = replace(stated.cohort, patients=tuple(patients))
    return replace(stated, cohort=cohort, plan=replace(stated.plan, chart=filled))


def _measured(stated: Posterior, seen: Seen, rng: np.random.Generator) -> np.ndarray:
    """Return values [fit, obs] scattered about their predictions."""
    scatter = seen.scatter
    scale = total_scale(seen.mean, np.zeros_like(seen.mean), scatter, stated.plan.chart.extra_sd)
    unit = unit_noise(seen.mean.shape, scatter.shape, scatter.df, rng=rng)
    return scattered(seen.mean, np.asarray(scale), unit, scatter.shape)


def _with_values(patient: Patient, rows: list[Measurement], columns: list[tuple]) -> Patient:
    """Return the patient with the chart that was simulated; what the model does not predict is left out."""
    charted = [
        replace(row, value=float(value), censoring=int(side), upper=float(upper) if side == BETWEEN else None)
        for row, (value, upper, side) in zip(rows, columns, strict=False)
    ]
    return replace(patient, measurements=tuple(charted))
