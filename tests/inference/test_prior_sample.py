"""The prior with its healthy ranges: elliptical slice sampling against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.inference.prior_sample import elliptical_slice, latin_hypercube, sample_prior
from cls_infer.likelihood.posterior import posterior
from cls_infer.model.load import load_model


def test_a_normal_factor_gives_the_conjugate_normal():
    """N(0, 1) times N(2; 0.5) is N(1.6, 0.2): 4,000 chains, 30 moves each."""

    def log_factor(z):
        return -0.5 * ((z[0] - 2.0) / 0.5) ** 2

    def chain(key):
        first, *keys = jax.random.split(key, 31)
        z = jax.random.normal(first, (2,))
        state = z, log_factor(z)
        return jax.lax.scan(lambda s, k: (elliptical_slice(log_factor, *s, k), None), state, jnp.stack(keys))[0]

    z, value = jax.jit(jax.vmap(chain))(jax.random.split(jax.random.key(3), 4000))
    # four standard errors of a mean and of a variance of 4,000 independent draws
    np.testing.assert_allclose(z.mean(axis=0), [1.6, 0.0], atol=4 / np.sqrt(4000))
    np.testing.assert_allclose(z.var(axis=0), [0.2, 1.0], rtol=4 * np.sqrt(2 / 4000))
    np.testing.assert_allclose(value, jax.vmap(log_factor)(z), rtol=1e-12)


def test_the_hypercube_has_one_draw_in_every_part_of_each_coordinate():
    z = latin_hypercube(200, 3, np.random.default_rng(0))
    rank = np.argsort(np.argsort(z, axis=0), axis=0)
    assert sorted(rank[:, 1]) == list(range(200))
    np.testing.assert_allclose(z.std(axis=0), 1.0, rtol=0.02)  # plain draws would scatter by 1/sqrt(400) = 0.05


@pytest.fixture(scope="module")
def target():
    rows = (Measurement(24.0, "hematocrit", 0.5, 1),)
    return posterior(load_model("two_pore"), Cohort("one", (Patient("P", {"weight": 70.0}, rows, ()),), ""))


def test_healthy_ranges_keep_bodies_out_that_nobody_has(target):
    """By importance weights of plain draws: another way to the same prior."""
    values = jax.jit(jax.vmap(lambda z: jnp.stack([*_health(target, z), target.log_prior_factor(z)])))
    plain = latin_hypercube(8000, target.pooling.dimension, np.random.default_rng(1))
    P_c0, TER_0, log_weight = np.asarray(values(jnp.asarray(plain))).T
    weight = np.exp(log_weight)
    moved = np.asarray(values(jnp.asarray(sample_prior(target, 2000, seed=1))))
    for column, plainly in zip(moved.T, (np.log(P_c0), np.log(TER_0)), strict=False):
        mean = np.average(plainly, weights=weight)
        sd = np.sqrt(np.average((plainly - mean) ** 2, weights=weight))
        # 2,000 draws against some 2,000 effective ones: standard errors of sd/45 each, four of their sum
        assert abs(np.log(column).mean() - mean) < 4 * sd * np.sqrt(2 / 2000)
        assert abs(np.log(column).std() / sd - 1) < 4 * np.sqrt(2 / 2000)
    assert np.quantile(moved[:, 0], 0.01) > 8 > np.quantile(P_c0, 0.05)


def _health(target, z):
    values, _ = target.pooling.values(target.pooling.coordinates(z))
    _, numbers = jax.vmap(target.system.prepare)(values)
    h = target.system._unpack(numbers[0])[1]
    return h.loop.P_c0, h.TER_0
