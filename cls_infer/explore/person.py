"""One patient of a run: the chart, the draws as bodies, which hours are worth a look, and bands of whatever they do."""

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..model.spec import Model
from ..results.bands import curve, predictive_curve
from ..results.report.course import hours, quantities
from ..results.trajectories import DIMS, kind_of
from ..solve.plan import start_of, used
from .crowd import Crowd, Draws

AGREE = 0.1
"""The fit's own courses must come out again within this part of how far they spread."""


@dataclass(frozen=True)
class Person:
    """A patient as the fit saw it; `measured` holds all that the model predicts, what was hidden from the fit too.

    `windows` are the hours [2, obs] from when to when each collected volume was collected, by variable; `shown_from`
    is the first hour that is worth a look [h]. `kept` are the numbers of the draws that the bodies are of.
    """

    tree: xr.DataTree
    crowd: Crowd
    patient: Patient
    measured: Patient
    draws: Draws
    kept: np.ndarray
    shown_from: float
    windows: dict[str, np.ndarray]

    @property
    def last(self) -> float:
        """The hour of the last measurement."""
        return max(m.time for m in self.measured.measurements)

    def scattered(self, name: str) -> bool:
        """Return whether a quantity was measured, so that its band is where a measurement would lie."""
        return any(m.variable == name for m in self.measured.measurements)

    def band(self, name: str, time: np.ndarray, rows: np.ndarray, *, scattered: bool) -> np.ndarray:
        """Return the quantiles [level, point] of rows [draw, point], of measurements of them where `scattered`."""
        chains = self.tree["unconstrained_posterior"].sizes["chain"]
        coords = {
            "chain": np.arange(chains),
            "draw": self.kept,
            "patient": [self.patient.name],
            "time": (("patient", "point"), time[None]),
        }
        rows = rows.reshape(chains, len(self.kept), 1, len(time))
        shown = self.tree.copy()
        one = {name: (DIMS, rows, kind_of(self.crowd.target, name))}
        shown["trajectories"] = xr.DataTree(xr.Dataset(one, coords=coords))
        return (predictive_curve if scattered else curve)(shown, name, self.patient.name).quantiles


def person_of(tree: xr.DataTree, crowd: Crowd, whole: Cohort, name: str, kept: np.ndarray) -> Person:
    """Return a patient of a run.

    Raises:
        InputError: this version computes the run otherwise than the one that fitted it.
    """
    target = crowd.target
    number = target.plan.patients.index(name)
    charted = next(one for one in whole.patients if one.name == name)
    charted = replace(charted, measurements=tuple(used(target.model, charted)))
    bands = {quantity: curve(tree, quantity, name) for quantity in quantities(tree)}
    person = Person(
        tree,
        crowd,
        target.cohort.patients[number],
        charted,
        crowd.draws_of(number),
        kept,
        max(hours(tree, name, bands)[0], start_of(target.model, target.cohort.patients[number])),
        _windows(target.model, charted),
    )
    _check_agreement(person)
    return person


def _windows(model: Model, patient: Patient) -> dict[str, np.ndarray]:
    """Return from when to when each collected volume was collected [2, obs], by variable."""
    found: dict[str, list[tuple[float, float]]] = {}
    for one in patient.measurements:
        if model.observables[one.variable].accumulates:
            found.setdefault(one.variable, []).append((one.time - one.window, one.time))
    return {variable: np.array(pairs).T for variable, pairs in found.items()}


def _check_agreement(person: Person) -> None:
    """Refuse a run whose own courses do not come out again: the code beneath its model has changed.

    Raises:
        InputError: names the patient.
    """
    name = person.patient.name
    kept = person.tree["trajectories"].to_dataset().sel(patient=name)
    times = kept["time"].values
    table = person.crowd.courses(person.patient, person.draws, times, therapy=person.patient.therapy, changes={})
    model = person.crowd.target.model
    for number, quantity in enumerate([*model.observables, *model.derived]):
        then = kept[quantity].values.reshape(-1, len(times))
        gap = np.nanmax(np.abs(table[:-1, :, number] - then), axis=1, initial=0.0)
        if np.nanmedian(gap) > AGREE * np.nanmax(np.nanstd(then, axis=0)) + 1e-9:
            message = f"the courses of `{name}` come out otherwise than when it was fitted"
            remedy = f"use cls_infer {person.tree.attrs.get('version_cls_infer', 'as it was')}, or fit again"
            raise InputError([Problem("RUN", message, remedy=remedy)])
