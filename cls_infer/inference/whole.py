"""Posteriors of patients who share parameters: the one of a fit, or one of each of many cohorts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import Problem
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import FAILED, Posterior, Terms
from ..solve.lanes import Tolerance
from .apart import ABREAST, EXPANSIONS, SLOPES, VALUES, Local, Slope
from .gauss_newton import expand_at
from .lanes import over_lanes
from .searches import STARTS
from .unsolved import unsolved


@dataclass(frozen=True)
class Whole:
    """A target whose patients share parameters: one posterior, whose points are z.

    Or one of each of the cohorts of these `names`, alike in design: then `charted` holds the patients of them all, one
    cohort behind another, and the target says how each cohort's take their numbers from its point.
    """

    target: Posterior
    names: tuple[str, ...] = ("all patients",)
    charted: Posterior | None = None

    @property
    def everyone(self) -> Posterior:
        """The target that has every posterior's patients."""
        return self.charted or self.target

    @property
    def patients(self) -> int:
        """Patients of a posterior."""
        return len(self.target.plan.patients)

    @property
    def pooled(self) -> Pooling | None:
        """How the patients of a posterior follow a population; None where none do."""
        return self.target.pooling if self.target.pooling.population else None

    @property
    def dimension(self) -> int:
        """Coordinates of a posterior."""
        return self.target.pooling.dimension

    def joint(self, points: np.ndarray) -> np.ndarray:
        """Return z of all posteriors [..., dim of all], of one its z, from their points [..., posterior, dim]."""
        return np.moveaxis(points, -1, -2).reshape(*points.shape[:-2], -1)

    def lanes(self, points: jax.Array, which: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Return coordinates [lane, slot] and patients [lane] of the posteriors of these numbers [point] at points, a
        point's patients behind one another."""
        coordinates = jax.vmap(self.target.pooling.coordinates)(points)
        return coordinates.reshape(-1, coordinates.shape[-1]), self._people(which).reshape(-1)

    def _people(self, which: Any) -> jax.Array:
        """Return the places of the patients of these posteriors [point, patient]."""
        return jnp.asarray(which)[:, None] * self.patients + jnp.arange(self.patients)[None]

    @cached_property
    def log_posterior(self) -> Callable[..., np.ndarray]:
        """Log posterior density [point], without the prior's constant, at points [point, dim] of posteriors [point]."""

        def at(points: jax.Array, which: jax.Array) -> jax.Array:
            return jnp.maximum(self._log_factor(points, which), FAILED) - 0.5 * jnp.sum(points**2, axis=1)

        return self._over_points(at, VALUES)

    @cached_property
    def slope(self) -> Callable[..., Slope]:
        """The log posterior and its gradient at points [point, dim] of posteriors [point]."""

        def total(points: jax.Array, which: jax.Array) -> tuple[jax.Array, jax.Array]:
            value = self._log_factor(points, which) - 0.5 * jnp.sum(points**2, axis=1)
            return jnp.sum(value), value

        def at(points: jax.Array, which: jax.Array) -> Slope:
            (_, value), gradient = jax.value_and_grad(total, has_aux=True)(points, which)
            return Slope(value, gradient)

        return self._over_points(at, SLOPES, ABREAST)

    @cached_property
    def expand(self) -> Callable[..., Local]:
        """The expansion about points [point, dim] of posteriors [point]."""

        def about(points: jax.Array, which: jax.Array) -> Local:
            found = expand_at(self.target.pooling, self.everyone, points, self._people(which))
            status, log_likelihood = jnp.max(found.status, axis=1), jnp.sum(found.log_likelihood, axis=1)
            return Local(found.log_posterior, found.gradient, found.curvature, log_likelihood, status)

        return self._over_points(about, EXPANSIONS, STARTS)

    @cached_property
    def log_health(self) -> Callable[..., np.ndarray]:
        """Log density of the healthy ranges [point] at points [point, dim] of posteriors [point]; nothing is solved."""

        def at(points: jax.Array, which: jax.Array) -> jax.Array:
            return self._by_point(self.everyone.log_health(*self.lanes(points, which)))

        return self._over_points(at, VALUES)

    def _log_factor(self, points: jax.Array, which: jax.Array) -> jax.Array:
        terms: Terms = self.everyone.by_patient(*self.lanes(points, which))
        return self._by_point(terms.log_likelihood + terms.log_health)

    def _by_point(self, each: jax.Array) -> jax.Array:
        return jnp.sum(each.reshape(-1, self.patients), axis=1)

    def _over_points(self, fun: Callable[..., Any], at_once: int, each: int | None = None) -> Callable[..., Any]:
        """Return a function of any number of points, at most `each` of a posterior; a device takes so many at once, or
        fewer, where their patients would be more than VALUES lanes."""
        most = each and each * len(self.names)
        return over_lanes(fun, max(1, min(at_once, VALUES // self.patients)), most=most)

    def unsolved(self, which: int, points: np.ndarray) -> list[Problem]:
        """Return what keeps patients from being solved at the first of the points [point, dim], none of which can."""
        coordinates, people = self.lanes(jnp.asarray(points[:1]), np.array([which]))
        status = np.asarray(self.everyone.by_patient(coordinates, people).status)
        failing = np.flatnonzero(status)
        whose: Sequence[int] = np.asarray(people)[failing].tolist()
        return unsolved(self.everyone, whose, np.asarray(coordinates)[failing][:, None])

    def at(self, tolerance: Tolerance) -> "Whole":
        """Return the same posteriors solved at another tolerance."""
        charted = self.charted and replace(self.charted, tolerance=tolerance)
        return replace(self, target=replace(self.target, tolerance=tolerance), charted=charted)
