"""What patients' interim draws are under laws of their population: how much each weighs, and one picked by each law."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from ..likelihood.population import Population
from ..likelihood.reweighted import Products, log_weights

type Totals = tuple[jax.Array, jax.Array, jax.Array]
"""Sums over laws: of the weights of draws [episode, draw], of the probabilities of choices [episode, choice], of the
squared weights [episode]."""

type Pair = tuple[jax.Array, jax.Array]


class Weighed(NamedTuple):
    """Over all laws the effective size [episode], the mean weight of each draw [episode, draw], and how probable each
    choice is [episode, choice]."""

    effective: np.ndarray
    weight: np.ndarray
    belongs: np.ndarray


def weigh(population: Population, ready: Products, u: np.ndarray) -> Weighed:
    """Return what the draws weigh under laws u [law, dim]. Nothing is kept of a single law."""

    def run(ready: Products, u: jax.Array) -> Totals:
        def one(totals: Totals, at: jax.Array) -> tuple[Totals, None]:
            each = log_weights(population, ready, population.law(at))  # [episode, choice, draw]
            weights = jax.nn.softmax(logsumexp(each, axis=1), axis=1)
            belongs = jax.nn.softmax(logsumexp(each, axis=2), axis=1)
            found = weights, belongs, jnp.sum(weights**2, axis=1)
            return jax.tree.map(jnp.add, totals, found), None

        episodes, draws = ready.known.shape
        choices = population.choices[0].shape[1]
        nothing = jnp.zeros((episodes, draws)), jnp.zeros((episodes, choices)), jnp.zeros(episodes)
        return jax.lax.scan(one, nothing, u)[0]

    weights, belongs, crowding = (np.asarray(total) / len(u) for total in jax.jit(run)(ready, u))
    return Weighed(1 / crowding, weights, belongs)


def choose(population: Population, ready: Products, u: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return under each of these laws u [law, dim] a draw of every patient, by the weights, and its choice of cause,
    both [law, episode]."""

    def one(ready: Products, at: jax.Array, key: jax.Array) -> Pair:
        each = log_weights(population, ready, population.law(at))
        chosen = jax.random.categorical(key, logsumexp(each, axis=1), axis=1)
        of_chosen = jnp.take_along_axis(each, chosen[:, None, None], axis=2)[..., 0]
        choice = jax.random.categorical(jax.random.fold_in(key, 1), of_chosen, axis=1)
        return chosen, choice

    def run(ready: Products, u: jax.Array, keys: jax.Array) -> Pair:
        return jax.lax.map(lambda given: one(ready, *given), (u, keys))

    chosen, choice = jax.jit(run)(ready, u, jax.random.split(jax.random.key(seed), len(u)))
    return np.asarray(chosen), np.asarray(choice)
