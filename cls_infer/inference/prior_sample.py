"""Draws from the prior: a Latin hypercube, moved by elliptical slice sampling where health has known ranges."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import ndtri

from ..likelihood.posterior import Posterior

SWEEPS = 20
"""Moves of every draw. The ranges say little beside the priors, so that a few moves forget the hypercube."""


def sample_prior(target: Posterior, count: int, *, seed: int) -> np.ndarray:
    """Return coordinates z [draw, dim] from the prior, the healthy ranges included."""
    return trace_prior(target, count, seed=seed)()


def trace_prior(target: Posterior, count: int, *, seed: int) -> Callable[[], np.ndarray]:
    """Return what draws coordinates z [draw, dim] from the prior, already traced.

    The hypercube has one draw in every 1/count of each coordinate's probability, so that a prior's sd, against
    which every posterior is read, carries hardly any Monte Carlo error. Where the model knows ranges of
    health, each draw is the last state of a chain of its own that began there.
    """
    z = latin_hypercube(count, target.pooling.dimension, np.random.default_rng(seed))
    if not target.model.healthy_ranges:
        return lambda: z
    keys = jax.random.split(jax.random.key(seed), count)
    chains = jax.jit(jax.vmap(lambda z, key: _chain(target.log_prior_factor, z, key)))
    traced = chains.lower(z, keys)
    return lambda: np.asarray(traced.compile()(z, keys))


def latin_hypercube(count: int, dimension: int, rng: np.random.Generator) -> np.ndarray:
    """Return standard normal draws [draw, dim], one in every 1/count of each coordinate's probability."""
    order = np.argsort(rng.random((count, dimension)), axis=0)
    return ndtri((order + rng.random((count, dimension))) / count)


def _chain(log_factor: Any, z: jax.Array, key: jax.Array) -> jax.Array:
    """Return the last of `SWEEPS` states. The first move, from nothing known of z, goes to any point of its ellipse."""

    def sweep(state: tuple[jax.Array, jax.Array], key: jax.Array) -> tuple[tuple[jax.Array, jax.Array], None]:
        return elliptical_slice(log_factor, *state, key), None

    return jax.lax.scan(sweep, (z, jnp.asarray(-jnp.inf)), jax.random.split(key, SWEEPS))[0][0]


def elliptical_slice(log_factor: Any, z: jax.Array, here: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the next state of a chain that leaves Normal(0, 1) times a factor unchanged, and its log factor.

    Args:
        log_factor: logarithm of what multiplies the standard normal density.
        z: the state [dim].
        here: its log factor.
        key: randomness of this move.

    Reference:
        Murray, Adams, MacKay (2010), Elliptical slice sampling, AISTATS.
    """
    for_other, for_level, for_angle, for_shrinking = jax.random.split(key, 4)
    other = jax.random.normal(for_other, z.shape)
    level = here + jnp.log(jax.random.uniform(for_level))
    first = jax.random.uniform(for_angle, minval=0.0, maxval=2 * jnp.pi)

    def shrink(state: tuple) -> tuple:
        angle, low, high, key, _, _ = state
        there = z * jnp.cos(angle) + other * jnp.sin(angle)
        factor = jnp.nan_to_num(log_factor(there), nan=-jnp.inf)
        low, high = jnp.where(angle < 0, angle, low), jnp.where(angle < 0, high, angle)
        key, now = jax.random.split(key)
        return (
            jax.random.uniform(now, minval=low, maxval=high),
            low,
            high,
            key,
            there,
            factor,
        )

    # no point is taken yet: the first passes through the same loop as those that follow, traced and compiled once
    start = (first, first - 2 * jnp.pi, first, for_shrinking, z, jnp.asarray(jnp.nan))
    return jax.lax.while_loop(lambda state: ~(state[-1] >= level), shrink, start)[-2:]
