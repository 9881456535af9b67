"""Decides a fit's coordinates: which parameters are free, and how each is pooled; checks what was asked for."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..model.prior import Fixed, Normal, Prior, Uncharted
from ..model.spec import Model, Scope
from ..physiology.inputs import REST
from ..solve.plan import assays_of, usable, used
from ..solve.route import uncharted
from .pooling import Pooling, Slot
from .population import population

WAYS = {"patient": "per patient", "shared": "shared", "hierarchical": "pooled in part", "held": "held at a value"}


def pool(
    model: Model,
    cohort: Cohort,
    *,
    per_patient: Iterable[str] = (),
    shared: Iterable[str] = (),
    hierarchical: Iterable[str] = (),
    fixed: Mapping[str, float] | None = None,
    covariates: Sequence[str] = (),
    correlated: bool = False,
    mixture: int = 0,
) -> Pooling:
    """Decide the coordinates of a fit.

    Args:
        model: its parameters' defaults hold where nothing is said. What acts through therapy that no patient got is
            held at its reference value, unless it is asked for per patient.
        cohort: one patient makes every parameter that patient's own.
        per_patient: names estimated for each patient alone.
        shared: names with one value for all patients.
        hierarchical: names partially pooled.
        fixed: values held by the user.
        covariates: what of the chart moves the partially pooled parameters.
        correlated: whether the partially pooled parameters vary together.
        mixture: so many groups, which nobody charted, have a centre each; 0 for none.

    Raises:
        InputError: unknown names, one name in two places, values that are no number, priors that differ in kind
            between patients, a population of one, covariates that are missing, constant or move nothing.
    """
    asked = {"patient": list(per_patient), "shared": list(shared), "hierarchical": list(hierarchical)}
    _check_names(model, asked, fixed or {})
    _check_several(cohort, asked["hierarchical"])
    scope_of = {name: scope for scope, names in asked.items() for name in names}
    held: dict[str, float] = {**without_effect(model, cohort, asked["patient"]), **(fixed or {})}
    slots: list[Slot] = []
    position = 0
    for name, parameter in model.parameters.items():
        priors = [parameter.prior_of(patient.known) for patient in cohort.patients]
        if name in held:
            continue
        if isinstance(priors[0], Fixed):
            held[name] = priors[0].number
            continue
        _check_alike(name, priors, cohort)
        scope = "patient" if len(priors) == 1 else scope_of.get(name, parameter.scope)
        size = 0 if all(not isinstance(p, Fixed) and p.known for p in priors) else _size(scope, len(priors))
        base = parameter.proportional_to
        reference = model.reference_value(base) if base else 1.0
        slots.append(Slot(name, parameter.unit, tuple(priors), scope, base, reference, position, size))
        position += size
    for slot in _amounts(model, cohort, position):
        slots.append(slot)
        position += slot.size
    for slot in _offsets(model, cohort, position):
        slots.append(slot)
        position += slot.size
    own = Pooling(tuple(slots), tuple(p.name for p in cohort.patients), position, held)
    return _with_law(own, cohort, covariates, correlated, mixture)


def _with_law(own: Pooling, cohort: Cohort, covariates: Sequence[str], correlated: bool, mixture: int) -> Pooling:
    """Return the coordinates with the law of what is partially pooled; its last entries stand at the end of z."""
    if not own.pooled:
        said = {"--covariate": covariates, "--correlated": correlated, "--mixture": mixture}
        if (where := next((name for name, asked in said.items() if asked), None)) is not None:
            found = {"--covariate": "covariates", "--correlated": "correlations", "--mixture": "groups"}[where]
            message = f"{found} of a population, and nothing is pooled in part"
            raise InputError([Problem(where, message, remedy="name the parameters by `--hierarchical`")])
        return own
    slots = [own.slots[place] for place in own.pooled]
    named = [slot.name for slot in slots]
    people = population(cohort, named, covariates=covariates, correlated=correlated, mixture=mixture)
    behind = people.dimension - 2 * len(slots)
    at = (*(slot.start for slot in slots), *(slot.start + 1 for slot in slots))
    at += tuple(range(own.dimension, own.dimension + behind))
    end = own.dimension + behind
    choice_at = tuple(range(end, end + len(cohort.patients))) if people.is_mixture else ()
    return replace(own, dimension=end + len(choice_at), population=people, law_at=at, choice_at=choice_at)


def _check_several(cohort: Cohort, hierarchical: Sequence[str]) -> None:
    """Refuse to pool the parameters of a single patient."""
    if hierarchical and len(cohort.patients) == 1:
        named = ", ".join(f"`{name}`" for name in hierarchical)
        found = f"{named} pooled in part, in a population of one: `{cohort.patients[0].name}`"
        raise InputError([Problem("fit", found, remedy="add patients, or leave out `--hierarchical`")])


def without_effect(model: Model, cohort: Cohort, kept: Sequence[str]) -> dict[str, float]:
    """Return the parameters that act through therapy no patient got, with their reference values.

    Those in `kept` stay out: patients fitted apart are to have the same parameters.
    """
    got = {channel for patient in cohort.patients for channel in _moved(model, patient)}
    return {
        name: model.reference_value(name)
        for name, parameter in model.parameters.items()
        if parameter.acts_through is not None and parameter.acts_through not in got and name not in kept
    }


def _moved(model: Model, patient: Patient) -> set[str]:
    """Return the channels that this patient's therapy moves away from rest."""
    rest, moved = REST._asdict(), set()
    for event in usable(model, patient):
        item = ITEMS[event.item]
        moved |= {
            channel
            for channel, per_unit in item.per_unit.items()
            if event.amount is None or event.amount * per_unit != (rest[channel] if item.kind == "level" else 0.0)
        }
    return moved


