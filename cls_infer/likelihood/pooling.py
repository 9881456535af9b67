"""Which parameter is each patient's own, which is shared, which partially pooled; and the coordinates they take.

Every parameter of every patient has a standard normal coordinate under its prior. The sampler's vector `z`
holds them once for a shared parameter, once a patient for an own one, and for a pooled one the population's
coordinate, the logarithm of its spread, and one deviation a patient: z_i = mu + tau eta_i.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..model.prior import Fixed, LogNormal, Normal, Prior, Spread, Uncharted
from ..model.spec import Model, Scope
from ..physiology.inputs import REST
from ..solve.plan import assays_of, usable, used
from ..solve.route import uncharted
from ..types import Batch

EACH = slice(None)
"""The patients of lanes that are every patient once."""

SPREAD = LogNormal(median=0.3, log_sd=1.0)
"""Prior of the between-patient spread tau, in units of the parameter's own prior sd [A]."""


@dataclass(frozen=True)
class Slot:
    """One free parameter of the cohort: its priors [patient], how it is pooled, where it lies in `z`."""

    name: str
    unit: str
    priors: tuple[Spread, ...]
    scope: Scope
    base: str | None
    base_reference: float
    start: int
    size: int
    is_amount: bool = False
    is_offset: bool = False

    @property
    def fields(self) -> tuple[np.ndarray, ...]:
        """The priors' numbers, each [patient]."""
        return tuple(np.array(column, float) for column in zip(*map(astuple, self.priors), strict=True))


@dataclass(frozen=True)
class Pooling:
    """All free parameters of a fit. `dimension` is the length of z."""

    slots: tuple[Slot, ...]
    patients: tuple[str, ...]
    dimension: int
    held: Mapping[str, float]

    @property
    def parameters(self) -> tuple[Slot, ...]:
        """The model's own free parameters."""
        return tuple(slot for slot in self.slots if not (slot.is_amount or slot.is_offset))

    def coordinates(self, z: Batch) -> jax.Array:
        """Return every patient's coordinates [patient, slot] from the sampler's vector [dimension]."""
        columns = []
        z = jnp.asarray(z)
        for slot in self.slots:
            part = z[slot.start : slot.start + slot.size]
            columns.append(_coordinates(slot, part, len(self.patients)))
        return jnp.stack(columns, axis=1)

    def values(self, coordinates: Batch) -> tuple[tuple[jax.Array, ...], jax.Array]:
        """Return free parameter values, each [patient], and uncharted amounts [patient, event]."""
        return self.values_of(coordinates, EACH)

    def values_of(self, coordinates: Batch, patient: Batch | slice) -> tuple[tuple[jax.Array, ...], jax.Array]:
        """Return the same for lanes: coordinates [lane, slot] of the patients of these numbers [lane]."""
        by_name: dict[str, Any] = {}
        columns = jnp.asarray(coordinates)
        for i, slot in enumerate(self.slots):
            if slot.is_offset:
                continue
            fields = [jnp.asarray(field)[patient] for field in slot.fields]
            value = type(slot.priors[0]).transport(columns[:, i], *fields)
            if slot.base is not None:
                base = by_name[slot.base] if slot.base in by_name else self.held[slot.base]
                value = value * base / slot.base_reference
            by_name[slot.name] = value
        amounts = [by_name[slot.name] for slot in self.slots if slot.is_amount]
        stacked = jnp.stack(amounts, axis=1) if amounts else jnp.zeros((len(columns), 0))
        return tuple(by_name[slot.name] for slot in self.parameters), stacked

    def offsets(self, coordinates: Batch, patient: Batch | slice = EACH) -> jax.Array:
        """Return the assays' offsets [lane, assay] at coordinates [lane, slot] of these patients [lane]."""
        columns = jnp.asarray(coordinates)
        found = [jnp.zeros((len(columns), 0))]
        for i, slot in enumerate(self.slots):
            if slot.is_offset:
                fields = [jnp.asarray(field)[patient] for field in slot.fields]
                found.append(jnp.asarray(Normal.transport(columns[:, i], *fields))[:, None])
        return jnp.concatenate(found, axis=1)

    def labels(self) -> list[str]:
        """Return a name for every entry of z."""
        names: list[str] = []
        for slot in self.slots:
            own = [f"{slot.name}[{patient}]" for patient in self.patients]
            if slot.scope == "shared":
                names += [slot.name] * slot.size
            elif slot.scope == "hierarchical":
                names += [f"{slot.name}.mu", f"{slot.name}.tau", *own]
            else:
                names += own[: slot.size]
        return names


def _coordinates(slot: Slot, part: jax.Array, patients: int) -> jax.Array:
    if slot.size == 0:
        return jnp.zeros(patients)
    if slot.scope == "shared":
        return jnp.broadcast_to(part, (patients,))
    if slot.scope == "hierarchical":
        return part[0] + spread_of(part[1]) * part[2:]
    return part


def spread_of(z: Batch) -> Any:
    """Return the between-patient spread tau, in units of the prior's sd, from its coordinate."""
    return SPREAD.transport(z, *astuple(SPREAD))


def pool(
    model: Model,
    cohort: Cohort,
    *,
    per_patient: Iterable[str] = (),
    shared: Iterable[str] = (),
    hierarchical: Iterable[str] = (),
    fixed: Mapping[str, float] | None = None,
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

    Raises:
        InputError: unknown names, one name in two places, values that are no number, priors that differ in kind
            between patients.
    """
    asked = {"patient": list(per_patient), "shared": list(shared), "hierarchical": list(hierarchical)}
    _check_names(model, asked, fixed or {})
    scope_of = {name: scope for scope, names in asked.items() for name in names}
    held: dict[str, float] = {**_without_effect(model, cohort, asked["patient"]), **(fixed or {})}
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
    return Pooling(tuple(slots), tuple(p.name for p in cohort.patients), position, held)


def _without_effect(model: Model, cohort: Cohort, kept: Sequence[str]) -> dict[str, float]:
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
            problems.append(Problem("fit", f"`{name}` is asked for in more than one way", remedy="choose one"))
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
    """Return one slot for each place of uncharted amounts, empty for patients who have fewer."""
    events = [uncharted(usable(model, patient)) for patient in cohort.patients]
    slots = []
    for place in range(max(map(len, events), default=0)):
        priors = tuple(
            _amount_prior(e[place]) if place < len(e) else Uncharted(1.0, 0.0, 0.0, 1.0, 0.0) for e in events
        )
        size = len(cohort.patients)
        slots.append(
            Slot(
                _amount_name(cohort.patients, events, place),
                "",
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
    if event.median is not None:
        return Uncharted(event.median, float(np.log(event.gsd)), 0.0, 1.0, 0.0)
    return Uncharted(1.0, 0.0, event.low, event.high, 1.0)


def _amount_name(patients: Sequence[Patient], events: Sequence[Sequence], place: int) -> str:
    names = {f"{e[place].item}_{e[place].start:g}h" for e in events if place < len(e)}
    return names.pop() if len(names) == 1 else f"uncharted_{place + 1}"
