"""Every measurement predicted again from every draw: prediction, scale, replicate, log-likelihood."""

from typing import Any

import jax
import numpy as np
import xarray as xr

from ..likelihood.batches import Pending, trace_in_batches
from ..likelihood.measured import scattered, unit_noise
from ..likelihood.noise import total_scale
from ..likelihood.posterior import Posterior, log_health

DIMS = ("chain", "draw", "patient", "obs")


type Groups = dict[str, xr.Dataset]


def trace_replicates(target: Posterior, z: np.ndarray, *, seed: int) -> Pending[tuple[Groups, np.ndarray, np.ndarray]]:
    """Return what computes the groups `posterior_predictive` and `log_likelihood`, and status and log density of the
    healthy ranges of every draw [chain, draw, patient].

    `measurement` is the replicate with its noise, `prediction` is without it, the mean over an uncertain time,
    `scale` the noise's scale with what that time adds (of the logarithm where it is lognormal). All are
    [chain, draw, patient, obs], NaN where a solve failed or a patient has fewer measurements. Where the model says
    who lives, `log_likelihood` holds as `survival` the log probability to have lived to the last measurement
    [chain, draw, patient].
    """
    patients, mask = len(target.plan.patients), target.plan.chart.mask
    shape, df = target.noise_shape
    batches = trace_in_batches(lambda one: _predict(target, one), z.reshape(-1, z.shape[-1]), patients=patients)

    def predicted() -> tuple[Groups, np.ndarray, np.ndarray]:
        draws = (z.shape[0] * z.shape[1], patients)
        student, normal = np.random.default_rng(seed).spawn(2)  # one stream each: batches change no number
        replicate, mean, scale, each = (np.empty((*draws, mask.shape[1])) for _ in range(4))
        status, lived, healthy = np.empty(draws, int), np.empty(draws), np.empty(draws)
        for rows, found in batches():
            *pointwise, status[rows], lived[rows], healthy[rows] = found
            there = mask & (status[rows] == 0)[..., None]
            mean[rows], scale[rows], each[rows] = (np.where(there, a, np.nan) for a in pointwise)
            unit = unit_noise(mean[rows].shape, shape, df, rng=student, normal=normal)
            replicate[rows] = scattered(mean[rows], scale[rows], unit, shape)
        lived[status != 0] = np.nan
        groups = _groups(target, z.shape[:2], {"measurement": replicate, "prediction": mean, "scale": scale}, each)
        if target.model.log_survival:
            groups["log_likelihood"]["survival"] = (DIMS[:3], lived.reshape(*z.shape[:2], -1))
        return groups, status.reshape(*z.shape[:2], -1), healthy.reshape(*z.shape[:2], -1)

    return predicted


def by_patient(log_likelihood: xr.Dataset) -> xr.DataArray:
    """Return the log-likelihood of every draw [chain, draw, patient], of the measurements and of having lived to the
    last; NaN where a solve failed."""
    pointwise = log_likelihood["measurement"]
    total = pointwise.sum("obs", skipna=True).where(pointwise.notnull().any("obs"))
    return total + log_likelihood["survival"] if "survival" in log_likelihood else total


def _groups(target: Posterior, draws: tuple[int, ...], predictive: dict[str, np.ndarray], each: np.ndarray) -> Groups:
    """Return the groups of arrays [draw of any chain, patient, obs]."""
    coords = {"chain": np.arange(draws[0]), "draw": np.arange(draws[1]), "patient": list(target.plan.patients)}
    by_chain = {name: (DIMS, a.reshape(*draws, *a.shape[1:])) for name, a in predictive.items()}
    likelihood = {"measurement": (DIMS, each.reshape(*draws, *each.shape[1:]))}
    return {
        "posterior_predictive": xr.Dataset(by_chain, coords=coords),
        "log_likelihood": xr.Dataset(likelihood, coords=coords),
    }


def _predict(target: Posterior, z: jax.Array) -> tuple[Any, ...]:
    coordinates = target.pooling.coordinates(z)
    predicted = target.predicted(coordinates)
    chart = target.plan.chart
    scale = total_scale(predicted.mean, predicted.time_variance, target.scatter(coordinates), chart.extra_sd)
    each, healthy = target.pointwise(coordinates, predicted), log_health(target.weighed(predicted.in_health))
    return predicted.mean, scale, each, predicted.status, predicted.log_survival, healthy
