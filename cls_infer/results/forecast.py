"""How well a run forecast what was hidden from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from math import nan

import numpy as np
import xarray as xr

from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from ..solve.plan import plan_along
from .ahead import Ahead, all_ahead
from .charted import observed_data
from .kept import whole_cohort
from .loo import Elpd
from .replicates import trace_replicates
from .scores import FEW_DRAWS, Scores, score

AGREE = 0.1
"""The fit's own predictions must come out again within this part of a measurement's scatter."""


def leave_future_out(tree: xr.DataTree, target: Posterior) -> Elpd:
    """Return the log predictive density of each patient's hidden measurements, all of one together.

    Nothing is weighted: the draws never saw them. `khat` and `p` are NaN.

    Raises:
        InputError: nothing that the model predicts was hidden; no draw can be solved.

    Reference:
        Bürkner, Gabry, Vehtari (2020), J Stat Comput Simul 90:2499-2523.
    """
    ahead = ahead_of(tree, target)
    measured = with_measurements(target, ahead)
    groups, status, _ = trace_replicates(
        measured, tree["unconstrained_posterior"].to_dataset()["z"].values, seed=int(tree.attrs["seed"])
    )()
    check_agreement(tree, ahead, groups["posterior_predictive"])
    found = score_ahead(measured, groups, ahead)
    if lost := [one.patient.name for one in ahead if one.hidden and one.patient.name not in found.by_patient]:
        raise InputError([Problem("RUN", f"no draw of `{name}` can be solved", remedy="fit again") for name in lost])
    failed = int((status != 0).any(axis=-1).sum())
    few = [f"`{name}` rests on {n:.0f} draws: hardly known" for name, n in found.resting_on.items() if n < FEW_DRAWS]
    return Elpd(
        units=tuple(found.by_patient),
        each=np.array(list(found.by_patient.values())),
        khat=np.full(len(found.by_patient), nan),
        p=nan,
        draws=status.shape[0] * status.shape[1] - failed,
        dropped=failed,
        weighted=False,
        notes=tuple(few),
    )


def ahead_of(tree: xr.DataTree, target: Posterior) -> list[Ahead]:
    """Return what is ahead of each patient, by name, as far as anything was hidden.

    Raises:
        InputError: nothing that the model predicts was.
    """
    ahead = all_ahead(target, whole_cohort(tree), therapy={}, since=None, hours=None, every=1.0)
    if not any(one.hidden for one in ahead):
        remedy = "fit with `--until`, before the last measurements"
        raise InputError([Problem("RUN", f"`{target.model.name}` has nothing to forecast", remedy=remedy)])
    return ahead


def score_ahead(target: Posterior, groups: Mapping[str, xr.Dataset], ahead: Sequence[Ahead]) -> Scores:
    """Return the scores of what was hidden, from the groups of all that was measured until the end."""
    observed = observed_data(target)
    value = observed["measurement"].values.copy()
    for number, one in enumerate(ahead):
        value[number, : len(one.seen)] = nan
    observed["measurement"] = observed["measurement"].copy(data=value)
    return score(observed, groups["posterior_predictive"]["measurement"], groups["log_likelihood"]["measurement"])


def with_measurements(target: Posterior, ahead: Sequence[Ahead]) -> Posterior:
    """Return the target with a plan of all that was measured until the end: first what the fit saw, then the hidden."""
    patients = [replace(one.patient, measurements=(*one.seen, *one.hidden)) for one in ahead]
    slots = target.plan.slots
    through: list[Callable] = [partial(one.through, slots=slots) for one in ahead]
    starts = [one.start for one in ahead]
    options = {"slots": slots, "assays": target.plan.assays}
    return replace(target, plan=plan_along(target.model, patients, starts, through, **options))


def check_agreement(tree: xr.DataTree, ahead: Sequence[Ahead], predictive: xr.Dataset) -> None:
    """Refuse a run whose own predictions do not come out again: the code beneath its model has changed.

    Raises:
        InputError: names the patient.
    """
    fitted = tree["posterior_predictive"].to_dataset()
    for number, one in enumerate(ahead):
        before = [place for place, m in enumerate(one.seen) if m.time + 2 * m.time_sd <= one.since]
        then, now = (group["prediction"].isel(patient=number, obs=before).values for group in (fitted, predictive))
        scale = fitted["scale"].isel(patient=number, obs=before).values
        logarithmic = (tree["observed_data"].to_dataset()["noise"].values[number, before] == "lognormal")[None, None]
        gap = np.abs(now - then) / np.where(logarithmic, scale * np.abs(then), scale)
        solved = np.isfinite(gap).all(axis=-1)
        if before and solved.any() and np.median(gap[solved].max(axis=-1)) > AGREE:
            message = f"predicts the measurements of `{one.patient.name}` otherwise than when it was fitted"
            remedy = f"use cls_infer {tree.attrs.get('version_cls_infer', 'as it was')}, or fit again"
            raise InputError([Problem("RUN", message, remedy=remedy)])
