"""Patients of a cohort drawn again for stage two: a shard's at a time, from its charts and its draws."""

from collections.abc import Sequence
from itertools import count

import numpy as np

from ..cohort.records import Cohort
from ..inference.accuracy import tolerance_at
from ..inference.redraw import redraw_by_importance
from ..inference.seeds import number
from ..inference.two_stage import Redraw
from ..likelihood.posterior import Posterior, posterior
from ..model.spec import Model
from .decide import own
from .gather import charts, held_in, method_of
from .run import CohortRun


def redraw_of(run: CohortRun, model: Model, parameters: Sequence[str], *, draws: int, seed: int) -> Redraw:
    """Return what draws patients of a cohort again, who are numbered by their names' order.

    Of the store it reads those shards that hold one of them, one after another.
    """
    names, rounds = sorted(run.done.patients), count()

    def redraw(patients: np.ndarray, mean: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        this = next(rounds)
        rows = {names[place]: row for row, place in enumerate(patients.tolist())}
        z, log_weight = np.zeros((len(rows), draws, len(parameters))), np.zeros((len(rows), draws))
        for shard, members in run.done.shards.items():
            if thin := [name for name in members if name in rows]:
                target, first = _shard_again(run, model, shard, thin)
                slots = [slot.name for slot in target.pooling.slots]
                places = np.array([slots.index(name) for name in parameters])
                own_seed = number(seed, thin[0], f"redraw {this}")
                again, _ = redraw_by_importance(target, first, places, draws=draws, seed=own_seed)
                of = np.array([rows[name] for name in thin])
                z[of], log_weight[of] = again(np.arange(len(thin)), mean[of], covariance[of])
        return z, log_weight

    return redraw


def _shard_again(run: CohortRun, model: Model, shard: str, names: Sequence[str]) -> tuple[Posterior, np.ndarray]:
    """Return the target of some patients of a shard, each alone, and their draws [patient, draw, slot]."""
    there = {patient.name: patient for patient in charts(run, shard)}
    held, judged = held_in(run, shard), run.group(shard, "judged").sel(patient=list(names)).load()
    tolerance = tolerance_at(float(judged["rtol"].min()), method_of(run, shard))
    cohort = Cohort("", tuple(there[name] for name in names), "")
    target = posterior(model, cohort, per_patient=own(model, held), fixed=held, tolerance=tolerance)
    stored = run.group(shard, "unconstrained_posterior")["z"].sel(patient=list(names))
    z = stored.transpose("patient", "chain", "draw", "coordinate").values
    free = [place for place, slot in enumerate(target.pooling.slots) if slot.size]
    first = np.zeros((len(names), z.shape[1] * z.shape[2], len(target.pooling.slots)))
    first[:, :, free] = z.reshape(len(names), -1, len(free))
    return target, first
