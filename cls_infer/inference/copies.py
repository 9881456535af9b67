"""Patients of a target over and over, each copy a posterior of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import jax
import numpy as np

from ..cohort.records import Cohort
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import Posterior, posterior
from ..model.spec import Model
from ..solve.lanes import Tolerance


def each_apart(
    model: Model, cohort: Cohort, *, fixed: Mapping[str, float] | None = None, tolerance: Tolerance | None = None
) -> Posterior:
    """Return the target of a cohort in which every free parameter is each patient's own.

    Raises:
        InputError: as `posterior` does.
    """
    held = dict(fixed or {})
    free = [slot.name for slot in posterior(model, cohort, fixed=held).pooling.parameters]
    return posterior(model, cohort, per_patient=tuple(free), fixed=held, tolerance=tolerance)


def copies(target: Posterior, which: Sequence[int], *, names: Sequence[str] | None = None) -> Posterior:
    """Return the target of these patients [copy], any of them as often as named, who share nothing.

    An assay's offset, too, is each copy's own. Nothing is read or laid out anew: what the plan holds is what counts.
    """
    chosen = np.asarray(which, int)
    plan, cohort = target.plan, target.cohort
    named = tuple(names if names is not None else (plan.patients[i] for i in chosen))
    patients = tuple(replace(cohort.patients[i], name=name) for i, name in zip(chosen, named, strict=True))
    route, chart = jax.tree.map(lambda a: np.asarray(a)[chosen], (plan.route, plan.chart))
    return replace(
        target,
        cohort=replace(cohort, patients=patients),
        plan=replace(plan, patients=named, route=route, chart=chart, unused=()),
        pooling=_copied(target.pooling, chosen, named),
    )


def _copied(pooling: Pooling, which: np.ndarray, names: tuple[str, ...]) -> Pooling:
    slots, position = [], 0
    for slot in pooling.slots:
        size = len(which) if slot.size else 0
        priors = tuple(slot.priors[i] for i in which)
        slots.append(replace(slot, priors=priors, scope="patient", start=position, size=size))
        position += size
    return Pooling(tuple(slots), names, position, pooling.held)
