"""One cohort seen by one model: routes, and every measurement's place along them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..cohort.assays import offset_sd
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
    unless the value was collected over one. `upper` is the upper end of an interval, else `value`; `assay` the number,
    from 1, among the plan's offsets, 0 where there is none. `mask` is False where a patient has fewer measurements.
    """

    value: np.ndarray
    upper: np.ndarray
    variable: np.ndarray
    stop: np.ndarray
    since: np.ndarray
    censoring: np.ndarray
    assay: np.ndarray
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


class Assay(NamedTuple):
    """An assay of a variable, with the prior sd of its offset: of a factor where it is `relative`."""

    variable: str
    name: str
    sd: float
    relative: bool


@dataclass(frozen=True)
class Plan:
    """Everything a solve and a likelihood need of the cohort."""

    patients: tuple[str, ...]
    route: Route
    chart: Chart
    slots: int
    unused: tuple[Unused, ...]
    assays: tuple[Assay, ...] = ()


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
    assays = assays_of(model, cohort)
    slots = max((len(uncharted(usable(model, patient))) for patient in cohort.patients), default=0)
    routes, rows = [], []
    for patient in cohort.patients:
        route, places = _one(model, patient, slots, assays)
        routes.append(route)
        rows.append(places)
    return Plan(
        patients=tuple(patient.name for patient in cohort.patients),
        route=stack_routes(routes),
        chart=_stack(rows),
        slots=slots,
        unused=tuple(u for patient in cohort.patients for u in _unused(model, patient)),
        assays=assays,
    )


def assays_of(model: Model, cohort: Cohort) -> tuple[Assay, ...]:
    """Return the assays whose offsets the model's predictions take, in the order of the cohort."""
    named = [(m.variable, m.assay) for p in cohort.patients for m in used(model, p) if m.assay]
    found = []
    for variable, name in dict.fromkeys(named):
        relative = model.observables[variable].noise.shape == "lognormal"
        sd = offset_sd(variable, relative=relative)
        assert sd is not None  # a posterior refuses the others
        found.append(Assay(variable, name, sd, relative))
    return tuple(found)


def used(model: Model, patient: Patient) -> list[Measurement]:
    """Return the patient's measurements that the model predicts."""
    return [m for m in patient.measurements if not _why_not(model, patient, m)]


def _why_not(model: Model, patient: Patient, m: Measurement) -> str:
    """Say why the model does not predict a measurement; nothing where it does."""
    if m.variable not in model.observables:
        return f"`{model.name}` does not predict it"
    start = start_of(model, patient)
    if model.observables[m.variable].accumulates and m.time - m.window < start:
        return f"collected from {m.time - m.window:g} h, before the simulation starts at {start:g} h"
    return ""


def usable(model: Model, patient: Patient) -> list:
    """Return the patient's therapy that changes something in this model."""
    return [event for event in patient.therapy if set(ITEMS[event.item].per_unit) & set(model.channels)]


def _unused(model: Model, patient: Patient) -> list[Unused]:
    lacking = [
        Unused(patient.name, m.row, m.variable, reason)
        for m in patient.measurements
        if (reason := _why_not(model, patient, m))
    ]
    idle = [
        Unused(patient.name, event.row, event.item, f"`{model.name}` has no place for it")
        for event in patient.therapy
        if event not in usable(model, patient)
    ]
    return lacking + idle


def _one(model: Model, patient: Patient, slots: int, assays: Sequence[Assay]) -> tuple[Route, list[tuple]]:
    start = start_of(model, patient)
    given = usable(model, patient)
    return _through(
        model, used(model, patient), start, assays, lambda times: route_of(start, times, given, slots=slots)
    )


def plan_along(
    model: Model,
    patients: Sequence[Patient],
    starts: Sequence[float],
    routes: Sequence[Callable[[Sequence[float]], Route]],
    *,
    slots: int,
    assays: tuple[Assay, ...],
) -> Plan:
    """Return the plan of patients on routes of their own making; all that was measured must be predicted.

    Args:
        model: the model.
        patients: whose measurements to predict, in order.
        starts: when each simulation starts, in health [h].
        routes: of each patient, what makes the route through given times.
        slots: number of uncharted amounts.
        assays: those whose offsets the predictions take, numbered as the fit numbered them.
    """
    found = [
        _through(model, patient.measurements, start, assays, through)
        for patient, start, through in zip(patients, starts, routes, strict=True)
    ]
    names = tuple(patient.name for patient in patients)
    return Plan(
        names, stack_routes([route for route, _ in found]), _stack([rows for _, rows in found]), slots, (), assays
    )


def _through(
    model: Model,
    measured: Sequence[Measurement],
    start: float,
    assays: Sequence[Assay],
    through: Callable[[Sequence[float]], Route],
) -> tuple[Route, list[tuple]]:
    """Return the route through all times of the measurements, and every measurement's row of the chart."""
    names = list(model.observables)
    numbers = {(assay.variable, assay.name): number for number, assay in enumerate(assays, start=1)}
    window = np.array([m.window if model.observables[m.variable].accumulates else 0.0 for m in measured])[:, None]
    ends = np.array([node_times(m.time, m.time_sd) for m in measured]).reshape(-1, len(WEIGHTS))  # [obs, node]
    begins = ends - window
    route = through([*ends.flat, *begins.flat])

    def place(times: np.ndarray) -> np.ndarray:
        return np.where(times >= start, np.searchsorted(route.stops, times) + 1, 0)

    places = []
    for m, stop, since in zip(measured, place(ends), np.where(window > 0, place(begins), -1), strict=True):
        upper = m.value if m.upper is None else m.upper
        place_of = (names.index(m.variable), stop, since, m.censoring, numbers.get((m.variable, m.assay), 0))
        places.append((m.value, upper, *place_of, m.time_sd, m.extra_sd, True, m.time, m.row))
    return route, places


def _stack(rows: Sequence[list[tuple]]) -> Chart:
    longest = max((len(r) for r in rows), default=0)
    nowhere = np.zeros_like(WEIGHTS, int)
    blank = (1.0, 1.0, 0, nowhere, nowhere - 1, 0, 0, 0.0, 0.0, False, 0.0, 0)
    columns = zip(*(zip(*(r + [blank] * (longest - len(r))), strict=True) for r in rows), strict=True)
    return Chart(*(np.array(column) for column in columns))


def _check_measured(model: Model, cohort: Cohort) -> None:
    """Refuse patients of whom the model sees nothing: their posterior would be the prior in disguise."""
    if not cohort.patients:
        raise InputError([Problem("fit", f"`{cohort.name}` has no patient", remedy="give at least one")])
    blank = [p.name for p in cohort.patients if not used(model, p)]
    predicts = f"`{model.name}` predicts {', '.join(model.observables)}"
    remedy = f"{predicts}; leave the patient out, or move `--until`"
    if blank:
        raise InputError([Problem("fit", f"patient `{name}` has nothing to fit", remedy=remedy) for name in blank])
