"""The law's own moves: no patient is touched, and the law comes to lie as patients' own coordinates have it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.inference import interweave
from cls_infer.inference.interweave import Interweaving, deviations
from cls_infer.likelihood.pooling import spread_of
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

LANES = 64


def pooling_of(count, **options):
    cohort = simulated(tuple(f"P{i}" for i in range(count)), seed=5)
    return posterior(load_model("volume_kinetics"), cohort, **options).pooling


@pytest.fixture(scope="module")
def one():
    return pooling_of(6, hierarchical=("k_10",))


@pytest.fixture(scope="module")
def groups():
    """Two parameters that go together, in two groups that nobody charted."""
    return pooling_of(6, hierarchical=("k_12", "k_10"), correlated=True, mixture=2)


def walks(pooling, rounds, seed=1):
    """Return one z [dim] and LANES of it after each of so many walks [round, lane, dim], each lane by itself."""
    rng, law = np.random.default_rng(seed), Interweaving(pooling)
    begun = 0.7 * rng.standard_normal(pooling.dimension)
    z, root, found = np.tile(begun, (LANES, 1)), law.root(begun), []
    for _ in range(rounds):
        z = law.moved(z, root, rng)
        found.append(z)
    return begun, np.stack(found)


def test_patients_stay_where_they_are(groups):
    begun, (z,) = walks(groups, 1)
    there = jax.vmap(groups.coordinates)(jnp.asarray(z))
    # coordinates are made of deviations and back: some rounding
    np.testing.assert_allclose(there, np.broadcast_to(groups.coordinates(begun), there.shape), rtol=1e-9, atol=1e-9)
    assert np.all(np.std(z[:, list(groups.law_at)], axis=0) > 0.05)  # each number of the law has moved
    np.testing.assert_array_equal(z[:, list(groups.choice_at)], np.tile(begun[list(groups.choice_at)], (LANES, 1)))


def of_the_law(pooling, own):
    """Return mean and sd of the law's two coordinates given patients' own, summed over a grid."""
    mu, w = np.meshgrid(np.linspace(-4, 4, 401), np.linspace(-4, 4, 401), indexing="ij")
    tau = np.asarray(spread_of(w))
    log = -0.5 * mu**2 - 0.5 * w**2 - len(own) * np.log(tau)
    log -= 0.5 * np.sum((own[:, None, None] - mu) ** 2, axis=0) / tau**2
    share = np.exp(log - log.max()) / np.exp(log - log.max()).sum()
    return [(m := np.sum(share * x), np.sqrt(np.sum(share * (x - m) ** 2))) for x in (mu, w)]


def drawn(pooling):
    """Return draws of the law [draw, law] given patients' own coordinates [patient], and these."""
    begun, z = walks(pooling, 20)
    u = z[4:][..., list(pooling.law_at)].reshape(-1, 2)
    return u, np.asarray(pooling.coordinates(begun))[:, pooling.pooled[0]]


def test_the_law_comes_to_lie_as_a_sum_over_a_grid_has_it(one):
    u, own = drawn(one)
    for found, (mean, sd) in zip(u.T, of_the_law(one, own), strict=True):
        # 1,024 draws, of which at least a quarter count: four standard errors
        assert abs(found.mean() - mean) < 4 * sd / np.sqrt(256)
        assert abs(np.log(found.std() / sd)) < 4 / np.sqrt(2 * 256)


def test_a_volume_left_out_is_found(one, monkeypatch):
    monkeypatch.setattr(interweave.jnp, "log", lambda x: 0.0 * x)
    with pytest.raises(AssertionError):
        test_the_law_comes_to_lie_as_a_sum_over_a_grid_has_it(one)


def test_steps_have_the_fisher_information_of_the_law(one):
    """Of one parameter: patients / tau^2 of the mean, and two for each patient of the logarithm of the spread."""
    z = 0.3 * np.ones(one.dimension)
    root = Interweaving(one).root(z)
    tau = float(spread_of(z)[0])
    expected = np.diag([1 / (1 + 6 / tau**2), 1 / (1 + 2 * 6)])
    np.testing.assert_allclose(root @ root.T, expected, rtol=1e-9, atol=1e-12)


def test_deviations_are_those_of_a_triangular_solve():
    rng = np.random.default_rng(1)
    roots = np.tril(rng.standard_normal((5, 3, 3))) + 3 * np.eye(3)
    away = rng.standard_normal((5, 3))
    np.testing.assert_allclose(
        deviations(jnp.asarray(roots), jnp.asarray(away)), np.linalg.solve(roots, away[..., None])[..., 0]
    )
