"""Which further measurement, and when, tells most of which quantity: the posterior to expect of every candidate."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import xarray as xr

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.accuracy import sample_of
from ..inference.run import targets
from ..inference.start import Report, find_start
from ..likelihood.posterior import Posterior, posterior
from ..model.spec import Model
from ..types import Batch
from .directions import Quantity
from .kept import target_again
from .outlook import WINDOW, Outlook, outlook

POINTS = 24
"""Points of the posterior that the expected spreads are averaged over."""


@dataclass(frozen=True)
class Prospect:
    """What one further measurement, or one series, of a patient is expected to tell of one quantity.

    `times` [h] holds one time, or all of a series. `when` is the hour at which a quantity that varies is looked at,
    None for a parameter. The standard deviations are of the logarithm where `logarithmic`, else in `unit`.
    """

    patient: str
    variable: str
    times: tuple[float, ...]
    quantity: str
    when: float | None
    unit: str
    logarithmic: bool
    sd_now: float
    sd_then: float

    @property
    def shrinks(self) -> float:
        """By which share the standard deviation shrinks."""
        return 1 - self.sd_then / self.sd_now


@dataclass(frozen=True)
class Question:
    """What may be measured and when, and of what it shall tell.

    `at` are times of candidates [h]: by default thirteen from the first measurement to half the chart beyond the last.
    `quantities` are parameters, derived quantities or observables: by default all parameters and the wall. `variables`
    are the observables to measure and `patients` in whom: by default all. With `series` a variable at all times
    together is one candidate. A collected volume is collected over `window` [h].
    """

    at: tuple[float, ...] | None = None
    quantities: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    series: bool = False
    window: float = WINDOW


def design(target: Posterior, z: Batch, question: Question = Question()) -> list[Prospect]:
    """Return what every candidate measurement is expected to tell, most telling first.

    By the Gauss-Newton update of the posterior at each of some points z [point, dim], averaged over them: as if
    everything were linear about each point, and the model true.

    Raises:
        InputError: names that the model does not have; no time; no point that can be solved.
    """
    _check(target, question)
    found: list[Prospect] = []
    for patient in question.patients or target.plan.patients:
        own, points = _alone(target, np.asarray(z), patient)
        asked = {"at": question.at, "quantities": question.quantities, "variables": question.variables}
        seen = outlook(own, points, patient=patient, window=question.window, **asked)
        found += _series(patient, seen) if question.series else _singles(patient, seen)
    return _sorted(found)


def design_of_run(
    tree: xr.DataTree,
    model: Model,
    question: Question = Question(),
    *,
    points: int = POINTS,
) -> list[Prospect]:
    """Return the same for a finished fit, averaged over draws spread evenly over its own.

    Args:
        tree: a run's.
        model: that of the run, as `model_again` returns it.
        question: what may be measured, and of what it shall tell.
        points: how many draws.

    Raises:
        InputError: as `design`; a run that does not hold its inputs.
    """
    target = target_again(tree, model)
    return design(target, sample_of(tree["unconstrained_posterior"]["z"].values, points), question)


def design_before_fit(
    model: Model,
    cohort: Cohort,
    question: Question = Question(),
    *,
    points: int = POINTS,
    seed: int = 1,
    report: Report = lambda _: None,
) -> list[Prospect]:
    """Return the same before any fit, averaged over the Laplace approximation about the mode.

    Raises:
        InputError: as `design`; a patient that cannot be solved or has nothing measured.
    """
    target = partial(posterior, model)
    _check(target(cohort), question)
    found: list[Prospect] = []
    for one in targets(target, cohort):
        asked = tuple(name for name in one.plan.patients if name in (question.patients or one.plan.patients))
        if asked:
            start = find_start(one, seed=seed, report=report)
            found += design(one, start.dispersed(points, seed), replace(question, patients=asked))
    return _sorted(found)


def best_of_each(found: Sequence[Prospect], *, by_variable: bool) -> list[Prospect]:
    """Return of prospects, most telling first, the best for each quantity, or for each quantity and variable."""
    best: dict[tuple, Prospect] = {}
    for one in found:
        best.setdefault((one.patient, one.quantity, one.when, one.variable if by_variable else ""), one)
    return list(best.values())


def _sorted(found: list[Prospect]) -> list[Prospect]:
    return sorted(found, key=lambda one: -one.shrinks)


def _alone(target: Posterior, z: np.ndarray, patient: str) -> tuple[Posterior, np.ndarray]:
    """Return a patient's own target and points, where no parameter binds patients together."""
    if len(target.plan.patients) == 1 or any(slot.scope != "patient" for slot in target.pooling.slots):
        return target, z
    number = target.plan.patients.index(patient)
    free = tuple(slot.name for slot in target.pooling.parameters)
    cohort = replace(target.cohort, patients=(target.cohort.patients[number],))
    held = dict(target.pooling.held)
    own = posterior(target.model, cohort, per_patient=free, fixed=held, tolerance=target.tolerance)
    points = np.zeros((len(z), own.pooling.dimension))
    for slot, whole in zip(own.pooling.slots, target.pooling.slots, strict=False):  # in the same order
        if slot.size:
            points[:, slot.start] = z[:, whole.start + number]
    return own, points


def _singles(patient: str, seen: Outlook) -> list[Prospect]:
    now, then = seen.sd_now, seen.sd_after_each()
    return [
        _prospect(patient, variable, (time,), quantity, now[k], then[i, j, k])
        for i, time in enumerate(seen.times)
        for j, variable in enumerate(seen.variables)
        for k, quantity in enumerate(seen.quantities)
        if now[k] > 0
    ]


def _series(patient: str, seen: Outlook) -> list[Prospect]:
    now = seen.sd_now
    return [
        _prospect(patient, variable, seen.times, quantity, now[k], then[k])
        for variable in seen.variables
        for then in [seen.after(variable).sd_now]
        for k, quantity in enumerate(seen.quantities)
        if now[k] > 0
    ]


def _prospect(
    patient: str,
    variable: str,
    times: tuple[float, ...],
    of: tuple[Quantity, float | None],
    now: float,
    then: float,
) -> Prospect:
    quantity, when = of
    of_what = (quantity.name, when, quantity.unit, quantity.logarithmic)
    return Prospect(patient, variable, times, *of_what, float(now), float(then))


def _check(target: Posterior, question: Question) -> None:
    model = target.model
    free = {slot.name for slot in target.pooling.slots if slot.size}
    problems = []
    for option, names, there in (
        ("--quantity", question.quantities, {*free, *model.observables, *model.derived}),
        ("--variable", question.variables, set(model.observables)),
        ("--patient", question.patients, set(target.plan.patients)),
    ):
        for name in names:
            if name not in there:
                near = difflib.get_close_matches(name, there, n=1)
                remedy = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(sorted(there))}"
                problems.append(Problem(option, f"there is no `{name}`", remedy=remedy))
    if question.at is not None and not (question.at and np.isfinite(question.at).all()):
        problems.append(Problem("--at", "holds no time to measure at", remedy="write hours, such as 24,48"))
    if not 0 < question.window < np.inf:
        problems.append(Problem("--window", f"is {question.window:g}", remedy="write hours above 0, such as 6"))
    if problems:
        raise InputError(problems)
