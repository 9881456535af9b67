"""Two ways to hold a patient's pooled parameter: its deviation eta, or its own coordinate z_i = mu + tau eta_i.

Where a patient's data say little, eta hardly depends on mu and tau, and is what a sampler moves through with ease;
where they say much, z_i hardly does. Which is better differs from one parameter to the next.
"""

import jax
import jax.numpy as jnp
import numpy as np

from ..types import Batch
from .pooling import Pooling


def from_centred(pooling: Pooling, c: Batch, centred: Batch) -> tuple[jax.Array, jax.Array]:
    r"""Return z [dim] and log |dz/dc| from c [dim], which holds z_i in place of eta_i where `centred` [pooled].

    The root L of the covariance is triangular, so that one parameter after another can be either:

    $$\eta_j = \Big(z_j - m_j - \sum_{k<j} L_{jk} \eta_k\Big) / L_{jj}$$
    """
    c = jnp.asarray(c)
    if pooling.population is None:
        return c, jnp.zeros(())
    centres, roots = _law(pooling, c)
    held = pooling.deviations(c)
    found: list[jax.Array] = []
    for j in range(len(pooling.pooled)):
        before = sum((roots[:, j, k] * eta for k, eta in enumerate(found)), jnp.zeros(len(pooling.patients)))
        found.append(jnp.where(centred[j], (held[:, j] - centres[:, j] - before) / roots[:, j, j], held[:, j]))
    slopes = jnp.log(jnp.diagonal(roots, axis1=1, axis2=2))
    return _with_deviations(pooling, c, found), -jnp.sum(jnp.where(jnp.asarray(centred)[None], slopes, 0.0))


def to_centred(pooling: Pooling, z: Batch, centred: Batch) -> jax.Array:
    """Return c [dim] from z [dim], as `from_centred` reads it."""
    z = jnp.asarray(z)
    if pooling.population is None:
        return z
    centres, roots = _law(pooling, z)
    eta = pooling.deviations(z)
    own = centres + jnp.einsum("pij,pj->pi", roots, eta)
    return _with_deviations(pooling, z, list(jnp.where(jnp.asarray(centred)[None], own, eta).T))


def _law(pooling: Pooling, z: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return every patient's centre [patient, pooled] and root [patient, pooled, pooled]; both ways hold one law."""
    assert pooling.population is not None
    law = pooling.law(z)
    return pooling.population.centres(law)[0][:, 0], pooling.population.roots(law)


def _with_deviations(pooling: Pooling, z: jax.Array, columns: list[jax.Array]) -> jax.Array:
    for place, column in zip(pooling.pooled, columns, strict=True):
        start = pooling.slots[place].start + 2
        z = z.at[start + np.arange(len(pooling.patients))].set(column)
    return z
