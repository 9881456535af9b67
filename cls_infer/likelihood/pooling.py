"""Which parameter is each patient's own, which is shared, which partially pooled; and the coordinates they take.

Every parameter of every patient has a standard normal coordinate under its prior. The sampler's vector `z`
holds them once for a shared parameter, once a patient for an own one, and for a pooled one the population's
coordinate, the logarithm of its spread, and one deviation a patient: z_i = mu + tau eta_i. What else the population's
law holds, as effects of covariates and correlations, stands behind them all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..model.prior import Spread
from ..model.spec import Scope
from ..types import Batch
from .hyperprior import SPREAD
from .population import Law, Population
from .shares import chosen

EACH = slice(None)
"""The patients of lanes that are every patient once."""


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

    `population` is of the partially pooled parameters, and `law_at` says where in z each entry of its law lies;
    `choice_at` where, in a mixture, each patient's coordinate of the cause it is of.
    """

    slots: tuple[Slot, ...]
    patients: tuple[str, ...]
    dimension: int
    held: Mapping[str, float]
    population: Population | None = None
    law_at: tuple[int, ...] = ()
    choice_at: tuple[int, ...] = ()
    numbers: tuple[tuple[Any, ...], ...] | None = None
    """The priors' numbers, as `priors` has them, where they are handed to a program and take the place of its own."""

    @property
    def families(self) -> dict[type[Spread], list[int]]:
        """The places of the slots that have priors of one family: these are computed together."""
        found: dict[type[Spread], list[int]] = {}
        for place, slot in enumerate(self.slots):
            found.setdefault(type(slot.priors[0]), []).append(place)
        return found

    @property
    def priors(self) -> tuple[tuple[Any, ...], ...]:
        """The numbers of each family's priors, each [patient, slot of the family]."""
        if self.numbers is not None:
            return self.numbers
        fields = [slot.fields for slot in self.slots]
        return tuple(
            tuple(np.stack(column, axis=1) for column in zip(*(fields[place] for place in places), strict=True))
            for places in self.families.values()
        )

    @property
    def form(self) -> tuple:
        """What a program of these coordinates depends on beside the priors' numbers, and beside a population's law."""
        slots = [
            (slot.name, type(slot.priors[0]), slot.scope, slot.base, slot.base_reference, slot.start, slot.size)
            for slot in self.slots
        ]
        kinds = [(slot.is_amount, slot.is_offset) for slot in self.slots]
        return tuple(slots), tuple(kinds), len(self.patients), self.dimension, tuple(self.held.items())

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
            away = jnp.einsum("pij,pj->pi", self.population.roots(law), self.deviations(z))
            columns |= dict(zip(self.pooled, (self.centre(z) + away).T, strict=True))
        return jnp.stack([columns[place] for place in range(len(self.slots))], axis=1)

    def centre(self, z: Batch) -> jax.Array:
        """Return where every patient is expected [patient, pooled]; in a mixture by the cause that z says it is of."""
        assert self.population is not None  # something is pooled
        centres, log_share = self.population.centres(self.law(z))
        if not self.choice_at:
            return centres[:, 0]
        choice = chosen(log_share, jnp.asarray(z)[np.array(self.choice_at)])
        return jnp.take_along_axis(centres, choice[:, None, None], axis=1)[:, 0]

    def vector(self, u: Batch, coordinates: Batch, choice: Batch | None = None) -> jax.Array:
        """Return z [dimension] from the law's entries u [dim], every patient's coordinates [patient, slot] and, in a
        mixture, the coordinate of the cause it is of [patient].

        What is shared is taken from the first patient.
        """
        z = jnp.zeros(self.dimension)
        columns = jnp.asarray(coordinates).T
        for place, slot in enumerate(self.slots):
            if slot.size and place not in self.pooled:
                z = z.at[slot.start : slot.start + slot.size].set(columns[place, : slot.size])
        if self.population is not None:
            z = z.at[np.array(self.law_at)].set(u)
            if choice is not None:
                z = z.at[np.array(self.choice_at)].set(choice)
            away = columns[np.array(self.pooled)].T - self.centre(z)
            roots = self.population.roots(self.law(z))
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
        own = [slot.name for slot in self.slots if not slot.is_offset]
        by_name = self.named(own, coordinates, patient)
        amounts = [by_name[slot.name] for slot in self.slots if slot.is_amount]
        stacked = jnp.stack(amounts, axis=1) if amounts else jnp.zeros((len(coordinates), 0))
        return tuple(by_name[slot.name] for slot in self.parameters), stacked

    def all_values_of(self, coordinates: Batch, patient: Batch | slice) -> jax.Array:
        """Return the same and the assays' offsets behind one another [lane, slot], in the order of the slots."""
        values, amounts = self.values_of(coordinates, patient)
        columns = [value[:, None] for value in values]
        return jnp.concatenate([*columns, amounts, self.offsets(coordinates, patient)], axis=1)

    def offsets(self, coordinates: Batch, patient: Batch | slice = EACH) -> jax.Array:
        """Return the assays' offsets [lane, assay] at coordinates [lane, slot] of these patients [lane]."""
        names = [slot.name for slot in self.slots if slot.is_offset]
        found = self.named(names, coordinates, patient)
        return jnp.stack([found[name] for name in names], axis=1) if names else jnp.zeros((len(coordinates), 0))

    def named(self, names: Iterable[str], coordinates: Batch, patient: Batch | slice = EACH) -> dict[str, Any]:
        """Return the values [lane] of some slots by name, and of those that they are proportional to."""
        wanted = {*names}
        for slot in reversed(self.slots):
            wanted |= {slot.base} if slot.name in wanted and slot.base else set()
        places = [place for place, slot in enumerate(self.slots) if slot.name in wanted]
        values, by_name = self._transported(places, coordinates, patient), {}
        for slot, value in ((self.slots[place], values[place]) for place in places):
            if slot.base is not None:
                base = by_name[slot.base] if slot.base in by_name else self.held[slot.base]
                value = value * base / slot.base_reference
            by_name[slot.name] = value
        return by_name

    def _transported(self, wanted: Sequence[int], coordinates: Batch, patient: Batch | slice) -> dict[int, jax.Array]:
        """Return by place what the priors make of coordinates [lane, slot], each [lane]; of whole families, as far as
        one of their slots is wanted."""
        columns, found = jnp.unstack(jnp.asarray(coordinates), axis=1), {}
        for (family, places), fields in zip(self.families.items(), self.priors, strict=True):
            if not set(places).isdisjoint(wanted):
                z = jnp.stack([columns[place] for place in places], axis=1)
                values = family.transport(z, *(jnp.asarray(field)[patient] for field in fields))
                found |= zip(places, jnp.unstack(jnp.asarray(values), axis=1), strict=True)
        return found

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
            names += [f"{self.population.kind}[{patient}]" for patient in self.patients if self.choice_at]
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
