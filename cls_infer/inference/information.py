"""Fisher information of a target in its coordinates z: what is known before the data, and what they add."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError, Problem
from ..likelihood.pooling import Pooling, spread_of
from ..likelihood.posterior import Posterior
from ..types import Batch
from .gauss_newton import expand


@dataclass(frozen=True)
class Information:
    """Precisions of z [dim, dim], averaged over points: `prior` knows no measurement, `data` are the measurements.

    `prior` is the identity, the prior of z being standard normal, plus what the healthy ranges tell. An eigenvalue of
    `data` above 1 is a direction in which the data tell more than the prior alone.
    """

    prior: np.ndarray
    data: np.ndarray

    @property
    def prior_covariance(self) -> np.ndarray:
        """Covariance of z before the data [dim, dim]."""
        return np.linalg.inv(self.prior)

    @property
    def covariance(self) -> np.ndarray:
        """Covariance of z after the data, were all linear [dim, dim]."""
        return np.linalg.inv(self.prior + self.data)


def information(target: Posterior, z: Batch) -> Information:
    r"""Return the Fisher information at one point z [1, dim], or averaged over many [point, dim].

    $$F = \frac1n\sum_n J_n^T I_n J_n$$

    with the Jacobian $J$ of the predictions and their Fisher information $I$, as `expand` takes them. Points that
    cannot be solved are left out.

    Raises:
        InputError: no point can be solved.
    """
    points = np.asarray(z)
    found = jax.jit(lambda at: expand(target, at))(jnp.asarray(points))
    prior = prior_precision(target, points)
    solved = np.all(np.asarray(found.status) == 0, axis=1) & np.isfinite(found.curvature).all(axis=(1, 2))
    if not solved.any():
        message = f"none of {len(points)} points can be solved"
        raise InputError([Problem("information", message, remedy="choose points nearer to the posterior")])
    data = np.asarray(found.curvature) - prior
    return Information(prior[solved].mean(axis=0), data[solved].mean(axis=0))


def prior_precision(target: Posterior, z: Batch) -> np.ndarray:
    """Return the precision of z that no measurement enters, at every point [point, dim, dim]; nothing is solved."""

    def in_health(z: jax.Array) -> jax.Array:
        return target.weighed(target.in_health(target.pooling.coordinates(z))).ravel()

    slope = np.asarray(jax.jit(jax.vmap(jax.jacfwd(in_health)))(jnp.asarray(z)))
    return np.eye(slope.shape[-1]) + np.einsum("pri,prj->pij", slope, slope)


def natural(pooling: Pooling, z: jax.Array) -> jax.Array:
    """Return for every entry of z [dim] the number it stands for, in the parameter's unit, named as by `labels`.

    Of a partially pooled parameter these are the population's value under the first patient's prior, the spread
    between patients, and every patient's own value.
    """
    values, amounts = pooling.values(pooling.coordinates(z))
    by_slot = iter([*values, *amounts.T])
    numbers = []
    for slot in pooling.slots:
        own = next(by_slot)
        if slot.size and slot.scope == "hierarchical":
            first = [field[0] for field in slot.fields]
            centre = type(slot.priors[0]).transport(z[slot.start], *first)
            numbers.append(jnp.stack([centre, spread_of(z[slot.start + 1])]))
        numbers.append(own[: slot.size])
    return jnp.concatenate(numbers)


def units(pooling: Pooling) -> list[str]:
    """Return the unit of every number of `natural`."""
    found: list[str] = []
    for slot in pooling.slots:
        population = [slot.unit, "1"] if slot.size and slot.scope == "hierarchical" else []
        found += [*population, *[slot.unit] * (slot.size - len(population))]
    return found
