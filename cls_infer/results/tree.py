"""A fit's draws and everything read from them, as one xarray DataTree in ArviZ's words."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from ..cohort.records import Cohort
from ..inference.accuracy import sample_of, trace_exact_log_likelihood
from ..inference.run import Inference
from ..likelihood.posterior import Posterior
from ..solve.lanes import STATUS_WORDS
from .charted import observed_data, therapy_table
from .joint import Joint, join
from .kept import coordinates_kept, inputs_kept
from .log_prior import log_prior
from .newcomer import somebody_new
from .pareto import pareto_shape
from .provenance import Attributes
from .replicates import by_patient, trace_replicates
from .streamed import some_patients
from .trajectories import trace_trajectories
from .values import known_values, parameter_draws, trace_prior_draws

STATISTICS = {  # NumPyro's word: ArviZ's word
    "diverging": "diverging",
    "energy": "energy",
    "num_steps": "n_steps",
    "accept_prob": "acceptance_rate",
}


def build_tree(
    parts: Sequence[Inference], *, provenance: Attributes, whole: Cohort | None = None, store: Path | None = None
) -> xr.DataTree:
    """Return the tree of a fit, patients fitted apart side by side.

    Groups: `prior`, `posterior`, `unconstrained_posterior` (the sampler's coordinates), `constant_data` (what was
    known), `trajectories` (derived quantities and observables over time, for some draws), `posterior_predictive`,
    `log_likelihood`, `log_prior`, `observed_data`, `therapy`, `sample_stats`, `searches` (where those for the mode
    ended, if any), `new_patient` (what is pooled in part, of somebody new), `solver`, `inputs` (what builds the target
    again, hidden measurements of `whole` included). The
    root's attributes are the provenance, with `unused` and `set_aside` as JSON. Groups that are large are written to
    the Zarr `store`, where there is one, and read from there when they are asked for.
    """
    joint = join(parts)
    target, seed = joint.target, int(provenance["seed"])
    with ThreadPoolExecutor() as beside:  # four programs to compile and run, each mostly on one core
        before = beside.submit(trace_prior_draws(target, seed=seed))
        predicted = beside.submit(trace_replicates(target, joint.z, seed=seed, store=store))
        courses = beside.submit(trace_trajectories(target, joint.z, store))
        exact = beside.submit(trace_exact_log_likelihood(target, sample_of(joint.z)))
    replicates, status, log_health = predicted.result()
    difference = exact.result() - by_patient(_sample(replicates["log_likelihood"])).values
    groups = {
        "posterior": parameter_draws(target, joint.z),
        "unconstrained_posterior": coordinates_kept(target, joint.z),
        "prior": before.result(),
        "constant_data": known_values(target),
        "trajectories": courses.result(),
        **replicates,
        "log_prior": log_prior(target.pooling, joint.z, log_health),
        "observed_data": observed_data(target),
        "therapy": therapy_table(target),
        "sample_stats": _sample_stats(joint, status),
        "solver": _solver(joint, status, difference),
        "inputs": inputs_kept(target, whole or target.cohort),
    }
    if joint.searches is not None:
        groups["searches"] = _searches(joint)
    if target.pooling.population is not None:
        groups["new_patient"] = somebody_new(target.pooling, joint.z, seed=seed)
    tree = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    tree.attrs = {**provenance, **_rows(target), **_seconds(joint.seconds), "method": joint.method, **_evidence(joint)}
    if joint.centred:
        tree.attrs["pooled"] = joint.centred
    return tree


def _sample(likelihood: xr.Dataset) -> xr.Dataset:
    """Return the log-likelihood of the draws that are solved again, [sample, ...] in place of [chain, draw, ...]."""
    parts = [
        xr.Dataset({name: (("sample", *v.dims[2:]), sample_of(v.values)) for name, v in some.data_vars.items()})
        for some in some_patients(likelihood)
    ]
    return xr.concat(parts, "patient")


def _evidence(joint: Joint) -> dict[str, float]:
    """Return the log evidence of the cohort and its standard error, where importance weights tell it of everybody."""
    if set(joint.roads) != {"importance"}:
        return {}
    one = joint.stats["log_weight"].ndim == 2  # of all patients together, written beside each
    of = slice(0, 1) if one else slice(None)
    se = float(np.sqrt(np.sum(joint.certificate.log_evidence_se[of] ** 2)))
    return {"log_evidence": float(np.sum(joint.certificate.log_evidence[of])), "log_evidence_se": se}


def _sample_stats(joint: Joint, status: np.ndarray) -> xr.Dataset:
    """Return the sampler's statistics and the solver's `status` of every draw and patient, and of every patient by
    which `road` the draws came and what speaks for weighed ones."""
    data: dict[str, Any] = {"status": (("chain", "draw", "patient"), status.astype(np.int8))}
    for name, value in joint.stats.items():
        if name != "potential_energy":
            data[STATISTICS.get(name, name)] = (("chain", "draw", "patient")[: value.ndim], value)
    potential = joint.stats["potential_energy"]
    data["lp"] = (("chain", "draw", "patient")[: potential.ndim], -potential)
    data["road"] = ("patient", np.array(joint.roads))
    data |= {name: ("patient", column) for name, column in joint.certificate._asdict().items()}
    coords = {
        "chain": np.arange(status.shape[0]),
        "draw": np.arange(status.shape[1]),
        "patient": list(joint.target.plan.patients),
    }
    return xr.Dataset(data, coords=coords, attrs={"complete": int(joint.complete)})


def _searches(joint: Joint) -> xr.Dataset:
    """Return where each search for the mode ended, the best first: [patient, start], or [start] of all patients."""
    assert joint.searches is not None
    names = list(joint.target.plan.patients)
    each = len(joint.searches.mode) == len(names)
    dims, coords = (("patient", "start"), {"patient": names}) if each else (("start",), {})
    columns = joint.searches._asdict().items()
    data = {name: (dims, column if each else column[0]) for name, column in columns}
    return xr.Dataset(data, coords={**coords, "start": np.arange(joint.searches.mode.shape[1])})


def _solver(joint: Joint, status: np.ndarray, difference: np.ndarray) -> xr.Dataset:
    """Return how often each status occurred, and of a sample of draws the error in nats.

    `khat` is the Pareto shape of the weights that would correct the draws for it, NaN where too few differ.
    """
    codes, tolerance = list(STATUS_WORDS), joint.target.tolerance
    count = np.stack([np.sum(status == code, axis=(0, 1)) for code in codes], axis=-1)
    return xr.Dataset(
        {
            "count": (("patient", "status"), count),
            "error": (("sample", "patient"), np.abs(difference), {"unit": "nat"}),
            "khat": ("patient", [pareto_shape(one) for one in difference.T]),
        },
        coords={"patient": list(joint.target.plan.patients), "status": list(STATUS_WORDS.values())},
        attrs={
            "rtol": tolerance.rtol,
            "atol": tolerance.atol,
            "method": tolerance.method,
            "because": joint.solver_because,
        },
    )


def _rows(target: Posterior) -> dict[str, str]:
    return {
        "unused": json.dumps([asdict(row) for row in target.plan.unused]),
        "set_aside": json.dumps([asdict(row) for row in target.cohort.set_aside]),
    }


def _seconds(seconds: Mapping[str, float]) -> dict[str, float]:
    return {f"seconds_{name}": float(value) for name, value in seconds.items()}
