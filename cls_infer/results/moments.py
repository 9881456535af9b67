"""Leaving out where plain weights fail: the draws are moved to where the posterior without the unit lies."""

import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr
from arviz_stats.loo.loo_moment_match import loo_moment_match
from arviz_stats.utils import ELPDData, ELPDDataLOO
from jax.scipy.stats import norm

from ..likelihood.posterior import FAILED, Posterior

LANES = 256
"""Lanes solved together."""


class Densities(NamedTuple):
    """Of points z [point, dim]: the log posterior density [point], each measurement's log-likelihood [point, patient,
    obs] and each patient's [point, patient], that of having lived included. A failed solve is very unlikely."""

    log_posterior: np.ndarray
    measurement: np.ndarray
    patient: np.ndarray


type Look = Callable[[np.ndarray], Densities]
"""Densities of any number of points z [point, dim]."""

type ByUnit = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Log posterior density [point] and log-likelihood of each unit [point, unit] of points z [point, dim]."""


def densities_of(target: Posterior) -> Look:
    """Return the function that computes the densities of any points of a target, compiled once."""
    run = jax.jit(jax.vmap(partial(_densities, target)))
    size = max(1, LANES // len(target.plan.patients))

    def look(z: np.ndarray) -> Densities:
        full = np.concatenate([z, np.repeat(z[-1:], -len(z) % size, axis=0)])
        pieces = [run(full[begin : begin + size]) for begin in range(0, len(full), size)]
        return Densities(
            *(np.concatenate([np.asarray(a) for a in part])[: len(z)] for part in zip(*pieces, strict=True))
        )

    return look


def _densities(target: Posterior, z: jax.Array) -> Densities:
    coordinates = target.pooling.coordinates(z)
    each, terms = target.by_measurement(coordinates)
    log_posterior = jnp.sum(terms.log_likelihood) + jnp.sum(terms.log_health) + jnp.sum(norm.logpdf(z))
    return Densities(log_posterior, each, jnp.where(terms.log_likelihood > FAILED, terms.log_likelihood, 0.0))


def moment_matched(
    plain: ELPDDataLOO, log_likelihood: np.ndarray, z: np.ndarray, look: ByUnit, efficiency: float
) -> ELPDData:
    """Return a leaving out with its unreliable units done again by moment matching; what does not improve stays.

    Args:
        plain: what was found by weights alone, unit by unit.
        log_likelihood: of each unit [draw, unit].
        z: the draws [draw, dim].
        look: densities anywhere.
        efficiency: effective sample size relative to the number of draws.

    Reference:
        Paananen, Piironen, Bürkner, Vehtari (2021), Stat Comput 31:16.
    """
    at = _remembering(look)
    draws = {"chain": [0], "draw": np.arange(len(z))}

    def log_posterior(points: xr.DataArray) -> xr.DataArray:
        return xr.DataArray(at(points)[0][None], dims=("chain", "draw"), coords=draws)

    def of_unit(points: xr.DataArray, unit: np.integer) -> xr.DataArray:
        return xr.DataArray(at(points)[1][None, :, int(unit)], dims=("chain", "draw"), coords=draws)

    posterior = xr.Dataset({"z": (("chain", "draw", "coordinate"), z[None])}, coords=draws)
    likelihood = xr.Dataset({"all": (("chain", "draw", "unit"), log_likelihood[None])}, coords=draws)
    data = xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": likelihood})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = loo_moment_match(
            data, plain, log_posterior, of_unit, upars=posterior["z"], reff=efficiency, pointwise=True
        )
    return cast(ELPDData, found)


def _remembering(look: ByUnit) -> Callable[[xr.DataArray], tuple[np.ndarray, np.ndarray]]:
    """Return `look` for points [chain 1, draw, coordinate]: the last few are asked for several times over."""
    known: list[tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]] = []

    def at(points: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
        z = points.transpose("chain", "draw", "coordinate").values[0]
        for before, found in known:
            if np.array_equal(before, z):
                return found
        known.append((z.copy(), look(z)))
        del known[:-3]
        return known[-1][1]

    return at
