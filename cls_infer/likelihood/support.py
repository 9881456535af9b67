"""Measurements that a model's noise cannot give, therapy that means nothing: refused before anything is solved."""

from collections.abc import Iterator
from math import isfinite

from ..cohort.assays import offset_sd
from ..cohort.records import BETWEEN, Cohort, Measurement
from ..cohort.vocabulary import VARIABLES
from ..errors import InputError, Problem
from ..model.spec import Model
from ..solve.possible import broken_event

TABLE, THERAPY = "measurements.csv", "therapy.csv"


def check_support(model: Model, cohort: Cohort) -> None:
    """Refuse measurements outside the support of the noise with which the model predicts them, and broken therapy.

    Reading a table refuses most of it already; a cohort may be made by hand, and the noise is the model's.

    Raises:
        InputError: every such row, and what to do.
    """
    problems = [
        Problem(TABLE, f"{message}, of patient `{patient.name}` at {m.time:g} h", m.row, remedy)
        for patient in cohort.patients
        for m in patient.measurements
        if m.variable in model.observables
        for message, remedy in _wrong(model, m)
    ]
    problems += [
        problem for patient in cohort.patients for event in patient.therapy for problem in broken_event(event, THERAPY)
    ]
    if problems:
        raise InputError(problems)


def _wrong(model: Model, m: Measurement) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a measurement, and its remedy."""
    ends = [m.value] if m.upper is None else [m.value, m.upper]
    strange = [number for number in (*ends, m.time, m.time_sd, m.extra_sd, m.window) if not isfinite(number)]
    if strange:
        found = f"`{m.variable}` with {strange[0]:g} among its numbers, which is not a finite number"
        yield found, "leave the row out if the value or its time is not known"
        return
    if m.censoring not in (-1, 0, 1, BETWEEN) or (m.censoring == BETWEEN) != (m.upper is not None):
        yield f"censoring {m.censoring} with the upper end {m.upper}", f"an upper end goes with {BETWEEN} alone"
    elif m.upper is not None and not m.value < m.upper:
        yield f"the lower end {m.value:g} is not below the upper end {m.upper:g}", "swap the two, or correct them"
    if min(m.extra_sd, m.time_sd, m.window) < 0:
        yield "a negative spread or window", "`extra_sd`, `time_sd` and `window` are 0 or more"
    yield from _outside(model, m, ends)
    yield from _offset(model, m)


def _outside(model: Model, m: Measurement, ends: list[float]) -> Iterator[tuple[str, str]]:
    """Yield what no prediction can explain: what is impossible in a patient, or has no logarithm."""
    if model.observables[m.variable].noise.shape == "lognormal" and ends[-1] <= 0:
        found = f"`{m.variable}` {ends[-1]:g} is outside the support of `{model.name}`'s lognormal noise, above 0"
        yield found, "write the assay's limit as the value and `below` under `censored`, or leave the row out"
    elif kind := VARIABLES.get(m.variable):
        strange = [end for end in ends if not kind.low <= end <= kind.high]
        if strange:
            found = f"`{m.variable}` {strange[0]:g} is outside {kind.low:g} to {kind.high:g} {kind.unit}"
            yield found, "correct the value or its unit, or leave the row out"


def _offset(model: Model, m: Measurement) -> Iterator[tuple[str, str]]:
    """Yield an assay of which no offset of the kind the noise needs is known."""
    shape = model.observables[m.variable].noise.shape
    if m.assay and offset_sd(m.variable, relative=shape == "lognormal") is None:
        found = f"no offset is known for the assay `{m.assay}` of `{m.variable}` under {shape} noise"
        yield found, "leave `assay` empty"
