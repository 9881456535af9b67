"""What interim draws are worth to a law is what their scatter costs it, and draws are picked as often as they weigh."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inference.test_two_stage import cohort, drawn
from scipy.special import logsumexp

from cls_infer.inference.under_laws import log_likelihood, one_of_many, weigh
from cls_infer.likelihood.population import population
from cls_infer.likelihood.reweighted import interim, products

DRAWS, REPLICATES = 300, 150


@pytest.fixture(scope="module")
def replicates():
    """Of many sets of interim draws of one cohort: the means of the law's coordinates [set, dim], by a sum over a grid
    of laws, what the draws say they are worth [set, dim], and the law's variances [dim]."""
    rng = np.random.default_rng(2)
    s = rng.uniform(0.1, 0.4, 12)
    y, people = 0.6 + 0.5 * rng.standard_normal(12) + s * rng.standard_normal(12), population(cohort(12), ("a",))
    grid = np.stack(np.meshgrid(np.linspace(-0.5, 1.6, 31), np.linspace(-1.5, 3.0, 31), indexing="ij"), -1)
    laws = grid.reshape(-1, 2)
    means, worth, spread = [], [], []
    for number in range(REPLICATES):
        ready = products(interim(drawn(y, s, DRAWS, seed=100 + number)))
        log_density = log_likelihood(people, ready, laws) - 0.5 * np.sum(laws**2, axis=1)
        share = np.exp(log_density - logsumexp(log_density))
        means.append(share @ laws)
        spread.append(share @ (laws - means[-1]) ** 2)
        if number < 5:
            worth.append(weigh(people, ready, laws[rng.choice(len(laws), 2000, p=share)]).of_law)
    return np.array(means), np.array(worth), np.mean(spread, axis=0)


def test_the_worth_of_draws_to_the_law_is_what_their_scatter_costs(replicates):
    """A sd of 150 means is known to 6 %, their worth to twice that, and from set to set it varies as much again; draws
    are smoothed, which scatters less: between half of what is found and twice."""
    means, worth, variance = replicates
    found = variance / means.var(axis=0, ddof=1)
    assert np.all(found > 0.5 * worth.mean(axis=0)) and np.all(found < 2.0 * worth.mean(axis=0)), (found, worth)


def test_a_draw_is_picked_as_often_as_it_weighs():
    """More draws than a block, of which some have no weight: by a chi-square of six standard deviations at most."""
    rng, count = np.random.default_rng(1), 40_000
    log_weight = rng.standard_normal((2, 300))
    log_weight[:, ::7] = -np.inf
    keys = jax.random.split(jax.random.key(3), (count, 2))
    picked = np.asarray(jax.jit(jax.vmap(lambda key: one_of_many(jnp.asarray(log_weight), key[0], key[1])))(keys))
    for episode in range(2):
        expected = count * np.exp(log_weight[episode] - logsumexp(log_weight[episode]))
        often = np.bincount(picked[:, episode], minlength=300)
        there = expected > 0
        assert not often[~there].any()
        off = np.sum((often[there] - expected[there]) ** 2 / expected[there]) - there.sum() + 1
        assert abs(off) < 6 * np.sqrt(2 * there.sum())
