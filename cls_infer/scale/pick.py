"""One patient of a cohort as a fit of its own, for everything that reads a run."""

import json
from typing import Any

import numpy as np
import xarray as xr

from ..cohort.names import did_you_mean
from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.accuracy import tolerance_at
from ..inference.certified import Certificate
from ..inference.chains import Draws
from ..inference.run import Inference
from ..likelihood.posterior import posterior
from ..model.spec import Model
from ..results.fitted import Fit, conclude
from ..results.kept import hide_after, patient_of
from ..results.tree import STATISTICS
from .decide import own
from .run import CohortRun

CERTIFIED = ("khat", "effective", "log_evidence", "log_evidence_se", "modes")


def pick(run: CohortRun, patient: str, model: Model) -> Fit:
    """Return the fit of one patient: its draws as they are in the store, and everything that is computed from them.

    Raises:
        InputError: the cohort is unfinished, or has no such patient.
    """
    if run.unfinished:
        raise InputError(run.unfinished)
    shard = _shard_of(run, patient)
    inputs = run.group(shard, "inputs").attrs
    how, patients = json.loads(inputs["how"]), [patient_of(one) for one in json.loads(inputs["patients"])]
    origin = dict(run.manifest["provenance"])
    chart = next(one for one in patients if one.name == patient)
    whole = Cohort(origin["cohort"], (chart,), origin["cohort_digest"])
    seen, hidden = hide_after(whole, origin.get("until"))
    judged = run.group(shard, "judged").sel(patient=patient).load()
    tolerance = tolerance_at(float(judged["rtol"]), how["method"])
    target = posterior(model, seen, per_patient=own(model, how["held"]), fixed=how["held"], tolerance=tolerance)
    z = run.group(shard, "unconstrained_posterior")["z"].sel(patient=patient)
    draws = Draws(z.transpose("chain", "draw", "coordinate").values, _statistics(run, shard, patient))
    weighed = np.isfinite(float(judged["effective"]))
    part = Inference(
        target,
        draws,
        str(judged["road"].item()),
        {},
        certificate=Certificate(*(np.array([float(judged[name])]) for name in CERTIFIED)) if weighed else None,
        solver_because="as for the cohort",
    )
    return conclude([part], provenance={**origin, "hidden_measurements": hidden}, whole=whole)


def _shard_of(run: CohortRun, patient: str) -> str:
    for shard, names in run.done.shards.items():
        if patient in names:
            return shard
    if patient in run.done.failed:
        message = f"`{patient}` could not be fitted: {run.done.failed[patient]}"
        raise InputError([Problem(str(run.folder), message, remedy="mend the chart, and fit again")])
    message = f"the cohort has no patient `{patient}`"
    raise InputError([Problem(str(run.folder), message, remedy=did_you_mean(patient, sorted(run.done.patients)))])


def _statistics(run: CohortRun, shard: str, patient: str) -> dict[str, Any]:
    """Return the statistics of a patient's draws by NumPyro's names; those that its road does not have stay out."""
    stats: xr.Dataset = run.group(shard, "sample_stats").sel(patient=patient).load()
    numpyro = {arviz: name for name, arviz in STATISTICS.items()}
    found: dict[str, Any] = {"potential_energy": -stats["lp"].values}
    is_chain = "energy" in stats and np.isfinite(stats["energy"].values).all()
    for name, value in stats.data_vars.items():
        if name != "lp" and is_chain != (name == "log_weight"):
            found[numpyro.get(str(name), str(name))] = value.values
    return found
