"""Shares of groups, and to which of them a standard normal coordinate belongs."""

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr, ndtr, ndtri

from ..types import Batch

FARTHEST = 8.0
"""A coordinate is held so near: a share may reach from nothing to all."""


def log_shares(z: Batch) -> jax.Array:
    r"""Return the logarithms of shares [group] that are uniform over all that sum to one, from coordinates
    [group - 1].

    What is left is broken again and again, $v_k \sim \text{Beta}(1, n - k)$ of it for the k-th of n groups:
    $1 - v_k = (1 - \Phi(z_k))^{1 / (n - k)}$.
    """
    z = jnp.asarray(z)
    kept = log_ndtr(-z) / jnp.arange(len(z), 0, -1)
    left = jnp.concatenate([jnp.zeros(1), jnp.cumsum(kept)])
    return left + jnp.concatenate([jnp.log(-jnp.expm1(kept)), jnp.zeros(1)])


def chosen(log_share: Batch, at: Batch) -> jax.Array:
    """Return the choice [episode] of standard normal coordinates [episode]: each covers its share [episode, choice]
    of their probability, the first from below."""
    upper = jnp.cumsum(jnp.exp(jnp.asarray(log_share)), axis=1)[:, :-1]
    return jnp.sum(ndtr(jnp.asarray(at))[:, None] > upper, axis=1)


def coordinate_of(log_share: Batch, choice: Batch, uniform: Batch) -> jax.Array:
    """Return a coordinate [episode] that `chosen` takes to the choice [episode], anywhere in its share."""
    share = jnp.exp(jnp.asarray(log_share))
    own, upper = (jnp.take_along_axis(a, choice[:, None], axis=1)[:, 0] for a in (share, jnp.cumsum(share, axis=1)))
    return jnp.clip(ndtri(upper - own * (1 - uniform)), -FARTHEST, FARTHEST)
