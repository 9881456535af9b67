r"""Moves of a population's law that solve nothing: each patient's own coordinates stay where they are.

Between two transitions of Hamiltonian Monte Carlo, in which the deviations $\eta$ and the law's coordinates $u$ move
together, the law moves given $z_i = m_i(u) + R_i(u)\,\eta_i$. What the measurements say of a patient depends on $z_i$
alone, so that

$$\log p(u \mid z_1, z_2, \dots) = -\tfrac12 \lvert u \rvert^2 - \sum_i \big(\tfrac12 \lvert \eta_i \rvert^2 + \log
\lvert R_i(u) \rvert\big), \qquad \eta_i = R_i(u)^{-1} (z_i - m_i(u))$$

costs no solve. Where the data say much, the spread hardly moves while the deviations are held, but freely here.

Reference:
    Yu, Meng (2011), To center or not to center: that is not the question. An ancillarity-sufficiency interweaving
    strategy (ASIS) for boosting MCMC efficiency, Journal of Computational and Graphical Statistics 20:531-570.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood.pooling import Pooling

STEPS = 10
"""Random-walk steps for each coordinate of the law: from so many the law comes away from where it was."""

BEST = 2.38
"""Length of a random walk's step, in standard deviations times the root of the dimension, that explores fastest
(Gelman, Roberts, Gilks 1996)."""


@dataclass(frozen=True)
class Interweaving:
    """Moves of the law of a population's posteriors, compiled once for all of them."""

    pooling: Pooling

    @property
    def at(self) -> np.ndarray:
        """Where the law's coordinates are in z."""
        return np.array(self.pooling.law_at)

    @cached_property
    def fisher(self) -> Callable[..., Any]:
        r"""The Fisher information of the law's coordinates [law, law] about z [dim], prior and patients together.

        $$F = 1 + \sum_i J_i^T J_i + \tfrac12 \mathrm{tr}\,(D_{ij} + D_{ij}^T)(D_{ik} + D_{ik}^T), \qquad J_i = R_i^{-1}
        \partial_u m_i, \quad D_{ij} = R_i^{-1} \partial_{u_j} R_i$$
        """
        population = self.pooling.population
        assert population is not None  # it is of a population

        def about(z: jax.Array) -> jax.Array:
            u = z[self.at]
            here = population.roots(population.law(u))
            patients, k, _ = here.shape
            centre = jax.jacfwd(lambda u: self.pooling.centre(z.at[self.at].set(u)))(u)
            root = jax.jacfwd(lambda u: population.roots(population.law(u)))(u)
            solve = jax.vmap(lambda root, b: jax.scipy.linalg.solve_triangular(root, b, lower=True))
            slope, turned = solve(here, centre), solve(here, root.reshape(patients, k, -1)).reshape(root.shape)
            both = turned + jnp.swapaxes(turned, 1, 2)
            told = jnp.einsum("pij,pik->jk", slope, slope) + 0.5 * jnp.einsum("pabj,pabk->jk", both, both)
            return told + jnp.eye(len(u))

        return jax.jit(about)

    def root(self, z: np.ndarray) -> np.ndarray:
        """Return the root [law, law] of the steps' covariance, the inverse of the Fisher information about z [dim]."""
        return np.linalg.cholesky(np.linalg.inv(np.asarray(self.fisher(jnp.asarray(z)))))

    @cached_property
    def walk(self) -> Callable[..., Any]:
        """Return z [lane, dim] after a walk of the law from z [lane, dim] by steps [step, lane, law], each taken where
        the logarithm of a uniform number [step, lane] is below the gain."""

        def walked(z: jax.Array, steps: jax.Array, log_uniform: jax.Array) -> jax.Array:
            coordinates = self.pooling.coordinates(z)
            own = coordinates[:, np.array(self.pooling.pooled)]

            def step(at: tuple[jax.Array, jax.Array], by: tuple[jax.Array, jax.Array]) -> tuple[Any, None]:
                u, here = at
                there = self.log_density(z, u + by[0], own)
                taken = by[1] < there - here
                return (jnp.where(taken, u + by[0], u), jnp.where(taken, there, here)), None

            u = z[self.at]
            (u, _), _ = jax.lax.scan(step, (u, self.log_density(z, u, own)), (steps, log_uniform))
            choice = z[np.array(self.pooling.choice_at)] if self.pooling.choice_at else None
            return self.pooling.vector(u, coordinates, choice)

        return jax.jit(jax.vmap(walked, (0, 1, 1)))

    def log_density(self, z: jax.Array, u: jax.Array, own: jax.Array) -> jax.Array:
        """Return the log density, up to a constant, of the law at u [law] where patients' own coordinates are `own`
        [patient, pooled] and all else is z [dim]."""
        population = self.pooling.population
        assert population is not None  # it is of a population
        away, roots = own - self.pooling.centre(z.at[self.at].set(u)), population.roots(population.law(u))
        eta = deviations(roots, away)
        slopes = jnp.log(jnp.diagonal(roots, axis1=1, axis2=2))
        return -0.5 * jnp.sum(u**2) - 0.5 * jnp.sum(eta**2) - jnp.sum(slopes)

    def moved(self, z: np.ndarray, root: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return z [lane, dim] with the law moved and every patient where it was."""
        lanes, law = len(z), len(root)
        shape = (STEPS * law, lanes)
        steps = BEST / np.sqrt(law) * rng.standard_normal((*shape, law)) @ root.T
        return np.asarray(self.walk(z, steps, np.log(rng.random(shape))))


def deviations(roots: jax.Array, away: jax.Array) -> jax.Array:
    """Return eta [patient, pooled] from triangular roots [patient, pooled, pooled] and R eta [patient, pooled]; one
    parameter after another, which a lane of few takes faster than a library's solve."""
    found: list[jax.Array] = []
    for j in range(away.shape[1]):
        before = sum((roots[:, j, k] * eta for k, eta in enumerate(found)), jnp.zeros(len(away)))
        found.append((away[:, j] - before) / roots[:, j, j])
    return jnp.stack(found, axis=1)
