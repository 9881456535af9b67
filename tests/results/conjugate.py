"""Runs of a model whose posterior is known: measurements normal about one mean or about nought, sd 1."""

import numpy as np
import xarray as xr
from scipy import stats

from cls_infer.results.diagnose import Verdict
from cls_infer.results.fitted import Fit


def measured(values, *, prior_sd=3.0, draws=4000, seed=1, shift=0.0, **attrs):
    """A run that estimates the mean of values [patient, obs] from the prior normal(0, prior_sd).

    Values may be NaN. `shift` moves the draws off the posterior.
    """
    rng = np.random.default_rng(seed)
    values = np.asarray(values, float)
    count = np.isfinite(values).sum()
    precision = count + prior_sd**-2
    mean = np.nansum(values) / precision + shift
    mu = (mean + rng.standard_normal(draws) / np.sqrt(precision)).reshape(2, -1)
    return run(values, mu, prior=stats.norm(0, prior_sd).logpdf(mu), **attrs)


def run(values, mu, *, prior, complete=True, unmet=(), **attrs):
    """A run with these draws of the mean [chain, draw]."""
    patients = [f"P{n + 1}" for n in range(len(values))]
    obs = ("patient", "obs")
    there = np.isfinite(values)
    number = np.arange(values.size).reshape(values.shape)
    pointwise = stats.norm.logpdf(values, loc=mu[..., None, None])
    draws = {"chain": np.arange(mu.shape[0]), "draw": np.arange(mu.shape[1]), "patient": patients}
    blank = np.zeros(values.shape)
    observed = xr.Dataset(
        {
            "measurement": (obs, values),
            "upper": (obs, values),
            "censoring": (obs, blank),
            "time_sd": (obs, blank),
            "extra_sd": (obs, blank),
        },
        coords={
            "patient": patients,
            "time": (obs, np.where(there, number % values.shape[1], np.nan)),
            "row": (obs, np.where(there, number + 2.0, np.nan)),
            "variable": (obs, np.where(there, "albumin", "").astype(object)),
            "unit": (obs, np.where(there, "g/L", "").astype(object)),
        },
    )
    groups = {
        "posterior": xr.Dataset({"mu": (("chain", "draw"), mu)}, coords=draws),
        "log_prior": xr.Dataset({"mu": (("chain", "draw"), prior)}),
        "log_likelihood": xr.Dataset({"measurement": (("chain", "draw", *obs), pointwise)}, coords=draws),
        "observed_data": observed,
    }
    tree = xr.DataTree.from_dict({f"/{name}": one for name, one in groups.items()})
    tree.attrs = {"model": "mean", "method": "nuts", "cohort_digest": "0" * 64, **attrs}
    return Fit(tree, Verdict(not unmet, unmet, {"complete": complete}))


def about_nought(values, **attrs):
    """A run of a model that knows the mean to be 0."""
    return run(values, np.zeros((2, 500)) + 1e-6 * np.arange(500), prior=np.zeros((2, 500)), **attrs)


def left_out(values, groups, *, prior_sd=3.0):
    """The exact log predictive density of each group of the flat values, given the others."""
    found = []
    for group in groups:
        rest = np.delete(values, group)
        precision = len(rest) + prior_sd**-2
        together = np.eye(len(group)) + 1 / precision
        found.append(
            stats.multivariate_normal(np.full(len(group), rest.sum() / precision), together).logpdf(values[group])
        )
    return np.array(found)
