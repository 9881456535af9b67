"""A fit's draws and everything read from them, as one xarray DataTree in ArviZ's words."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import xarray as xr
from arviz_stats.base.array import array_stats

from ..inference.accuracy import sample_of, trace_exact_log_likelihood
from ..inference.run import Inference
from ..likelihood.posterior import Posterior
from ..solve.lanes import STATUS_WORDS
from .charted import observed_data, therapy_table
from .joint import Joint, join
from .provenance import Attributes
from .replicates import trace_replicates
from .trajectories import trace_trajectories
from .values import known_values, parameter_draws, trace_prior_draws

FEWEST_WEIGHTS = 25
"""The Pareto shape is fitted to a fifth of the weights, and needs five of them."""

STATISTICS = {  # NumPyro's word: ArviZ's word
    "diverging": "diverging",
    "energy": "energy",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
}


def build_tree(parts: Sequence[Inference], *, provenance: Attributes) -> xr.DataTree:
    """Return the tree of a fit, patients fitted apart side by side.

    Groups: `prior`, `posterior`, `constant_data` (what was known), `trajectories` (derived quantities and
    observables over time, for some draws), `posterior_predictive`, `log_likelihood`, `observed_data`,
    `therapy`, `sample_stats`, `solver`. The root's attributes are the provenance, with `unused` and
    `set_aside` as JSON.
    """
    joint = join(parts)
    target, seed = joint.target, int(provenance["seed"])
    with ThreadPoolExecutor() as beside:  # four programs to compile and run, each mostly on one core
        before = beside.submit(trace_prior_draws(target, seed=seed))
        predicted = beside.submit(trace_replicates(target, joint.z, seed=seed))
        courses = beside.submit(trace_trajectories(target, joint.z))
        exact = beside.submit(trace_exact_log_likelihood(target, sample_of(joint.z)))
    replicates, status, lived = predicted.result()
    difference = exact.result() - sample_of(_by_patient(replicates["log_likelihood"]) + lived)
    groups = {
        "posterior": parameter_draws(target, joint.z),
        "prior": before.result(),
        "constant_data": known_values(target),
        "trajectories": courses.result(),
        **replicates,
        "observed_data": observed_data(target),
        "therapy": therapy_table(target),
        "sample_stats": _sample_stats(joint, status),
        "solver": _solver(target, status, difference),
    }
    tree = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    tree.attrs = {**provenance, **_rows(target), **_seconds(joint.seconds), "method": joint.method}
    if joint.centred:
        tree.attrs["pooled"] = joint.centred
    return tree


def _sample_stats(joint: Joint, status: np.ndarray) -> xr.Dataset:
    """Return the sampler's statistics and the solver's `status` of every draw and patient."""
    data = {"status": (("chain", "draw", "patient"), status.astype(np.int8))}
    for name, word in STATISTICS.items():
        value = joint.stats[name]
        data[word] = (("chain", "draw", "patient")[: value.ndim], value)
    potential = joint.stats["potential_energy"]
    data["lp"] = (("chain", "draw", "patient")[: potential.ndim], -potential)
    coords = {
        "chain": np.arange(status.shape[0]),
        "draw": np.arange(status.shape[1]),
        "patient": list(joint.target.plan.patients),
    }
    return xr.Dataset(data, coords=coords, attrs={"complete": int(joint.complete)})


def _by_patient(log_likelihood: xr.Dataset) -> np.ndarray:
    """Return the log-likelihood of every draw [chain, draw, patient], NaN where a solve failed."""
    pointwise = log_likelihood["measurement"]
    return pointwise.sum("obs", skipna=True).where(pointwise.notnull().any("obs")).values


def _solver(target: Posterior, status: np.ndarray, difference: np.ndarray) -> xr.Dataset:
    """Return how often each status occurred, and of a sample of draws the error in nats.

    `khat` is the Pareto shape of the weights that would correct the draws for it, NaN where too few differ.
    """
    codes = list(STATUS_WORDS)
    count = np.stack([np.sum(status == code, axis=(0, 1)) for code in codes], axis=-1)
    return xr.Dataset(
        {
            "count": (("patient", "status"), count),
            "error": (("sample", "patient"), np.abs(difference), {"unit": "nat"}),
            "khat": ("patient", [_pareto_shape(one) for one in difference.T]),
        },
        coords={"patient": list(target.plan.patients), "status": list(STATUS_WORDS.values())},
        attrs={"rtol": target.tolerance.rtol, "atol": target.tolerance.atol},
    )


def _pareto_shape(log_weights: np.ndarray) -> float:
    """Return Pareto k-hat of importance weights, given as logarithms [sample]."""
    known = log_weights[np.isfinite(log_weights)]
    if len(np.unique(known)) < FEWEST_WEIGHTS:
        return np.nan
    return float(array_stats.psislw(-known)[1])  # takes them as of a log-likelihood left out: negative


def _rows(target: Posterior) -> dict[str, str]:
    return {
        "unused": json.dumps([asdict(row) for row in target.plan.unused]),
        "set_aside": json.dumps([asdict(row) for row in target.cohort.set_aside]),
    }


def _seconds(seconds: Mapping[str, float]) -> dict[str, float]:
    return {f"seconds_{name}": float(value) for name, value in seconds.items()}
