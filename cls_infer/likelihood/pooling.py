"""Which parameter is each patient's own, which is shared, which partially pooled; and the coordinates they take.

Every parameter of every patient has a standard normal coordinate under its prior. The sampler's vector `z`
holds them once for a shared parameter, once a patient for an own one, and for a pooled one the population's
coordinate, the logarithm of its spread, and one deviation a patient: z_i = mu + tau eta_i. What else the population's
law holds, as effects of covariates and correlations, stands behind them all.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..model.prior import Fixed, Normal, Prior, Spread, Uncharted
from ..model.spec import Model, Scope
from ..physiology.inputs import REST
from ..solve.plan import assays_of, usable, used
from ..solve.route import uncharted
from ..types import Batch
from .population import CAUSE, SPREAD, Law, Population, population

EACH = slice(None)
"""The patients of lanes that are every patient once."""

WAYS = {"patient": "per patient", "shared": "shared", "hierarchical": "pooled in part", "held": "held at a value"}


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
    """All free parameters of a fit. `dimension` is the length of z.

    `population` is of the partially pooled parameters, and `law_at` says where in z each entry of its law lies.
    """

    slots: tuple[Slot, ...]
    patients: tuple[str, ...]
    dimension: int
    held: Mapping[str, float]
    population: Population | None = None
    law_at: tuple[int, ...] = ()

    @property
    def parameters(self) -> tuple[Slot, ...]:
        """The model's own free parameters."""
        return tuple(slot for slot in self.slots if not (slot.is_amount or slot.is_offset))

    @property
    def pooled(self) -> tuple[int, ...]:
        """Places of the partially pooled parameters in `slots`."""
        return tuple(place for place, slot in enumerate(self.slots) if slot.scope == "hierarchical" and slot.size)

    def law(self, z: Batch) -> Law:
        """Return the population's law from the sampler's vector [dimension]."""
        assert self.population is not None  # something is pooled
        return self.population.law(jnp.asarray(z)[np.array(self.law_at)])

    def deviations(self, z: Batch) -> jax.Array:
        """Return the pooled parameters' deviations eta [patient, pooled]."""
        starts = np.array([self.slots[place].start + 2 for place in self.pooled])
        return jnp.asarray(z)[starts[None] + np.arange(len(self.patients))[:, None]]

    def coordinates(self, z: Batch) -> jax.Array:
        """Return every patient's coordinates [patient, slot] from the sampler's vector [dimension]."""
        z = jnp.asarray(z)
        columns = {
            place: _coordinates(slot, z[slot.start : slot.start + slot.size], len(self.patients))
            for place, slot in enumerate(self.slots)
            if place not in self.pooled
        }
        if self.population is not None:
            law = self.law(z)
            centres, _ = self.population.centres(law)
            away = jnp.einsum("pij,pj->pi", self.population.roots(law), self.deviations(z))
            columns |= dict(zip(self.pooled, (centres[:, 0] + away).T, strict=True))
        return jnp.stack([columns[place] for place in range(len(self.slots))], axis=1)

    def vector(self, u: Batch, coordinates: Batch) -> jax.Array:
        """Return z [dimension] from the law's entries u [dim] and every patient's coordinates [patient, slot].

        What is shared is taken from the first patient.
        """
        z = jnp.zeros(self.dimension)
        columns = jnp.asarray(coordinates).T
        for place, slot in enumerate(self.slots):
            if slot.size and place not in self.pooled:
                z = z.at[slot.start : slot.start + slot.size].set(columns[place, : slot.size])
        if self.population is not None:
            z = z.at[np.array(self.law_at)].set(u)
            law = self.law(z)
            away = columns[np.array(self.pooled)].T - self.population.centres(law)[0][:, 0]
            roots = self.population.roots(law)
            eta = jax.scipy.linalg.solve_triangular(roots, away[..., None], lower=True)[..., 0]
            for number, place in enumerate(self.pooled):
                start = self.slots[place].start + 2
                z = z.at[start : start + len(self.patients)].set(eta[:, number])
        return z

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
        if self.population is not None:
            names += self.population.labels[2 * len(self.pooled) :]
        return names


def _coordinates(slot: Slot, part: jax.Array, patients: int) -> jax.Array:
    if slot.size == 0:
        return jnp.zeros(patients)
    if slot.scope == "shared":
        return jnp.broadcast_to(part, (patients,))
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
    covariates: Sequence[str] = (),
    correlated: bool = False,
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

    Raises:
        InputError: unknown names, one name in two places, values that are no number, priors that differ in kind
            between patients, a population of one, covariates that are missing, constant or move nothing.
    """
    asked = {"patient": list(per_patient), "shared": list(shared), "hierarchical": list(hierarchical)}
    _check_names(model, asked, fixed or {})
    _check_several(cohort, asked["hierarchical"])
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
    own = Pooling(tuple(slots), tuple(p.name for p in cohort.patients), position, held)
    return _with_law(own, cohort, covariates, correlated)


def _with_law(own: Pooling, cohort: Cohort, covariates: Sequence[str], correlated: bool) -> Pooling:
    """Return the coordinates with the law of what is partially pooled; its last entries stand at the end of z."""
    if not own.pooled:
        if covariates or correlated:
            where, found = ("--covariate", "covariates") if covariates else ("--correlated", "correlations")
            message = f"{found} of a population, and nothing is pooled in part"
            raise InputError([Problem(where, message, remedy="name the parameters by `--hierarchical`")])
        return own
    slots = [own.slots[place] for place in own.pooled]
    people = population(cohort, [slot.name for slot in slots], covariates=covariates, correlated=correlated)
    if people.choices[0].shape[1] > 1:
        lacking = [name for name, place in zip(people.episodes, people.cause, strict=True) if place < 0]
        found = f"`{CAUSE}` is missing of {', '.join(f'`{name}`' for name in lacking)}, and a joint fit asks for all"
        remedy = "chart it in patients.csv, or leave these patients out; weighing draws apart mixes over causes"
        raise InputError([Problem("--covariate", found, remedy=remedy)])
    behind = people.dimension - 2 * len(slots)
    at = (*(slot.start for slot in slots), *(slot.start + 1 for slot in slots))
    at += tuple(range(own.dimension, own.dimension + behind))
    return replace(own, dimension=own.dimension + behind, population=people, law_at=at)


def _check_several(cohort: Cohort, hierarchical: Sequence[str]) -> None:
    """Refuse to pool the parameters of a single patient."""
    if hierarchical and len(cohort.patients) == 1:
        named = ", ".join(f"`{name}`" for name in hierarchical)
        found = f"{named} pooled in part, in a population of one: `{cohort.patients[0].name}`"
        raise InputError([Problem("fit", found, remedy="add patients, or leave out `--hierarchical`")])


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