def _size(scope: Scope, patients: int) -> int:
    return {"shared": 1, "hierarchical": patients + 2, "patient": patients}[scope]


def _check_names(model: Model, asked: Mapping[str, Sequence[str]], fixed: Mapping[str, float]) -> None:
    problems = []
    for name, number in fixed.items():
        if name in model.parameters and not np.isfinite(number):
            problems.append(Problem("fit", f"`{name}` is held at {number:g}", remedy="give a finite number"))
    named = [*fixed, *(name for names in asked.values() for name in names)]
    for name in dict.fromkeys(named):
        if name not in model.parameters:
            near = difflib.get_close_matches(name, model.parameters, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"`cls-infer models {model.name}` lists them"
            problems.append(Problem("fit", f"`{model.name}` has no parameter `{name}`", remedy=remedy))
        elif named.count(name) > 1:
            ways = [scope for scope, names in asked.items() if name in names] + (["held"] if name in fixed else [])
            said = f"`{name}` is asked for in more than one way: {', '.join(WAYS[way] for way in ways)}"
            problems.append(Problem("fit", said, remedy="choose one"))
    if problems:
        raise InputError(problems)


def _check_alike(name: str, priors: Sequence[Prior], cohort: Cohort) -> None:
    """Refuse priors of one parameter that differ in kind between patients; their numbers may differ."""
    first = cohort.patients[0].name
    problems = [
        Problem(
            "fit",
            f"`{name}` has the prior {prior} for patient `{patient.name}` and {priors[0]} for `{first}`",
            remedy="chart both patients alike in patients.csv, or fit them apart",
        )
        for patient, prior in zip(cohort.patients, priors, strict=True)
        if type(prior) is not type(priors[0])
    ]
    if problems:
        raise InputError(problems)


def _amounts(model: Model, cohort: Cohort, position: int) -> list[Slot]:
    """Return one slot for each place of uncharted amounts and ends, empty for patients who have fewer."""
    events = [uncharted(usable(model, patient)) for patient in cohort.patients]
    names = [_amount_name(events, place) for place in range(max(map(len, events), default=0))]
    slots = []
    for place, name in enumerate(names):
        priors = tuple(
            _amount_prior(e[place]) if place < len(e) else Uncharted(1.0, 0.0, 0.0, 1.0, 0.0) for e in events
        )
        size = len(cohort.patients)
        slots.append(
            Slot(
                name if names.count(name) == 1 else f"{name}_{place + 1}",  # one item twice at one hour
                "h" if all(e[place].end_sd for e in events if place < len(e)) else "",
                priors,
                "patient",
                None,
                1.0,
                position,
                size,
                True,
            )
        )
        position += size
    return slots


def _offsets(model: Model, cohort: Cohort, position: int) -> list[Slot]:
    """Return one slot for each assay: shared by all where several patients have it, else that one's own."""
    slots = []
    for assay in assays_of(model, cohort):
        has = [
            any((m.variable, m.assay) == (assay.variable, assay.name) for m in used(model, p)) for p in cohort.patients
        ]
        scope: Scope = "shared" if sum(has) > 1 else "patient"
        priors = tuple(Normal(0.0, assay.sd if own or scope == "shared" else 0.0) for own in has)
        size = _size(scope, len(priors))
        name = f"offset_{assay.variable}[{assay.name}]"
        unit = "1" if assay.relative else model.observables[assay.variable].unit
        slots.append(Slot(name, unit, priors, scope, None, 1.0, position, size, is_offset=True))
        position += size
    return slots


def _amount_prior(event) -> Uncharted:
    if event.end_sd:
        hours = event.end - event.start
        return Uncharted(hours, event.end_sd / hours, 0.0, 1.0, 0.0)
    if event.median is not None:
        return Uncharted(event.median, float(np.log(event.gsd)), 0.0, 1.0, 0.0)
    return Uncharted(1.0, 0.0, event.low, event.high, 1.0)


def _amount_name(events: Sequence[Sequence], place: int) -> str:
    here = [e[place] for e in events if place < len(e)]
    names = {f"{event.item}_{event.start:g}h" + ("_duration" if event.end_sd else "") for event in here}
    return names.pop() if len(names) == 1 else f"uncharted_{place + 1}"
