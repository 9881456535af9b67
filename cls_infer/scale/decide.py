"""What holds for every patient of a cohort, whoever is fitted where, and which patients may stand in one shard."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ..errors import InputError, Problem

if TYPE_CHECKING:
    from ..cohort.records import Cohort, Patient
    from ..inference.settings import Settings
    from ..model.spec import Model

LOOKED_AT = 4
"""Patients, evenly spread over the cohort, whose courses tell by which method to solve."""


@dataclass(frozen=True)
class Decided:
    """Parameters held at a value, by which method to solve, and why."""

    held: dict[str, float] = field(default_factory=dict)
    solver: str = "auto"
    because: str = ""


@dataclass(frozen=True)
class Layout:
    """Places in the cohort of patients whose programs are alike, by what they depend on; and by the place of each
    patient who cannot be laid out, why not."""

    alike: dict[Hashable, list[int]]
    refused: dict[int, str]


def check_apart(model: "Model", cohort: "Cohort", *, per_patient: Sequence[str], fixed: dict[str, float]) -> None:
    """Refuse a fit whose patients share anything: workers do not hear of one another.

    Raises:
        InputError: names parameters and assays that patients share, and names that the model lacks.
    """
    from ..likelihood.pool import pool
    from ..model.prior import Fixed

    first = cohort.patients[0]
    pool(model, replace(cohort, patients=(first,)), per_patient=per_patient, fixed=fixed)  # refuses unknown names
    settled = {*per_patient, *held_of(model, cohort, per_patient=per_patient, fixed=fixed)}
    shared = [
        name
        for name, parameter in model.parameters.items()
        if name not in settled and parameter.scope != "patient"
        if not isinstance(parameter.prior_of(first.known), Fixed)
    ]
    remedy = "ask for it by `--per-patient`, hold it by `--fix`, or leave out `--workers`"
    problems = [
        Problem("--workers", f"`{name}` is shared by patients who are fitted apart", remedy=remedy) for name in shared
    ]
    problems += [
        Problem(
            "--workers",
            f"the offset of the assay `{assay}` of `{variable}` is shared by {count} patients",
            remedy="leave the column `assay` out, or leave out `--workers`",
        )
        for (variable, assay), count in _assays(model, cohort).items()
        if count > 1
    ]
    if problems and len(cohort.patients) > 1:
        raise InputError(problems)


def decide(
    model: "Model", cohort: "Cohort", layout: Layout, settings: "Settings", *, held: dict[str, float]
) -> Decided:
    """Return what holds for all patients. The method of the solver is chosen by the courses of a few of them.

    Raises:
        InputError: no patient can be laid out; says why of each.
    """
    import numpy as np

    from ..inference.accuracy import tolerance_at
    from ..inference.method import with_method
    from ..likelihood.posterior import posterior

    there = sorted(place for places in layout.alike.values() for place in places)
    if not there:
        reasons = [Problem(cohort.patients[place].name, why) for place, why in layout.refused.items()]
        raise InputError(reasons)
    among = [there[i] for i in np.unique(np.linspace(0, len(there) - 1, LOOKED_AT).round().astype(int))]
    some = replace(cohort, patients=tuple(cohort.patients[place] for place in among))
    tolerance = tolerance_at(settings.rtol, settings.solver)
    target = posterior(model, some, per_patient=own(model, held), fixed=held, tolerance=tolerance)
    solved, chosen = with_method(target, settings.seed)
    return Decided(held, solved.tolerance.method, chosen.why)


def held_of(
    model: "Model", cohort: "Cohort", *, per_patient: Sequence[str], fixed: dict[str, float]
) -> dict[str, float]:
    """Return the parameters that are held: by the user, or because what they act through nobody got."""
    from ..likelihood.pool import without_effect

    return {**without_effect(model, cohort, list(per_patient)), **fixed}


def own(model: "Model", held: dict[str, float]) -> tuple[str, ...]:
    """Return the parameters that are each patient's own: all that are not held."""
    return tuple(name for name in model.parameters if name not in held)


def lay_out(model: "Model", cohort: "Cohort", patients: Sequence[int], held: dict[str, float]) -> Layout:
    """Return these patients by what their programs and the rounding of their sums depend on."""
    alike: dict[Hashable, list[int]] = {}
    refused: dict[int, str] = {}
    for place in patients:
        try:
            alike.setdefault(form_of(model, cohort, cohort.patients[place], held), []).append(place)
        except InputError as error:
            refused[place] = "; ".join(str(problem) for problem in error.problems)
    return Layout(alike, refused)


def form_of(model: "Model", cohort: "Cohort", patient: "Patient", held: dict[str, float]) -> Hashable:
    """Return what a patient's draws depend on beside its own numbers: which coordinates it has, and the sizes that its
    chart is padded to.

    Raises:
        InputError: the model predicts nothing that was measured, or what a posterior refuses.
    """
    from ..likelihood.facts import coarse
    from ..likelihood.pool import pool
    from ..likelihood.support import check_support
    from ..solve.plan import plan

    alone = replace(cohort, patients=(patient,))
    check_support(model, alone)
    laid_out = plan(model, alone)
    pooling = pool(model, alone, per_patient=own(model, held), fixed=held)
    slots = tuple((slot.name if not slot.is_amount else "", type(slot.priors[0]), slot.size) for slot in pooling.slots)
    sizes = coarse(laid_out.route.stops.shape[1]), coarse(laid_out.chart.value.shape[1])
    return slots, tuple(pooling.held.items()), laid_out.route.ends is None, laid_out.assays, sizes


def cut(layout: Layout, size: int) -> list[tuple[int, ...]]:
    """Return shards of patients alike, of at most so many, in the order of their first patient."""
    shards = [
        tuple(places[first : first + size]) for places in layout.alike.values() for first in range(0, len(places), size)
    ]
    return sorted(shards)


def _assays(model: "Model", cohort: "Cohort") -> dict[tuple[str, str], int]:
    """Return by variable and assay how many patients have it."""
    from ..solve.plan import used

    found: dict[tuple[str, str], int] = {}
    for patient in cohort.patients:
        for pair in {(m.variable, m.assay) for m in used(model, patient) if m.assay}:
            found[pair] = found.get(pair, 0) + 1
    return found
