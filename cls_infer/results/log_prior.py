"""The log prior of every draw, number by number: what power scaling takes apart."""

from math import log, pi

import numpy as np
import xarray as xr

from ..likelihood.pooling import Pooling, Slot

DIMS = ("chain", "draw", "patient")
HEALTH = "healthy_ranges"


def log_prior(pooling: Pooling, z: np.ndarray, log_health: np.ndarray) -> xr.Dataset:
    r"""Return the group `log_prior` from draws z [chain, draw, dim].

    Every parameter is the image of a coordinate $z$ that is standard normal under its prior, and the density is that
    of the coordinate, not of the value:

    $$\log p(z) = -\tfrac12 z^2 - \tfrac12 \log 2\pi$$

    So a prior raised to a power $\alpha$ is a normal of variance $1/\alpha$ about the same median, on the scale on
    which the prior is normal: of the logarithm where it is lognormal. An own parameter is [chain, draw, patient], NaN
    where its value is known; a shared one [chain, draw]; a partially pooled `k` has `k_mu` and `k_tau`, and under its
    own name the patients' deviations, which are no prior that anybody stated. `healthy_ranges`, where the model has
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
    if np.any(log_health):
        data[HEALTH] = (DIMS, log_health)
    coords = {"chain": np.arange(z.shape[0]), "draw": np.arange(z.shape[1]), "patient": list(pooling.patients)}
    return xr.Dataset(data, coords=coords)


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
        name: (DIMS, np.where(unknown, part[..., 2:], np.nan), {"part_of": "population"}),
    }
