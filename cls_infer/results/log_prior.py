"""The log prior of every draw, number by number: what power scaling takes apart."""

from math import log, pi

import numpy as np
import xarray as xr

from ..likelihood.correlation import pairs
from ..likelihood.pooling import Pooling, Slot
from ..likelihood.population import Population
from .population import correlation_name, effect_name

DIMS = ("chain", "draw", "patient")
HEALTH = "healthy_ranges"
DEVIATION = {"part_of": "population"}
"""Marks what is part of the model, no prior that anybody stated."""


def log_prior(pooling: Pooling, z: np.ndarray, log_health: np.ndarray) -> xr.Dataset:
    r"""Return the group `log_prior` from draws z [chain, draw, dim].

    Every parameter is the image of a coordinate $z$ that is standard normal under its prior, and the density is that
    of the coordinate, not of the value:

    $$\log p(z) = -\tfrac12 z^2 - \tfrac12 \log 2\pi$$

    So a prior raised to a power $\alpha$ is a normal of variance $1/\alpha$ about the same median, on the scale on
    which the prior is normal: of the logarithm where it is lognormal. An own parameter is [chain, draw, patient], NaN
    where its value is known; a shared one [chain, draw]; a partially pooled `k` has `k_mu` and `k_tau`, and under its
    own name the patients' deviations, which are no prior that anybody stated. A population's other numbers have the
    names they have in the posterior, and beside them stand, no stated priors either, the deviations `k_causes` or
    `k_groups` and `k_persons`, and in a mixture `belongs`, the coordinate of whose each patient is;
    the shares of groups that nobody charted have `shares` [chain, draw, break]. `healthy_ranges`, where the model has
    any, is what its known ranges of health add [chain, draw, patient], up to a constant.

    Args:
        pooling: where each parameter lies in z.
        z: the draws.
        log_health: of the healthy ranges [chain, draw, patient].
    """
    density = -0.5 * z**2 - 0.5 * log(2 * pi)
    data: dict[str, tuple] = {}
    for slot in pooling.slots:
        part = density[..., slot.start : slot.start + slot.size]
        unknown = np.array([not prior.known for prior in slot.priors])
        if slot.size and unknown.any():
            data |= _of_slot(slot, part, unknown)
    if pooling.population is not None:
        data |= _of_law(pooling, pooling.population, density)
    if np.any(log_health):
        data[HEALTH] = (DIMS, log_health)
    coords = {"chain": np.arange(z.shape[0]), "draw": np.arange(z.shape[1]), "patient": list(pooling.patients)}
    return xr.Dataset(data, coords=coords)


def _of_law(pooling: Pooling, people: Population, density: np.ndarray) -> dict[str, tuple]:
    """Return what a population's law holds beside means and spreads, from the density of z [chain, draw, dim]."""
    at, names = dict(zip(people.labels, pooling.law_at, strict=True)), people.parameters
    part = {name: density[..., [at[label] for label in labels]] for name, labels in people.parts.items()}
    alone = {
        "effects": [effect_name(name, effect) for name in names for effect in people.columns],
        "correlation": [correlation_name(names[j], names[i]) for i, j in pairs(len(names))],
        "occasion": [f"{name}_occasion" for name in names],
        "cause_spread": [f"{name}_{people.kind}" for name in names],
    }
    found: dict[str, tuple] = {
        name: (DIMS[:2], part[kind][..., number])
        for kind, listed in alone.items()
        for number, name in enumerate(listed)
        if part[kind].size
    }
    for kind, axis in (("causes", people.kind), ("persons", "person")):
        each = part[kind].reshape(*density.shape[:2], -1, len(names))
        if each.size:
            found |= {f"{n}_{axis}s": ((*DIMS[:2], axis), each[..., i], DEVIATION) for i, n in enumerate(names)}
    if part["shares"].size:
        found["shares"] = ((*DIMS[:2], "break"), part["shares"])
    if pooling.choice_at:
        found["belongs"] = (DIMS, density[..., list(pooling.choice_at)], DEVIATION)
    return found


def stated(parts: xr.Dataset) -> xr.DataArray:
    """Return the log density [chain, draw] of every prior that somebody stated: all but the patients' deviations from
    a population, which are part of the model.

    Reference:
        Kallioinen et al. (2024), Stat Comput 34:57, on which priors to scale in hierarchical models.
    """
    kept = [part for part in parts.data_vars.values() if "part_of" not in part.attrs]
    return sum((part.sum([dim for dim in part.dims if dim not in DIMS[:2]]) for part in kept), xr.DataArray(0.0))


def _of_slot(slot: Slot, part: np.ndarray, unknown: np.ndarray) -> dict[str, tuple]:
    name = slot.name.replace("/", "|")  # an assay's name may hold what parts the names of groups
    if slot.scope == "shared":
        return {name: (DIMS[:2], part[..., 0])}
    if slot.scope == "patient":
        return {name: (DIMS, np.where(unknown, part, np.nan))}
    return {
        f"{name}_mu": (DIMS[:2], part[..., 0]),
        f"{name}_tau": (DIMS[:2], part[..., 1]),
        name: (DIMS, np.where(unknown, part[..., 2:], np.nan), DEVIATION),
    }
