"""Every measurement predicted again from every draw: prediction, scale, replicate, log-likelihood."""

from typing import Any

import jax
import numpy as np
import xarray as xr

from ..likelihood.batches import Pending, trace_over_draws
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
    patients = len(target.plan.patients)
    predict = trace_over_draws(lambda one: _predict(target, one), z.reshape(-1, z.shape[-1]), patients=patients)

    def predicted() -> tuple[Groups, np.ndarray, np.ndarray]:
        mean, scale, each, status, lived, healthy = (a.reshape(*z.shape[:2], *a.shape[1:]) for a in predict())
        there = target.plan.chart.mask & (status == 0)[..., None]
        mean, scale, each = (np.where(there, a, np.nan) for a in (mean, scale, each))
        groups = _groups(target, mean, scale, each, seed=seed)
        if target.model.log_survival:
            lived = np.where(status == 0, lived, np.nan)
            groups["log_likelihood"]["survival"] = (DIMS[:3], lived)
        return groups, status, healthy

    return predicted


def by_patient(log_likelihood: xr.Dataset) -> xr.DataArray:
    """Return the log-likelihood of every draw [chain, draw, patient], of the measurements and of having lived to the
    last; NaN where a solve failed."""
    pointwise = log_likelihood["measurement"]
    total = pointwise.sum("obs", skipna=True).where(pointwise.notnull().any("obs"))
    return total + log_likelihood["survival"] if "survival" in log_likelihood else total


def _groups(target: Posterior, mean: np.ndarray, scale: np.ndarray, each: np.ndarray, *, seed: int) -> Groups:
    shape, df = target.noise_shape
    unit = unit_noise(mean.shape, shape, df, rng=np.random.default_rng(seed))
    replicate = scattered(mean, scale, unit, shape)
    coords = {
        "chain": np.arange(mean.shape[0]),
        "draw": np.arange(mean.shape[1]),
        "patient": list(target.plan.patients),
    }
    predictive = {"measurement": (DIMS, replicate), "prediction": (DIMS, mean), "scale": (DIMS, scale)}
    return {
        "posterior_predictive": xr.Dataset(predictive, coords=coords),
        "log_likelihood": xr.Dataset({"measurement": (DIMS, each)}, coords=coords),
    }


def _predict(target: Posterior, z: jax.Array) -> tuple[Any, ...]:
    coordinates = target.pooling.coordinates(z)
    predicted = target.predicted(coordinates)
    chart = target.plan.chart
    scale = total_scale(predicted.mean, predicted.time_variance, target.scatter(coordinates), chart.extra_sd)
    each, healthy = target.pointwise(coordinates, predicted), log_health(target.weighed(predicted.in_health))
    return predicted.mean, scale, each, predicted.status, predicted.log_survival, healthy
