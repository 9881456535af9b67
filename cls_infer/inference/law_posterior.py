"""The posterior of a law of a population by patients' interim draws: programs of its coordinates, nothing is solved."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import Problem
from ..likelihood.population import Population
from ..likelihood.reweighted import Products, log_marginal
from .apart import ABREAST, SLOPES, Local, Slope
from .lanes import lanes_of, lanes_program
from .searches import STARTS

LEAST_CURVATURE = 0.2
"""No direction is believed less curved than a fifth of the prior, wherever a search stands."""

ROOM = 2**24
"""Draws of patients that a device weighs at once, over all lanes: some 128 MB for each of a few arrays."""


@dataclass(frozen=True)
class LawPosterior:
    r"""The posterior of a law's coordinates u [dim], as searches for modes and chains ask for it.

    $$\log p(u \mid y) = -\tfrac12 \lvert u \rvert^2 + \sum_e \log L_e(u)$$

    with every episode's likelihood of the law by its interim draws (`log_marginal`). It is one posterior: the numbers
    [lane] that tell which are 0.
    """

    population: Population
    draws: Products
    names: tuple[str, ...] = ("population",)

    @property
    def dimension(self) -> int:
        """Coordinates of the law."""
        return self.population.dimension

    @property
    def pooled(self) -> None:
        """No population stands over this one's law."""

    @cached_property
    def slope(self) -> Callable[..., Slope]:
        """The log posterior and its gradient at points [lane, dim]."""

        def at(draws: Products, points: jax.Array, which: jax.Array) -> Slope:
            return Slope(*jax.vmap(jax.value_and_grad(self._log_posterior), (0, None))(points, draws))

        return self._over_lanes(at, SLOPES, ABREAST)

    @cached_property
    def expand(self) -> Callable[..., Local]:
        """The expansion about points [lane, dim], each eigenvalue of its curvature LEAST_CURVATURE at least."""

        def about(draws: Products, points: jax.Array, which: jax.Array) -> Local:
            value, gradient = jax.vmap(jax.value_and_grad(self._log_posterior), (0, None))(points, draws)
            second = jax.lax.map(lambda u: jax.hessian(self._log_posterior)(u, draws), points)
            curved, ways = jnp.linalg.eigh(-second)
            curvature = jnp.einsum("lij,lj,lkj->lik", ways, jnp.maximum(curved, LEAST_CURVATURE), ways)
            return Local(value, gradient, curvature, value, jnp.zeros(len(points), jnp.int32))

        return self._over_lanes(about, STARTS, STARTS)

    def unsolved(self, which: int, points: np.ndarray) -> list[Problem]:
        """Return what keeps the law from being weighed: nothing, as nothing is solved."""
        return []

    def _log_posterior(self, u: jax.Array, draws: Products) -> jax.Array:
        return jnp.sum(log_marginal(self.population, draws, u)) - 0.5 * jnp.sum(u**2)

    def _over_lanes(self, fun: Callable[..., Any], at_once: int, most: int) -> Callable[..., Any]:
        """Return a function of any number of points; a device takes so many at once, or fewer of very many draws."""
        block = max(1, min(at_once, ROOM // self.draws.known.size))
        return lanes_of(lanes_program(fun, block, known=1, most=most), self.draws)
