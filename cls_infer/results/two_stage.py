"""The two-stage road for a cohort: patients fitted apart, then weighed together under their population."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import jax
import numpy as np
import xarray as xr

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.accuracy import tolerance_at
from ..inference.chains import Draws
from ..inference.checkpoint import NOWHERE, Kept
from ..inference.redraw import redraw_by_importance
from ..inference.run import Inference
from ..inference.run import Report as AnyReport
from ..inference.settings import Settings
from ..inference.two_stage import TwoStage, padded, two_stage
from ..likelihood.pool import pool
from ..likelihood.posterior import Posterior, posterior
from ..likelihood.reweighted import interim
from ..likelihood.shares import coordinate_of
from ..model.spec import Model
from .diagnose import THRESHOLDS, diagnose
from .fitted import Fit, conclude
from .joint import Joint, join, lengthened
from .kept import hide_after
from .pareto import pareto_shape
from .provenance import provenance
from .same_fit import check_same_fit
from .sampling import on_device, sample
from .streamed import LARGE_GROUPS

type Report = Callable[[str], None]

INTERIM, OF_ALL = 2**15, 2**20
"""Draws of a patient that are weighed under the population, and of all patients together at most: few are near to any
one law."""

FEW = 16
"""Patients of whom so many draws are made from the start. Of more, the first draws say where the population is, and
those about it count for more."""


def weigh_together(
    parts: Sequence[Inference],
    *,
    hierarchical: Sequence[str],
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    mixture: int = 0,
    settings: Settings,
    report: Report = lambda _: None,
) -> tuple[Inference, TwoStage]:
    """Return patients fitted apart as one joint fit, and what the weighing found.

    Nothing is solved again, but for patients whose draws are too thin: they are drawn again. The joint fit's target
    is the one that a joint NUTS run with the same parameters pooled in part would sample, so that everything read
    from a fit is read from this one as well. Parameters outside the population stay each patient's own, and come
    with the draw that is chosen.

    Args:
        parts: one fit for each patient, or one of all in which every parameter is each patient's own.
        hierarchical: parameters that follow the population's law.
        covariates: what of the chart moves them.
        correlated: whether they vary together.
        mixture: so many groups that nobody charted; 0 for none.
        settings: chains, warmup, draws and seed of the law.
        report: is told of patients whose draws are too thin, and drawn again.

    Raises:
        InputError: a parameter that is not each patient's own; what `population` and `pool` refuse.
    """
    apart = join(lengthened(parts))
    _check_own(apart.target, hierarchical)
    target = pooled_target(
        apart.target,
        hierarchical=tuple(hierarchical),
        covariates=covariates,
        correlated=correlated,
        mixture=mixture,
    )
    return weigh_under(target, apart, settings, report)


def weigh_under(
    target: Posterior, apart: Joint, settings: Settings, report: Report = lambda _: None
) -> tuple[Inference, TwoStage]:
    """Return draws of the joint target of patients who are `apart`, as `weigh_together` does."""
    first, pooled = own_coordinates(apart), np.array(target.pooling.pooled)
    own, log_weight = distinct(first)
    assert target.pooling.population is not None
    again = max(min(INTERIM, OF_ALL // len(own)), first.shape[1])
    redraw, fresh = redraw_by_importance(apart.target, first, pooled, draws=again, seed=settings.seed)
    draws = interim(own[:, :, pooled], log_weight=log_weight)
    options = {"redraw": redraw, "of_law": THRESHOLDS.ess, "report": report}
    found = two_stage(target.pooling.population, draws, settings, **options)
    if found.thin:
        report(f"draws too thin under the population: {', '.join(found.thin)}")
    if fresh:
        own = padded(own, max(again, own.shape[1]), 0.0)
    for patient, z in fresh.items():
        own[patient, : len(z)] = z
    draws = Draws(_vectors(target, found, own, settings.seed), found.stats, complete=apart.complete)
    numbers = tuple(range(len(own)))
    how = f"two-stage after {apart.method}"
    return Inference(target, draws, how, apart.seconds, numbers=numbers, searches=apart.searches), found


def fit_two_stage(
    cohort: Cohort,
    model: Model,
    *,
    hierarchical: tuple[str, ...],
    per_patient: tuple[str, ...] = (),
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    mixture: int = 0,
    fixed: Mapping[str, float] | None = None,
    shared: tuple[str, ...] = (),
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
    until: float | None = None,
    device: str = "auto",
    command: str = "",
    checkpoint: Path | str | None = None,
    report: AnyReport = lambda _: None,
) -> Fit:
    """Fit every patient alone, weigh the draws under the population, and judge the result as `fit` does.

    The group `two_stage` of the tree says how far each patient's draws go under the population and, where some cause is
    not charted or the population is a `mixture` of so many groups that nobody charted, to which of them each patient
    belongs. A `checkpoint` keeps what is done of the first stage; the second is sampled again. Outside the population
    every parameter is each patient's own; one that is named `per_patient` stays so where no therapy moves it.

    Raises:
        InputError: what `fit` refuses, and a parameter that is to be shared.
    """
    begun, kept = perf_counter(), Kept(Path(checkpoint)) if checkpoint else NOWHERE
    seen, hidden = hide_after(cohort, until)
    check_asked(hierarchical, shared)
    asked = {"hierarchical": hierarchical, "covariates": covariates, "correlated": correlated, "mixture": mixture}
    apart = {"per_patient": per_patient, "fixed": fixed}
    check_same_fit(kept, model, cohort, settings, {**asked, **apart, "until": until}, report)
    before = kept.seconds_before()
    held = dict(pool(model, seen, **apart, **asked).held)  # refuses now what cannot be weighed later
    target = partial(
        posterior,
        model,
        per_patient=tuple(name for name in model.parameters if name not in held),
        fixed=held,
        tolerance=tolerance_at(settings.rtol, settings.solver),
    )
    with on_device(device, lambda: target(seen), report, kept) as choice:
        many = interim_draws(len(seen.patients), settings.chains)
        parts = sample(target, seen, replace(settings, method="auto"), report, kept, weighed_draws=many)
        report("weighing the patients' draws under their population")
        whole, found = weigh_together(parts, settings=settings, report=report, **asked)
        said = {"command": command, "hidden": hidden, "until": until, "device_because": choice.why}
        made, store = provenance(model, seen, settings, **said), kept.place(LARGE_GROUPS)
        done = conclude([whole], provenance=made, whole=cohort, store=store)
    done.tree["two_stage"] = xr.DataTree(weighing(found))
    done.tree.attrs["seconds_total"] = before + perf_counter() - begun
    return replace(done, verdict=diagnose(done.tree))


def check_asked(hierarchical: Sequence[str], shared: Sequence[str]) -> None:
    """Refuse two stages where they have nothing to weigh together, or something that cannot be.

    Raises:
        InputError: all that speaks against them.
    """
    problems = []
    if not hierarchical:
        remedy = "name the parameters of the population by `--hierarchical`"
        problems.append(Problem("fit", "two stages, and nothing is pooled in part", remedy=remedy))
    for name in shared:
        found = f"`{name}` is to be shared by patients who are drawn apart"
        problems.append(Problem("fit", found, remedy="pool it in part, or fit all patients jointly by `--method nuts`"))
    if problems:
        raise InputError(problems)


def weighing(found: TwoStage) -> xr.Dataset:
    """Return the group `two_stage`: of each patient the `effective` size of the interim draws under the population,
    how many different `draws` there were, and Pareto `khat` of their mean weights; what they all are worth to each
    coordinate of the law (`of_law` [coordinate], a size too); of a mixture how probably each patient `belongs` to which
    cause or group [patient, cause]."""
    khat = [_pareto_shape(weight, each) for weight, each in zip(found.weight, found.draws.log_weight, strict=True)]
    count = np.isfinite(found.draws.log_weight).sum(axis=1)
    people = found.population
    data: dict[str, Any] = {"effective": ("patient", found.effective), "draws": ("patient", count)}
    data["khat"] = ("patient", khat)
    data["of_law"] = ("law_coordinate", found.of_law)
    coords: dict[str, Any] = {"patient": list(people.episodes), "law_coordinate": list(people.labels)}
    if people.is_mixture:
        data["belongs"] = (("patient", people.kind), found.belongs)
        coords[people.kind] = list(people.causes)
    return xr.Dataset(data, coords=coords, attrs={"thin": ", ".join(found.thin), "redrawn": ", ".join(found.redrawn)})


def interim_draws(patients: int, chains: int) -> int:
    """Return how many draws each chain should hold of patients who are weighed alone before they are together; 0 for as
    many as in a fit."""
    return INTERIM // chains if patients <= FEW else 0


def distinct(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return each patient's different draws [patient, draw, slot] of those that may repeat, and the log of how often
    each comes up [patient, draw]: what comes up twice is one draw of more weight, and no two to be counted on."""
    found = [np.unique(one, axis=0, return_counts=True) for one in own]
    most = max(len(points) for points, _ in found)
    points, log_weight = np.zeros((len(own), most, own.shape[2])), np.full((len(own), most), -np.inf)
    for patient, (each, times) in enumerate(found):
        points[patient, : len(each)], log_weight[patient, : len(each)] = each, np.log(times)
    return points, log_weight


