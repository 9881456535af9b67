"""The two-stage road for a cohort: patients fitted apart, then weighed together under their population."""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import numpy as np
import xarray as xr
from arviz_stats.base.array import array_stats

from ..errors import InputError, Problem
from ..inference.gauss_newton import expand
from ..inference.nuts import Draws
from ..inference.run import Inference
from ..inference.settings import Settings
from ..inference.start import Start
from ..inference.two_stage import TwoStage, two_stage
from ..likelihood.posterior import Posterior, posterior
from ..likelihood.reweighted import Interim, interim
from .joint import Joint, join

type Report = Callable[[str], None]


def weigh_together(
    parts: Sequence[Inference],
    *,
    hierarchical: Sequence[str],
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    settings: Settings,
    report: Report = lambda _: None,
) -> tuple[Inference, TwoStage]:
    """Return patients fitted apart as one joint fit, and what the weighing found.

    Nothing is solved again. The joint fit's target is the one that a joint NUTS run with the same parameters pooled
    in part would sample, so that everything read from a fit is read from this one as well. Parameters outside the
    population stay each patient's own, and come with the draw that is chosen.

    Args:
        parts: one fit for each patient, or one of all in which every parameter is each patient's own.
        hierarchical: parameters that follow the population's law.
        covariates: what of the chart moves them.
        correlated: whether they vary together.
        settings: chains, warmup, draws and seed of the law.
        report: is told of patients whose draws are too thin.

    Raises:
        InputError: a parameter that is not each patient's own; what `population` and `pool` refuse.
    """
    apart = join(parts)
    _check_own(apart.target, hierarchical)
    target = _pooled_target(apart, tuple(hierarchical), covariates, correlated)
    places = target.pooling.pooled
    own = own_coordinates(apart)
    assert target.pooling.population is not None
    found = two_stage(target.pooling.population, interim(own[:, :, np.array(places)]), settings, report=report)
    if found.thin:
        report(f"draws too thin under the population: {', '.join(found.thin)}")
    draws = Draws(_vectors(target, found, own), found.stats, complete=apart.complete)
    return Inference(target, draws, _start(target, draws.z), f"two-stage after {apart.method}", apart.seconds), found


def interim_of(parts: Sequence[Inference], parameters: Sequence[str]) -> Interim:
    """Return the draws of patients fitted apart, of these parameters in the model's order, as interim draws."""
    apart = join(parts)
    _check_own(apart.target, parameters)
    places = [n for n, slot in enumerate(apart.target.pooling.slots) if slot.name in parameters]
    return interim(own_coordinates(apart)[:, :, np.array(places)])


def weighing(found: TwoStage) -> xr.Dataset:
    """Return the group `two_stage`: of each patient the `effective` size of the interim draws under the population,
    how many `draws` there were, and Pareto `khat` of their mean weights."""
    khat = [_pareto_shape(weight, each) for weight, each in zip(found.weight, found.draws.log_weight, strict=True)]
    count = np.isfinite(found.draws.log_weight).sum(axis=1)
    return xr.Dataset(
        {"effective": ("patient", found.effective), "draws": ("patient", count), "khat": ("patient", khat)},
        coords={"patient": list(found.population.episodes)},
        attrs={"thin": ", ".join(found.thin), "redrawn": ", ".join(found.redrawn)},
    )


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


def _pooled_target(apart: Joint, hierarchical: tuple[str, ...], covariates: tuple[str, ...], correlated: bool):
    target = apart.target
    own = tuple(slot.name for slot in target.pooling.parameters if slot.name not in hierarchical)
    return posterior(
        target.model,
        target.cohort,
        per_patient=own,
        hierarchical=hierarchical,
        fixed=dict(target.pooling.held),
        covariates=covariates,
        correlated=correlated,
        tolerance=target.tolerance,
    )


def _vectors(target: Posterior, found: TwoStage, own: np.ndarray) -> np.ndarray:
    """Return z [chain, draw, dim] of the joint target: each draw of the law with the draws chosen for it."""
    chosen = own[np.arange(len(own)), found.chosen]  # [chain, draw, patient, slot]
    return np.asarray(jax.jit(jax.vmap(jax.vmap(target.pooling.vector)))(found.u, chosen))


def _start(target: Posterior, z: np.ndarray) -> Start:
    """Return where these draws lie, in place of a mode that was not sought."""
    flat = z.reshape(-1, z.shape[-1])
    return Start(flat.mean(axis=0), np.atleast_2d(np.cov(flat.T)), np.zeros(1), 0, partial(expand, target))


def _pareto_shape(weight: np.ndarray, log_weight: np.ndarray) -> float:
    there = np.isfinite(log_weight)
    return float(array_stats.psislw(-np.log(np.maximum(weight[there], 1e-300)))[1])
