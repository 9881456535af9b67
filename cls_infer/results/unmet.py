"""Whether one patient's draws may be believed, by the thresholds of `diagnose`."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import xarray as xr
from arviz_stats.sampling_diagnostics import bfmi

from .diagnose import THRESHOLDS, convergence

WORDS = {"khat": "k-hat", "rhat": "R-hat", "ess_bulk": "bulk ESS", "ess_tail": "tail ESS", "bfmi": "E-BFMI"}


_LEAST_OF_CHAINS = {"ess_bulk": THRESHOLDS.ess, "ess_tail": THRESHOLDS.ess, "bfmi": THRESHOLDS.bfmi}


class Judged(NamedTuple):
    """What speaks for a patient's draws, NaN where a road has no such number. `solver_error` is in nats, `rtol` the
    tolerance that the patient was solved at; `unmet` says in words what is not met, empty where all is."""

    road: str
    khat: float
    effective: float
    log_evidence: float
    log_evidence_se: float
    modes: float
    rhat: float
    ess_bulk: float
    ess_tail: float
    bfmi: float
    divergences: int
    failed_solves: int
    solver_error: float
    rtol: float
    unmet: str


def judge(
    *,
    road: str,
    values: np.ndarray,
    stats: Mapping[str, np.ndarray],
    certificate: tuple[float, ...] | None,
    failed_solves: int,
    solver_error: float,
    rtol: float,
) -> Judged:
    """Return what speaks for one patient's draws.

    Args:
        road: how they were made.
        values: of its estimated parameters [chain, draw, parameter].
        stats: the sampler's statistics [chain, draw] by NumPyro's names.
        certificate: Pareto k-hat, effective size, log evidence, its standard error and modes of weighed draws.
        failed_solves: draws that could not be solved.
        solver_error: the largest error of the log posterior [nats] of some draws.
        rtol: the tolerance they were solved at.
    """
    numbers = dict.fromkeys(("rhat", "ess_bulk", "ess_tail", "bfmi"), np.nan)
    if certificate is None:
        numbers |= _of_chains(values, stats)
    khat, effective, evidence, evidence_se, modes = certificate or (np.nan,) * 5
    found = Judged(
        road=road,
        khat=khat,
        effective=effective,
        log_evidence=evidence if road == "importance" else np.nan,
        log_evidence_se=evidence_se if road == "importance" else np.nan,
        modes=modes,
        **numbers,
        divergences=int(np.sum(stats.get("diverging", 0))),
        failed_solves=failed_solves,
        solver_error=solver_error,
        rtol=rtol,
        unmet="",
    )
    return found._replace(unmet="; ".join(_unmet(found)))


def _of_chains(values: np.ndarray, stats: Mapping[str, np.ndarray]) -> dict[str, float]:
    """Return the worst convergence of any parameter."""
    measures = convergence(xr.Dataset({"value": (("chain", "draw", "parameter"), values)}))
    energy = xr.Dataset({"energy": (("chain", "draw"), stats["energy"])})
    return {
        "rhat": float(measures["rhat"]["value"].max()),
        "ess_bulk": float(measures["ess_bulk"]["value"].min()),
        "ess_tail": float(measures["ess_tail"]["value"].min()),
        "bfmi": float(np.min(bfmi(energy)["energy"])),
    }


def _unmet(found: Judged) -> Iterator[str]:
    """Yield what is not met, with what is asked."""
    asked = THRESHOLDS
    weighed = np.isfinite(found.effective)
    most = {"khat": asked.khat} if weighed else {"rhat": asked.rhat}
    for name, limit in most.items():
        if not getattr(found, name) < limit:
            yield f"{WORDS[name]} {getattr(found, name):.3g}, below {limit:g} asked"
    least = {"effective": asked.ess} if weighed else _LEAST_OF_CHAINS
    for name, limit in least.items():
        if not getattr(found, name) >= limit:
            yield f"{WORDS.get(name, 'effective size')} {getattr(found, name):.3g}, {limit:g} asked"
    if found.divergences > asked.divergences:
        yield f"{found.divergences} divergent transitions"
    if found.failed_solves > asked.failed_solves:
        yield f"{found.failed_solves} draws whose solve failed"
    if not found.solver_error <= asked.solver_error_nats:
        yield f"solver's error {found.solver_error:.2g} nats, {asked.solver_error_nats:g} asked"
