"""What a run's draws say of the time ahead, under the therapy as charted or another one."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from math import nan
from typing import NamedTuple

import numpy as np
import xarray as xr

from ..cohort.records import Event
from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from ..model.spec import Model
from ..solve.plan import plan_along
from .ahead import Ahead, all_ahead, notes
from .bands import Band, curve, predictive_curve
from .charted import observed_data
from .kept import target_again, whole_cohort
from .replicates import trace_replicates
from .scores import Scores, score
from .trajectories import thinned, trace_courses

AGREE = 0.1
"""The fit's own predictions must come out again within this part of a measurement's scatter."""


class Quantiles(NamedTuple):
    """Quantiles of one quantity of a patient at one time [h].

    `band` is `course` for the model's own course and `measurement` for what a measurement of it would be, its scatter
    included. A volume that is collected counts from the first time on.
    """

    patient: str
    time: float
    quantity: str
    unit: str
    band: str
    q05: float
    q25: float
    q50: float
    q75: float
    q95: float


@dataclass(frozen=True)
class Prediction:
    """Quantiles over time; of how many `draws` they are, and how many of those `failed` to be solved, by patient;
    `scores` of the hidden measurements, where there are any; what is to be said of it all."""

    rows: list[Quantiles]
    draws: int
    failed: dict[str, int]
    scores: Scores | None
    notes: tuple[str, ...]


def predict(
    tree: xr.DataTree,
    model: Model,
    *,
    therapy: Mapping[str, Sequence[Event]] | None = None,
    since: float | None = None,
    hours: float | None = None,
    every: float = 1.0,
) -> Prediction:
    """Return quantiles of every observable and derived quantity, and the scores of hidden measurements.

    Args:
        tree: a run's.
        model: that of the run.
        therapy: by patient, what is given from `since` on in place of the chart; who is not named keeps the chart.
            Until then the chart holds, whatever this says; what the chart has running across that hour is cut there.
        since: first hour predicted; each patient's last measurement that the fit saw, if not said.
        hours: how far beyond that last measurement to predict; to the last hidden one, and 24 at least, if not said.
        every: distance of the times [h].

    Raises:
        InputError: impossible times; a run without its inputs; a run that this version computes otherwise; a patient
            of whom no draw can be solved.
    """
    target = target_again(tree, model)
    whole = whole_cohort(tree)
    ahead = all_ahead(target, whole, therapy=therapy or {}, since=since, hours=hours, every=every)
    z = tree["unconstrained_posterior"].to_dataset()["z"].values
    slots = target.plan.slots
    times = _padded([one.grid(every) for one in ahead])
    kept = thinned(z.shape[1], z.shape[0], len(ahead))
    routes = [one.through(list(grid), slots=slots) for one, grid in zip(ahead, times, strict=True)]
    courses = trace_courses(target, z, kept, times, routes)
    measured = _with_measurements(target, ahead)
    replicates = trace_replicates(measured, z, seed=int(tree.attrs["seed"]))
    with ThreadPoolExecutor() as beside:
        over_time, at_measurements = beside.submit(courses), beside.submit(replicates)
    found, (groups, status, _) = over_time.result(), at_measurements.result()
    failed = _failed(found)
    _check_agreement(tree, ahead, groups["posterior_predictive"])
    scored = all(one.as_charted for one in ahead) and any(one.hidden for one in ahead)
    said = notes(target, ahead)
    if scored and (status != 0).any():
        said.append(f"{int((status != 0).any(axis=-1).sum())} draws fail before the last value; no score counts them")
    return Prediction(
        rows=_rows(tree, found, [one.grid(every).size for one in ahead]),
        draws=found.sizes["chain"] * found.sizes["draw"],
        failed=failed,
        scores=_score(measured, groups, ahead) if scored else None,
        notes=tuple(said),
    )


def _failed(courses: xr.Dataset) -> dict[str, int]:
    """Return how many draws of each patient could not be solved.

    Raises:
        InputError: none could.
    """
    first = next(iter(courses.data_vars.values())).isel(point=0)
    count = first.isnull().sum(("chain", "draw"))
    failed = {str(name): int(number) for name, number in zip(count["patient"].values, count.values, strict=True)}
    draws = courses.sizes["chain"] * courses.sizes["draw"]
    remedy = "predict less far ahead; look whether the therapy takes away more than there is"
    if lost := [name for name, number in failed.items() if number == draws]:
        raise InputError([Problem("RUN", f"no draw of `{name}` can be solved", remedy=remedy) for name in lost])
    return failed


def _padded(grids: Sequence[np.ndarray]) -> np.ndarray:
    """Return the grids as [patient, point], short ones resting at their last time."""
    longest = max(grid.size for grid in grids)
    return np.stack([np.pad(grid, (0, longest - grid.size), mode="edge") for grid in grids])


def _with_measurements(target: Posterior, ahead: Sequence[Ahead]) -> Posterior:
    """Return the target with a plan of all that was measured until the end: first what the fit saw, then the hidden."""
    patients = [replace(one.patient, measurements=(*one.seen, *one.hidden)) for one in ahead]
    slots = target.plan.slots
    through: list[Callable] = [partial(one.through, slots=slots) for one in ahead]
    starts = [one.start for one in ahead]
    return replace(target, plan=plan_along(target.model, patients, starts, through, slots=slots))


def _check_agreement(tree: xr.DataTree, ahead: Sequence[Ahead], predictive: xr.Dataset) -> None:
    """Refuse a run whose own predictions do not come out again: the code beneath its model has changed.

    Raises:
        InputError: names the patient.
    """
    fitted = tree["posterior_predictive"].to_dataset()
    for number, one in enumerate(ahead):
        before = [place for place, m in enumerate(one.seen) if m.time + 2 * m.time_sd <= one.since]
        then, now = (group["prediction"].values[:, :, number, before] for group in (fitted, predictive))
        scale = fitted["scale"].values[:, :, number, before]
        logarithmic = (tree["observed_data"].to_dataset()["noise"].values[number, before] == "lognormal")[None, None]
        gap = np.abs(now - then) / np.where(logarithmic, scale * np.abs(then), scale)
        solved = np.isfinite(gap).all(axis=-1)
        if before and solved.any() and np.median(gap[solved].max(axis=-1)) > AGREE:
            message = f"predicts the measurements of `{one.patient.name}` otherwise than when it was fitted"
            remedy = f"use cls_infer {tree.attrs.get('version_cls_infer', 'as it was')}, or fit again"
            raise InputError([Problem("RUN", message, remedy=remedy)])


def _rows(tree: xr.DataTree, courses: xr.Dataset, points: Sequence[int]) -> list[Quantiles]:
    """Return the quantiles of everything, patient by patient, quantity by quantity."""
    shown = tree.copy()
    shown["trajectories"] = xr.DataTree(_since_the_first(courses))
    observed = tree["observed_data"].to_dataset()
    rows: list[Quantiles] = []
    for number, patient in enumerate(map(str, courses["patient"].values)):
        measured = set(observed["variable"].values[number].tolist())
        for name, quantity in courses.data_vars.items():
            bands = [("course", curve(shown, str(name), patient))]
            if quantity.attrs["kind"] == "observable" and name in measured:
                bands.append(("measurement", predictive_curve(shown, str(name), patient)))
            for word, band in bands:
                head = patient, str(name), quantity.attrs["unit"], word
                rows += _of_band(head, band, points[number])
    return rows


def _of_band(head: tuple[str, str, str, str], band: Band, points: int) -> list[Quantiles]:
    patient, name, unit, word = head
    table = zip(band.time[:points].tolist(), band.quantiles.T[:points].tolist(), strict=True)
    return [Quantiles(patient, time, name, unit, word, *quantiles) for time, quantiles in table]


def _since_the_first(courses: xr.Dataset) -> xr.Dataset:
    """Return the courses with collected volumes counted from the first time on."""
    data = {
        name: (one - one.isel(point=0)).assign_attrs(one.attrs) if one.attrs["kind"] == "accumulating" else one
        for name, one in courses.data_vars.items()
    }
    return courses.assign(data)


def _score(target: Posterior, groups: Mapping[str, xr.Dataset], ahead: Sequence[Ahead]) -> Scores:
    observed = observed_data(target)
    value = observed["measurement"].values.copy()
    for number, one in enumerate(ahead):
        value[number, : len(one.seen)] = nan
    observed["measurement"] = observed["measurement"].copy(data=value)
    return score(observed, groups["posterior_predictive"]["measurement"], groups["log_likelihood"]["measurement"])