def own_coordinates(apart: Joint) -> np.ndarray:
    """Return every patient's coordinates [patient, draw, slot], chains one after another."""
    pooling = apart.target.pooling
    z = apart.z.reshape(-1, apart.z.shape[-1])
    found = np.zeros((len(pooling.patients), len(z), len(pooling.slots)))
    for place, slot in enumerate(pooling.slots):
        if slot.size:
            found[:, :, place] = z[:, slot.start : slot.start + slot.size].T
    return found


def _check_own(target: Posterior, parameters: Sequence[str]) -> None:
    problems = []
    scopes = {slot.name: slot.scope for slot in target.pooling.slots}
    for name in parameters:
        if name not in scopes:
            found = f"`{name}` was not estimated of these patients"
            problems.append(Problem("fit", found, remedy=f"estimated are {', '.join(f'`{one}`' for one in scopes)}"))
    for name in sorted({slot.name for slot in target.pooling.slots if slot.scope != "patient" and slot.size}):
        found = f"`{name}` is {scopes[name]} among patients who are to be weighed apart"
        remedy = "fit it per patient, or fit all patients jointly: one draw cannot be shared by patients drawn apart"
        problems.append(Problem("fit", found, remedy=remedy))
    if problems:
        raise InputError(problems)


def pooled_target(
    target: Posterior, *, hierarchical: tuple[str, ...], covariates: tuple[str, ...], correlated: bool, mixture: int = 0
) -> Posterior:
    """Return the joint target of the same patients in which some parameters follow a law and all others are each
    patient's own."""
    own = tuple(slot.name for slot in target.pooling.parameters if slot.name not in hierarchical)
    return posterior(
        target.model,
        target.cohort,
        per_patient=own,
        hierarchical=hierarchical,
        fixed=dict(target.pooling.held),
        covariates=covariates,
        correlated=correlated,
        mixture=mixture,
        tolerance=target.tolerance,
    )


def _vectors(target: Posterior, found: TwoStage, own: np.ndarray, seed: int) -> np.ndarray:
    """Return z [chain, draw, dim] of the joint target: each draw of the law with the draws chosen for it."""
    chosen = own[np.arange(len(own)), found.chosen]  # [chain, draw, patient, slot]
    people, pooling = found.population, target.pooling

    def one(u: jax.Array, coordinates: jax.Array, choice: jax.Array, uniform: jax.Array) -> jax.Array:
        log_share = people.centres(people.law(u))[1]
        at = coordinate_of(log_share, choice, uniform) if people.is_mixture else None
        return pooling.vector(u, coordinates, at)

    uniform = np.random.default_rng(seed).uniform(size=found.choice.shape)
    return np.asarray(jax.jit(jax.vmap(jax.vmap(one)))(found.u, chosen, found.choice, uniform))


def _pareto_shape(weight: np.ndarray, log_weight: np.ndarray) -> float:
    return pareto_shape(np.log(np.maximum(weight[np.isfinite(log_weight)], 1e-300)))
