"""What patients' interim draws are under laws of their population: how much each weighs, and one picked by each law."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from ..likelihood.population import Population
from ..likelihood.reweighted import Products, log_marginal, log_weights

type Totals = tuple[jax.Array, jax.Array, jax.Array, jax.Array]
"""Sums over laws: of the weights of draws [episode, draw], of the probabilities of choices [episode, choice], of the
squared weights [episode], and of each coordinate of the law, from its mean, times the weights [dim, episode, draw]."""

BLOCK = 128
"""Draws of which one is picked when their block is."""

type Pair = tuple[jax.Array, jax.Array]


class Weighed(NamedTuple):
    """Over all laws the effective size [episode], the mean weight of each draw [episode, draw], how probable each
    choice is [episode, choice], and what the draws of all patients are worth to the law: the size [dim] of which
    independent draws of each coordinate tell its mean as well."""

    effective: np.ndarray
    weight: np.ndarray
    belongs: np.ndarray
    of_law: np.ndarray


def weigh(population: Population, ready: Products, u: np.ndarray) -> Weighed:
    r"""Return what the draws weigh under laws u [law, dim]. Nothing is kept of a single law.

    Had a draw come up once more, the mean of the law's coordinate k would move by $\text{Cov}_u(u_k, w_{es}(u))$, with
    the normalised weight w. Its variance over draws is the sum of their squares, by the infinitesimal jackknife.

    Reference:
        Efron (2014), Estimation and accuracy after model selection, JASA 109:991-1007.
    """
    middle, spread = u.mean(axis=0), u.var(axis=0)

    def run(ready: Products, u: jax.Array) -> Totals:
        def one(totals: Totals, at: jax.Array) -> tuple[Totals, None]:
            each = log_weights(population, ready, population.law(at))  # [episode, choice, draw]
            weights = jax.nn.softmax(logsumexp(each, axis=1), axis=1)
            belongs = jax.nn.softmax(logsumexp(each, axis=2), axis=1)
            moved = (at - middle)[:, None, None] * weights[None]
            found = weights, belongs, jnp.sum(weights**2, axis=1), moved
            return jax.tree.map(jnp.add, totals, found), None

        episodes, draws = ready.known.shape
        choices = population.choices[0].shape[1]
        shapes = (episodes, draws), (episodes, choices), (episodes,), (len(middle), episodes, draws)
        return jax.lax.scan(one, tuple(map(jnp.zeros, shapes)), u)[0]

    weights, belongs, crowding, moved = (np.asarray(total) / len(u) for total in jax.jit(run)(ready, u))
    return Weighed(1 / crowding, weights, belongs, spread / np.sum(moved**2, axis=(1, 2)))


def log_likelihood(population: Population, ready: Products, u: np.ndarray) -> np.ndarray:
    """Return the log likelihood [law] of laws u [law, dim] by these draws."""
    of_all = jax.jit(lambda ready, u: jax.lax.map(lambda at: jnp.sum(log_marginal(population, ready, at)), u))
    return np.asarray(of_all(ready, u))


def one_of_many(log_weight: jax.Array, of_block: jax.Array, of_draw: jax.Array) -> jax.Array:
    """Return one of the draws of each episode [episode] by log weights [episode, draw]: a block of them first, then one
    of these. That asks for as many random numbers as there are blocks and draws in a block, not for one a draw."""
    episodes, draws = log_weight.shape
    filled = jnp.pad(log_weight, ((0, 0), (0, -draws % BLOCK)), constant_values=-jnp.inf)
    blocks = filled.reshape(episodes, -1, BLOCK)
    block = jax.random.categorical(of_block, logsumexp(blocks, axis=2), axis=1)
    within = jnp.take_along_axis(blocks, block[:, None, None], axis=1)[:, 0]
    return block * BLOCK + jax.random.categorical(of_draw, within, axis=1)


def choose(population: Population, ready: Products, u: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return under each of these laws u [law, dim] a draw of every patient, by the weights, and its choice of cause,
    both [law, episode]."""

    def one(ready: Products, at: jax.Array, key: jax.Array) -> Pair:
        each = log_weights(population, ready, population.law(at))
        of_draw, of_block, of_choice = jax.random.split(key, 3)
        chosen = one_of_many(logsumexp(each, axis=1), of_block, of_draw)
        of_chosen = jnp.take_along_axis(each, chosen[:, None, None], axis=2)[..., 0]
        return chosen, jax.random.categorical(of_choice, of_chosen, axis=1)

    def run(ready: Products, u: jax.Array, keys: jax.Array) -> Pair:
        return jax.lax.map(lambda given: one(ready, *given), (u, keys))

    chosen, choice = jax.jit(run)(ready, u, jax.random.split(jax.random.key(seed), len(u)))
    return np.asarray(chosen), np.asarray(choice)
