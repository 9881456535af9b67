"""Posteriors of patients who share nothing, at any points, many lanes at a time, on every device."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import Problem
from ..likelihood.facts import Facts, bucket, in_company, padded
from ..likelihood.posterior import FAILED, Posterior
from ..solve.lanes import Tolerance
from .gauss_newton import factor
from .lanes import lanes_of, lanes_program
from .programs import Programs
from .searches import STARTS
from .unsolved import unsolved

VALUES, SLOPES, EXPANSIONS = 256, 8, 8
"""Lanes a device takes at once: fixed, so that no result depends on how many patients there are. An expansion carries
a tangent for each coordinate beside every lane; of slopes a single patient asks for few at once."""

ABREAST = 16
"""Points of each posterior whose slopes are asked for at once, at most."""


class Local(NamedTuple):
    """A patient's log posterior about each point [lane]: value, gradient [lane, dim], Gauss-Newton curvature
    [lane, dim, dim], log-likelihood [lane] and solver's status [lane]."""

    log_posterior: Any
    gradient: Any
    curvature: Any
    log_likelihood: Any
    status: Any


class Slope(NamedTuple):
    """A patient's log posterior at each point [lane] and its gradient [lane, dim]."""

    log_posterior: Any
    gradient: Any


@dataclass(frozen=True)
class Apart:
    """A target whose every parameter is each patient's own: as many posteriors, of one dimension, as patients.

    A point is a patient's own part of z: its coordinates in the order of the slots that anybody estimates. `programs`
    holds what was compiled for other patients of like form. Charts are padded to the size that there is `room` for, and
    the patients to as many as there are `places`, where they are fewer: what compiles once then serves more of them.
    """

    target: Posterior
    programs: Programs = field(default_factory=Programs)
    room: Callable[[int], int] = bucket
    places: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The posteriors' names: the patients'."""
        return self.target.plan.patients

    @cached_property
    def free(self) -> np.ndarray:
        """Which slots a point holds."""
        return np.array([i for i, slot in enumerate(self.target.pooling.slots) if slot.size], int)

    @property
    def dimension(self) -> int:
        """Coordinates of one patient."""
        return len(self.free)

    @property
    def labels(self) -> list[str]:
        """The name of every coordinate of a point."""
        return [self.target.pooling.slots[i].name for i in self.free]

    @property
    def everyone(self) -> Posterior:
        """The target that has every posterior's patients."""
        return self.target

    @property
    def patients(self) -> int:
        """Patients of a posterior."""
        return 1

    @property
    def pooled(self) -> None:
        """No patient follows a population."""

    def joint(self, points: np.ndarray) -> np.ndarray:
        """Return the target's z [..., dim of all] from every patient's point [..., patient, dim]."""
        return np.moveaxis(points, -1, -2).reshape(*points.shape[:-2], -1)

    def lanes(self, points: jax.Array, which: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Return coordinates [lane, slot] and patients [lane] of the posteriors of these numbers [lane] at points."""
        return self.coordinates(points), which

    def coordinates(self, points: jax.Array) -> jax.Array:
        """Return coordinates [lane, slot] of points [lane, dim]; 0 where nothing is estimated."""
        return jnp.zeros((len(points), len(self.target.pooling.slots))).at[:, self.free].set(points)

    @cached_property
    def log_posterior(self) -> Callable[..., np.ndarray]:
        """Log posterior density [lane], without the prior's constant, at points [lane, dim] of patients [lane]."""

        def at(facts: Facts, points: jax.Array, patient: jax.Array) -> jax.Array:
            terms = self.target.with_facts(facts).by_patient(self.coordinates(points), patient)
            return jnp.maximum(terms.log_likelihood + terms.log_health, FAILED) - 0.5 * jnp.sum(points**2, axis=1)

        return self._over_lanes("log posterior", at, VALUES)

    @cached_property
    def slope(self) -> Callable[..., Slope]:
        """The log posterior and its gradient at points [lane, dim] of patients [lane]."""

        def total(points: jax.Array, facts: Facts, patient: jax.Array) -> tuple[jax.Array, jax.Array]:
            terms = self.target.with_facts(facts).by_patient(self.coordinates(points), patient)
            value = terms.log_likelihood + terms.log_health - 0.5 * jnp.sum(points**2, axis=1)
            return jnp.sum(value), value

        def at(facts: Facts, points: jax.Array, patient: jax.Array) -> Slope:
            (_, value), gradient = jax.value_and_grad(total, has_aux=True)(points, facts, patient)
            return Slope(value, gradient)

        return self._over_lanes("slope", at, SLOPES, ABREAST)

    @cached_property
    def expand(self) -> Callable[..., Local]:
        """The expansion about points [lane, dim] of patients [lane]."""

        def about(facts: Facts, points: jax.Array, patient: jax.Array) -> Local:
            found = factor(self.target.with_facts(facts), self.coordinates(points), patient)
            own = jnp.ix_(jnp.arange(len(points)), self.free, self.free)
            return Local(
                log_posterior=found.log_likelihood + found.log_health - 0.5 * jnp.sum(points**2, axis=1),
                gradient=found.gradient[:, self.free] - points,
                curvature=found.information[own] + jnp.eye(self.dimension)[None],
                log_likelihood=found.log_likelihood,
                status=found.status,
            )

        return self._over_lanes("expansion", about, EXPANSIONS, STARTS)

    @cached_property
    def values(self) -> Callable[..., np.ndarray]:
        """Values [lane, slot] of all that is estimated at points [lane, dim] of patients [lane]: the model's
        parameters, uncharted amounts, offsets of assays, in the order of the slots. Nothing is solved."""

        def at(facts: Facts, points: jax.Array, patient: jax.Array) -> jax.Array:
            return self.target.with_facts(facts).pooling.all_values_of(self.coordinates(points), patient)

        return self._over_lanes("values", at, VALUES)

    @cached_property
    def facts(self) -> Facts:
        """The patients' numbers, as every program of lanes takes them first."""
        route, chart = padded(self.target.plan, self.room)
        return in_company(self.target.facts._replace(route=route, chart=chart), self.places)

    @cached_property
    def form(self) -> tuple:
        """What a program of lanes depends on beside the facts, of targets that one posterior's patients make."""
        target = self.target
        slots = tuple(
            (type(slot.priors[0]), slot.base, slot.base_reference, slot.size > 0, slot.is_amount, slot.is_offset)
            for slot in target.pooling.slots
        )
        names = tuple(slot.name for slot in target.pooling.parameters)
        assays = tuple((assay.variable, assay.relative) for assay in target.plan.assays)
        shapes = tuple((np.shape(a), np.asarray(a).dtype) for a in jax.tree.leaves(self.facts))
        held = tuple(target.pooling.held.items())
        return names, slots, held, assays, shapes, target.plan.slots, target.plan.route.ends is None, target.tolerance

    def _over_lanes(
        self, what: str, fun: Callable[..., Any], block: int, each: int | None = None
    ) -> Callable[..., Any]:
        """Return a program of lanes, of which there are at most `each` for a patient."""
        most = each and each * max(self.places, len(self.names))
        run = self.programs.once((what, most, self.form), lambda: lanes_program(fun, block, known=1, most=most))
        return lanes_of(run, self.facts)

    @cached_property
    def log_health(self) -> Callable[..., np.ndarray]:
        """Log density of the healthy ranges [lane] at points [lane, dim] of patients [lane]; nothing is solved."""

        def at(facts: Facts, points: jax.Array, patient: jax.Array) -> jax.Array:
            return self.target.with_facts(facts).log_health(self.coordinates(points), patient)

        return self._over_lanes("health", at, VALUES)

    def unsolved(self, which: int, points: np.ndarray) -> list[Problem]:
        """Return what keeps a patient from being solved at any of these points [point, dim]."""
        return unsolved(self.target, [which], np.asarray(self.coordinates(jnp.asarray(points)))[None])

    def at(self, tolerance: Tolerance) -> "Apart":
        """Return the same patients solved at another tolerance."""
        return replace(self, target=replace(self.target, tolerance=tolerance))


def are_apart(target: Posterior) -> bool:
    """Return whether no patient shares anything with another."""
    return len(target.plan.patients) == 1 or all(slot.scope == "patient" for slot in target.pooling.slots)
