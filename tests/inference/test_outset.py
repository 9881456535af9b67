"""Where chains of a population set out: the likely spread, and the mode of all else given it."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inference.conftest import simulated
from scipy.optimize import minimize_scalar
from scipy.stats import norm

from cls_infer.inference.apart import Local
from cls_infer.inference.outset import likely_outset, likely_spread
from cls_infer.likelihood.hyperprior import SPREAD
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

MEASURED, ERROR = np.array([-1.2, 0.4, 0.9, -0.3, 1.6, -1.1]), 0.5


def local(value, gradient, curvature):
    return Local(value, gradient, curvature, log_likelihood=value, status=np.zeros(len(value), np.int32))


def spread_of(w):
    return SPREAD.median * np.exp(SPREAD.log_sd * w)


def likeliest(measured, error):
    """Return the coordinate of the spread of greatest posterior density, patients' own numbers left out by integral."""

    def lost(w):
        return -np.sum(norm.logpdf(measured, 0, np.hypot(spread_of(w), error))) - norm.logpdf(w)

    return minimize_scalar(lost, bounds=(-4, 4), method="bounded").x


@pytest.mark.parametrize("at", [-2.0, 0.0, 3.0])
def test_the_likely_spread_is_that_of_greatest_posterior_density_wherever_the_mode(at):
    information = np.full(6, (spread_of(at) / ERROR) ** 2)
    deviations = MEASURED / spread_of(at) / (1 + 1 / information)
    found, ratio = likely_spread(at, information, deviations, spread_of)
    assert abs(found - likeliest(MEASURED, ERROR)) < 0.01  # the distance of coordinates tried
    np.testing.assert_allclose(ratio, spread_of(found) / spread_of(at))


def test_patients_of_whom_nothing_is_known_have_the_spread_of_the_prior():
    assert likely_spread(2.0, np.zeros(5), np.zeros(5), spread_of)[0] == pytest.approx(0, abs=1e-9)


@pytest.fixture(scope="module")
def pooling():
    cohort = simulated(tuple(f"P{i}" for i in range(6)), seed=5)
    return posterior(load_model("volume_kinetics"), cohort, hierarchical=("k_10",)).pooling


@pytest.fixture(scope="module")
def about(pooling):
    """The log posterior of patients whose pooled coordinate itself was measured, with its curvature of Gauss-Newton."""
    (place,) = pooling.pooled

    def residuals(z):
        return jnp.concatenate([z, (pooling.coordinates(z)[:, place] - MEASURED) / ERROR])

    @jax.jit
    @jax.vmap
    def expanded(z):
        r, slope = residuals(z), jax.jacfwd(residuals)(z)
        return -0.5 * jnp.sum(r**2), -slope.T @ r, slope.T @ slope

    return lambda points: local(*map(np.asarray, expanded(jnp.asarray(points))))


def joint_mode(about, z):
    """Return the joint mode by Newton's steps, halved until they gain."""
    for _ in range(200):
        here = about(z[None])
        step = np.linalg.solve(here.curvature[0], here.gradient[0])
        while about((z + step)[None]).log_posterior[0] < here.log_posterior[0]:
            step /= 2
        z = z + step
    return z, np.linalg.inv(here.curvature[0])


def test_chains_of_a_population_set_out_at_the_likely_spread(pooling, about):
    """The joint mode of six patients is at twice the spread that their measurements have together, and more."""
    (place,) = pooling.pooled
    start = pooling.slots[place].start
    modes = [joint_mode(about, 0.1 * np.random.default_rng(seed).standard_normal(pooling.dimension)) for seed in (1, 2)]
    z, covariance = (np.stack(column) for column in zip(*modes, strict=True))
    likely = likeliest(MEASURED, ERROR)
    assert np.all(spread_of(z[:, start + 1]) > 1.3 * spread_of(likely))
    found = likely_outset(pooling, about, z, covariance)
    assert np.all(np.abs(found.points[:, start + 1] - likely) < 0.1)  # `likeliest` has their mean at 0
    there = about(found.points)
    np.testing.assert_allclose(found.log_posterior, there.log_posterior)
    np.testing.assert_allclose(found.covariance, np.linalg.inv(there.curvature), rtol=1e-6, atol=1e-9)
    others = np.delete(there.gradient, start + 1, axis=1)
    assert np.all(np.abs(others) < 0.1)  # a gain below 0.01 nats of curvature 1 ends the search: sqrt(2 x 0.01)
    assert np.all(there.log_posterior < about(z).log_posterior)


def test_episodes_of_a_person_set_out_at_the_mode():
    """There are two spreads of a parameter, which one search cannot tell apart."""
    cohort = simulated(("P1", "P2", "P3"), seed=5)
    named = zip(cohort.patients, ("A", "A", "B"), strict=True)
    people = tuple(replace(one, covariates={**one.covariates, "person": person}) for one, person in named)
    own = posterior(load_model("volume_kinetics"), replace(cohort, patients=people), hierarchical=("k_10",)).pooling
    z = np.random.default_rng(1).standard_normal((1, own.dimension))
    level = lambda points: local(np.zeros(1), np.zeros_like(points), np.eye(own.dimension)[None])  # noqa: E731
    np.testing.assert_array_equal(likely_outset(own, level, z, 0.1 * np.eye(own.dimension)[None]).points, z)
