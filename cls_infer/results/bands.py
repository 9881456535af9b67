"""Quantiles of a fit over time: the model's curve, with or without the scatter of measurements."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from ..likelihood.measured import scattered, unit_noise
from ..likelihood.noise import SHAPES

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
REPEATS = 10
"""Scatter drawn this often for each draw, the same along a curve, so that bands are smooth."""


class Band(NamedTuple):
    """Times [point] in h and the quantiles 5, 25, 50, 75, 95 % [level, point]."""

    time: np.ndarray
    quantiles: np.ndarray

    @property
    def farthest(self) -> int:
        """The point where the median is farthest from its start; the first where no draw could be solved."""
        median = self.quantiles[2]
        return 0 if np.isnan(median).all() else int(np.nanargmax(np.abs(median - median[0])))


def curve(tree: xr.DataTree, name: str, patient: str) -> Band:
    """Return the band of a derived quantity, or of an observable's prediction without scatter."""
    one = tree["trajectories"].to_dataset()[name].sel(patient=patient)
    return Band(one["time"].values, np.nanquantile(one.values, LEVELS, axis=(0, 1)))


def predictive_curve(tree: xr.DataTree, name: str, patient: str) -> Band:
    """Return the band in which a measurement taken at any time would lie: prediction and its scatter."""
    one = tree["trajectories"].to_dataset()[name].sel(patient=patient)
    noise, mean = one.attrs, one.values[None]
    scale = _scale(tree, one, noise["noise_scale"], patient) + noise["noise_relative"] * np.abs(mean)
    rng = np.random.default_rng(int(tree.attrs["seed"]))
    shape = SHAPES[noise["noise"]]
    unit = unit_noise((REPEATS, *mean.shape[1:3], 1), shape, noise["noise_df"], rng=rng)
    noisy = scattered(mean, scale, unit, shape)
    return Band(one["time"].values, np.nanquantile(noisy, LEVELS, axis=(0, 1, 2)))


def _scale(tree: xr.DataTree, one: xr.DataArray, scale: float | str, patient: str) -> np.ndarray | float:
    """Return the noise's scale, [1, chain, draw, 1] where it was estimated."""
    if not isinstance(scale, str):
        return scale
    group = "posterior" if scale in tree["posterior"] else "constant_data"
    numbers = tree[group].to_dataset()[scale]
    numbers = numbers.sel(patient=patient) if "patient" in numbers.dims else numbers
    if "draw" not in numbers.dims:
        return numbers.item()
    return numbers.sel(draw=one["draw"]).values[None, :, :, None]


def collected(tree: xr.DataTree, name: str, patient: str) -> Band:
    """Return the predictive quantiles at each measurement [obs] of a variable, collected windows included."""
    observed = tree["observed_data"].to_dataset().sel(patient=patient)
    places = np.flatnonzero((observed["variable"] == name).values)
    replicates = tree["posterior_predictive"].to_dataset()["measurement"]
    replicates = replicates.sel(patient=patient).isel(obs=places)
    return Band(observed["time"].values[places], np.nanquantile(replicates.values, LEVELS, axis=(0, 1)))
