"""A new patient's parameters by name, as the population lets expect them or as measurements left them."""

import numpy as np
import xarray as xr

from ..inference.newcomer import Expected, from_population
from ..likelihood.batches import over_draws
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import Posterior

LEVELS = (0.05, 0.5, 0.95)


def expected_values(target: Posterior, expected: Expected) -> xr.Dataset:
    """Return each free parameter of an expected patient [draw], with its unit; `weight` [draw] sums to 1."""
    pooling = expected.pooling
    values = over_draws(lambda z: pooling.values(pooling.coordinates(z))[0], expected.z, patients=1, lanes=4096)
    data = {
        slot.name: ("draw", value[:, 0], {"unit": slot.unit})
        for slot, value in zip(pooling.parameters, values, strict=True)
    }
    return xr.Dataset({**data, "weight": ("draw", np.exp(expected.log_weight))}, attrs={"model": target.model.name})


def somebody_new(pooling: Pooling, z: np.ndarray, *, seed: int) -> xr.Dataset:
    """Return each pooled parameter of a patient who is not of the cohort [chain, draw], one for each draw z.

    Its quantiles are the population's spread with what is not known of it. As at `k_mu`, the prior is the first
    patient's and the body the reference; the covariates are the cohort's mean.
    """
    coordinates = from_population(pooling, z.reshape(-1, z.shape[-1]), seed=seed)
    data = {}
    for place, column in zip(pooling.pooled, coordinates.T, strict=True):
        slot = pooling.slots[place]
        value = type(slot.priors[0]).transport(column, *(field[0] for field in slot.fields))
        data[slot.name] = (("chain", "draw"), np.asarray(value).reshape(z.shape[:2]), {"unit": slot.unit})
    return xr.Dataset(data, coords={"chain": np.arange(z.shape[0]), "draw": np.arange(z.shape[1])})


def quantiles(values: xr.Dataset, log_weight: np.ndarray, levels: tuple[float, ...] = LEVELS) -> xr.Dataset:
    """Return the weighted quantiles [level] of each parameter, for the log weights [draw] of an update."""
    weight = np.exp(log_weight - np.logaddexp.reduce(log_weight))
    data = {
        str(name): ("level", np.quantile(v.values, levels, weights=weight, method="inverted_cdf"), v.attrs)
        for name, v in values.data_vars.items()
        if name != "weight"
    }
    return xr.Dataset(data, coords={"level": list(levels)}, attrs=values.attrs)
