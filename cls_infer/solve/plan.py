"""One cohort seen by one model: routes, and every measurement's place along them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Cohort, Measurement, Patient
from ..errors import InputError, Problem
from ..model.onset import earliest
from ..model.spec import Model
from .lanes import Route
from .route import route_of, stack_routes, uncharted
from .uncertain_time import WEIGHTS, node_times


class Chart(NamedTuple):
    """The measurements the model predicts, padded to [patient, obs].

    `stop` and `since` [patient, obs, node] index the states along the route at the nodes of an uncertain time, one
    place thrice where the time is known: 0 is health before the start, and `since` is where a window began, -1
    unless the value was collected over one. `mask` is False where a patient has fewer measurements.
    """

    value: np.ndarray
    variable: np.ndarray
    stop: np.ndarray
    since: np.ndarray
    censoring: np.ndarray
    time_sd: np.ndarray
    extra_sd: np.ndarray
    mask: np.ndarray
    time: np.ndarray
    row: np.ndarray


@dataclass(frozen=True)
class Unused:
    """A row that this model cannot use, and why."""

    patient: str
    row: int
    what: str
    reason: str


@dataclass(frozen=True)
class Plan:
    """Everything a solve and a likelihood need of the cohort."""

    patients: tuple[str, ...]
    route: Route
    chart: Chart
    slots: int
    unused: tuple[Unused, ...]


def start_of(model: Model, patient: Patient) -> float:
    """Return when the simulation of this patient starts, in health [h].

    `lead_in` hours before the earliest that what the model describes can begin, and never after the first therapy.
    """
    start = 0.0
    if model.begins:
        start = earliest(model.parameters[model.begins].prior_of(patient.known)) - model.lead_in
    return min([start, *(event.start for event in patient.therapy)])


def plan(model: Model, cohort: Cohort) -> Plan:
    """Lay out a cohort for a model; rows the model has no use for are listed, not dropped in silence.

    Raises:
        InputError: patients of whom the model predicts nothing that was measured.
    """
    _check_measured(model, cohort)
    slots = max((len(uncharted(usable(model, patient))) for patient in cohort.patients), default=0)
    routes, rows = [], []
    for patient in cohort.patients:
        route, places = _one(model, patient, slots)
        routes.append(route)
        rows.append(places)
    return Plan(
        patients=tuple(patient.name for patient in cohort.patients),
        route=stack_routes(routes),
        chart=_stack(rows),
        slots=slots,
        unused=tuple(u for patient in cohort.patients for u in _unused(model, patient)),
    )


def usable(model: Model, patient: Patient) -> list:
    """Return the patient's therapy that changes something in this model."""
    return [event for event in patient.therapy if set(ITEMS[event.item].per_unit) & set(model.channels)]


def _unused(model: Model, patient: Patient) -> list[Unused]:
    lacking = [
        Unused(patient.name, m.row, m.variable, f"`{model.name}` does not predict it")
        for m in patient.measurements
        if m.variable not in model.observables
    ]
    idle = [
        Unused(patient.name, event.row, event.item, f"`{model.name}` has no place for it")
        for event in patient.therapy
        if event not in usable(model, patient)
    ]
    return lacking + idle


def _one(model: Model, patient: Patient, slots: int) -> tuple[Route, list[tuple]]:
    start = start_of(model, patient)
    measured = [m for m in patient.measurements if m.variable in model.observables]
    return _through(model, measured, start, lambda times: route_of(start, times, usable(model, patient), slots=slots))


def plan_along(
    model: Model,
    patients: Sequence[Patient],
    starts: Sequence[float],
    routes: Sequence[Callable[[Sequence[float]], Route]],
    *,
    slots: int,
) -> Plan:
    """Return the plan of patients on routes of their own making; all that was measured must be predicted.

    Args:
        model: the model.
        patients: whose measurements to predict, in order.
        starts: when each simulation starts, in health [h].
        routes: of each patient, what makes the route through given times.
        slots: number of uncharted amounts.
    """
    found = [
        _through(model, patient.measurements, start, through)
        for patient, start, through in zip(patients, starts, routes, strict=True)
    ]
    names = tuple(patient.name for patient in patients)
    return Plan(names, stack_routes([route for route, _ in found]), _stack([rows for _, rows in found]), slots, ())


def _through(
    model: Model, measured: Sequence[Measurement], start: float, through: Callable[[Sequence[float]], Route]
) -> tuple[Route, list[tuple]]:
    """Return the route through all times of the measurements, and every measurement's row of the chart."""
    names = list(model.observables)
    window = np.array([m.window if model.observables[m.variable].accumulates else 0.0 for m in measured])[:, None]
    ends = np.array([node_times(m.time, m.time_sd) for m in measured]).reshape(-1, len(WEIGHTS))  # [obs, node]
    begins = ends - window
    route = through([*ends.flat, *begins.flat])

    def place(times: np.ndarray) -> np.ndarray:
        return np.where(times >= start, np.searchsorted(route.stops, times) + 1, 0)

    places = []
    for m, stop, since in zip(measured, place(ends), np.where(window > 0, place(begins), -1), strict=True):
        rest = (m.time_sd, m.extra_sd, True, m.time, m.row)
        places.append((m.value, names.index(m.variable), stop, since, m.censoring, *rest))
    return route, places


def _stack(rows: Sequence[list[tuple]]) -> Chart:
    longest = max((len(r) for r in rows), default=0)
    nowhere = np.zeros_like(WEIGHTS, int)
    blank = (1.0, 0, nowhere, nowhere - 1, 0, 0.0, 0.0, False, 0.0, 0)
    columns = zip(*(zip(*(r + [blank] * (longest - len(r))), strict=True) for r in rows), strict=True)
    return Chart(*(np.array(column) for column in columns))


def _check_measured(model: Model, cohort: Cohort) -> None:
    """Refuse patients of whom the model sees nothing: their posterior would be the prior in disguise."""
    known = set(model.observables)
    blank = [p.name for p in cohort.patients if not known & {m.variable for m in p.measurements}]
    predicts = f"`{model.name}` predicts {', '.join(model.observables)}"
    remedy = f"{predicts}; leave the patient out, or move `--until`"
    if blank:
        raise InputError([Problem("fit", f"patient `{name}` has nothing to fit", remedy=remedy) for name in blank])
