"""Patients whose truth is known: drawn from the prior, measured and treated as a data set's patients were."""

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
    """Simulated patients as a target `fit` of their own, each's `truth` [fit, dim], which patient of the data set each
    is `like` [fit], and how many truths were `drawn`."""

    fit: Posterior
    truth: np.ndarray
    like: np.ndarray
    drawn: Drawn


class Seen(NamedTuple):
    """Predictions at the truth [lane, obs], the noise about them, the solver's status and log survival [lane]."""

    mean: Any
    scatter: Scatter
    status: Any
    log_survival: Any


def simulate(design: Posterior, fits: int, *, seed: int) -> Simulated:
    r"""Return `fits` patients drawn from the joint law of truth and chart that the posterior of `design` assumes.

    A truth is drawn from the priors, kept with the probability $e^{\log h}$ that the healthy ranges leave it, solved
    at rtol 1e-10, and kept with the probability to live to the last measurement. Where a time is uncertain the sample
    is taken at a time drawn about the stated one. The chart then holds a number, a limit or an interval as the data
    set's own row would.

    Args:
        design: a target whose patients share nothing; fits take their designs in turn.
        fits: how many.
        seed: of every random number.

    Raises:
        InputError: fewer than one fit, or hardly any truth that can be solved.
    """
    if fits < 1:
        raise InputError([Problem("calibrate", f"{fits} fits", remedy="ask for 1 or more")])
    rng = np.random.default_rng([seed, fits])
    like = np.arange(fits) % len(design.plan.patients)
    names = [f"{design.plan.patients[i]}#{number}" for number, i in enumerate(like, start=1)]
    stated = copies(design, like.tolist(), names=names)
    true = replace(stated, plan=_at_true_times(stated, rng), tolerance=TIGHT)
    truth, seen, drawn = _truths(true, rng)
    return Simulated(_charted(stated, like, seen, rng), truth, like, drawn)


def _truths(true: Posterior, rng: np.random.Generator) -> tuple[np.ndarray, Seen, Drawn]:
    """Return each patient's truth [fit, dim], what is seen at it, and how many were drawn."""
    apart = Apart(true)
    look = over_lanes(partial(_look, apart), VALUES)
    left = np.arange(len(true.plan.patients))
    parts, drawn, failed, died, unhealthy = [], 0, 0, 0, 0
    while len(left):
        points, more = _from_prior(apart, left, rng)
        found: Seen = look(points, left)
        solved = (found.status == 0) & np.all(np.isfinite(found.mean) | ~true.plan.chart.mask[left], axis=1)
        kept = solved & (rng.random(len(left)) < np.exp(np.where(solved, found.log_survival, 0.0)))
        drawn, unhealthy = drawn + more, unhealthy + more - len(left)
        failed, died = failed + np.sum(~solved), died + np.sum(solved & ~kept)
        parts.append(jax.tree.map(lambda a, kept=kept: a[kept], (left, points, found)))
        left = left[~kept]
        _check_possible(drawn, len(left), len(true.plan.patients))
    whose, truth, seen = jax.tree.map(lambda *pieces: np.concatenate(pieces), *parts)
    order = np.argsort(whose)
    truth, seen = jax.tree.map(lambda a: a[order], (truth, seen))
    return truth, seen, Drawn(drawn, unhealthy, int(failed), int(died))


def _from_prior(apart: Apart, patients: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Return points [lane, dim] of these patients [lane] from the prior and its healthy ranges, and how many it took.

    Rejection is exact: the ranges' density is at most 1.
    """
    points = np.zeros((len(patients), apart.dimension))
    left, drawn = np.arange(len(patients)), 0
    while len(left):
        points[left] = rng.standard_normal((len(left), apart.dimension))
        drawn += len(left)
        left = left[rng.random(len(left)) >= np.exp(apart.log_health(points[left], patients[left]))]
        _check_possible(drawn, len(left), len(patients))
    return points, drawn


def _check_possible(drawn: int, left: int, wanted: int) -> None:
    """Refuse to go on where hardly any truth is possible."""
    if left and drawn > MOST_DRAWN * wanted:
        message = f"of {drawn} truths drawn from the prior {wanted - left} can be used"
        raise InputError([Problem("calibrate", message, remedy="look at the model's priors and healthy ranges")])


def _look(apart: Apart, points: jax.Array, patient: jax.Array) -> Seen:
    target, coordinates = apart.target, apart.coordinates(points)
    predicted = target.predicted(coordinates, patient)
    scatter = target.scatter(coordinates, patient)
    survival = predicted.log_survival
    return Seen(predicted.mean, Scatter(*map(jnp.asarray, scatter)), predicted.status, survival)


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
