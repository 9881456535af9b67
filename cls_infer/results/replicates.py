"""Every measurement predicted again from every draw: prediction, scale, replicate, log-likelihood."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr

from ..likelihood.batches import Pending, trace_in_batches
from ..likelihood.measured import scattered, unit_noise
from ..likelihood.noise import total_scale
from ..likelihood.posterior import Posterior, log_health
from .streamed import Stream, some_patients, stream

DIMS = ("chain", "draw", "patient", "obs")


type Groups = dict[str, xr.Dataset]


def trace_replicates(
    target: Posterior, z: np.ndarray, *, seed: int, store: Path | None = None
) -> Pending[tuple[Groups, np.ndarray, np.ndarray]]:
    """Return what computes the groups `posterior_predictive` and `log_likelihood`, and status and log density of the
    healthy ranges of every draw [chain, draw, patient].

    `measurement` is the replicate with its noise, `prediction` is without it, the mean over an uncertain time,
    `scale` the noise's scale with what that time adds (of the logarithm where it is lognormal). All are
    [chain, draw, patient, obs], NaN where a solve failed or a patient has fewer measurements. Where the model says
    who lives, `log_likelihood` holds as `survival` the log probability to have lived to the last measurement
    [chain, draw, patient]. Groups that are large are written to the `store`, where there is one, batch by batch.
    """
    patients, mask = len(target.plan.patients), target.plan.chart.mask
    shape, df = target.noise_shape
    batches = trace_in_batches(lambda one: _predict(target, one), z.reshape(-1, z.shape[-1]), patients=patients)

    def predicted() -> tuple[Groups, np.ndarray, np.ndarray]:
        draws = (z.shape[0] * z.shape[1], patients)
        student, normal = np.random.default_rng(seed).spawn(2)  # one stream each: batches change no number
        predictive, likelihood = _streams(target, z.shape[:2], store)
        status, healthy = np.empty(draws, int), np.empty(draws)
        for rows, found in batches():
            *pointwise, status[rows], lived, healthy[rows] = found
            solved = status[rows] == 0
            mean, scale, each = (np.where(mask & solved[..., None], a, np.nan) for a in pointwise)
            unit = unit_noise(mean.shape, shape, df, rng=student, normal=normal)
            replicate = scattered(mean, scale, unit, shape)
            predictive.add({"measurement": replicate, "prediction": mean, "scale": scale})
            survival = {"survival": np.where(solved, lived, np.nan)} if target.model.log_survival else {}
            likelihood.add({"measurement": each, **survival})
        groups = {"posterior_predictive": predictive.end(), "log_likelihood": likelihood.end()}
        return groups, status.reshape(*z.shape[:2], -1), healthy.reshape(*z.shape[:2], -1)

    return predicted


def by_patient(log_likelihood: xr.Dataset) -> xr.DataArray:
    """Return the log-likelihood of every draw [chain, draw, patient], of the measurements and of having lived to the
    last; NaN where a solve failed."""
    return xr.concat([_summed(some) for some in some_patients(log_likelihood)], "patient")


def _summed(log_likelihood: xr.Dataset) -> xr.DataArray:
    pointwise = log_likelihood["measurement"]
    total = pointwise.sum("obs", skipna=True).where(pointwise.notnull().any("obs"))
    return total + log_likelihood["survival"] if "survival" in log_likelihood else total


def _streams(target: Posterior, draws: tuple[int, ...], store: Path | None) -> tuple[Stream, Stream]:
    """Return the groups `posterior_predictive` and `log_likelihood`, to be filled."""
    each = (DIMS, (*draws, *target.plan.chart.mask.shape), {})
    survival = {"survival": (DIMS[:3], each[1][:3], {})} if target.model.log_survival else {}
    coords = {"chain": np.arange(draws[0]), "draw": np.arange(draws[1]), "patient": list(target.plan.patients)}
    predictive = dict.fromkeys(("measurement", "prediction", "scale"), each)
    return (
        stream("posterior_predictive", predictive, coords, store),
        stream("log_likelihood", {"measurement": each, **survival}, coords, store),
    )


def _predict(target: Posterior, z: jax.Array) -> tuple[Any, ...]:
    coordinates = target.pooling.coordinates(z)
    predicted = target.predicted(coordinates)
    chart = target.plan.chart
    scale = total_scale(predicted.mean, predicted.time_variance, target.scatter(coordinates), chart.extra_sd)
    each, healthy = target.pointwise(coordinates, predicted), log_health(target.weighed(predicted.in_health))
    return predicted.mean, scale, each, predicted.status, predicted.log_survival, healthy
