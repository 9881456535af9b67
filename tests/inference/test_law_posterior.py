"""The posterior of a population's law as its chains and searches see it."""

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.inference import law_posterior
from cls_infer.inference.law_posterior import LEAST_CURVATURE, LawPosterior
from cls_infer.likelihood.population import population
from cls_infer.likelihood.reweighted import interim, log_marginal, products


@pytest.fixture(scope="module")
def law():
    people = population(Cohort("ward", tuple(Patient(f"P{i}", {}, (), ()) for i in range(6)), ""), ("a", "b"))
    rng = np.random.default_rng(1)
    draws = 0.8 * rng.standard_normal((6, 1, 2)) + 0.3 * rng.standard_normal((6, 300, 2))
    return LawPosterior(people, products(interim(draws)))


def log_posterior(law, u):
    return float(jnp.sum(log_marginal(law.population, law.draws, jnp.asarray(u)))) - 0.5 * float(u @ u)


@pytest.fixture(scope="module")
def points(law):
    return 0.8 * np.random.default_rng(2).standard_normal((3, law.dimension))


def differences(fun, at, h):
    """Return central differences of a function of a point, one for each coordinate."""
    return np.array([(fun(at + h * e) - fun(at - h * e)) / (2 * h) for e in np.eye(len(at))])


def test_the_slope_is_that_of_prior_and_interim_draws(law, points):
    value, gradient = law.slope(points, np.zeros(3, int))
    for lane, u in enumerate(points):
        np.testing.assert_allclose(value[lane], log_posterior(law, u), rtol=1e-12)
        # central differences of 1e-5: their own error is 1e-10 and eps / h
        np.testing.assert_allclose(gradient[lane], differences(lambda u: log_posterior(law, u), u, 1e-5), atol=1e-7)


def test_the_curvature_is_the_slopes_but_for_what_is_hardly_curved(law, points):
    found = law.expand(points, np.zeros(3, int))

    def slope(u):
        return law.slope(u[None], np.zeros(1, int)).gradient[0]

    floored = 0
    for lane, u in enumerate(points):
        exact = -differences(slope, u, 1e-5)
        curved, ways = np.linalg.eigh((exact + exact.T) / 2)
        floored += int(np.sum(curved < LEAST_CURVATURE))
        np.testing.assert_allclose(
            found.curvature[lane], ways @ np.diag(np.maximum(curved, LEAST_CURVATURE)) @ ways.T, atol=1e-5
        )
    assert floored  # a point so far out has such a direction


def test_fewer_lanes_at_once_change_no_number(law, points, monkeypatch):
    usual = law.slope(points, np.zeros(3, int))
    monkeypatch.setattr(law_posterior, "ROOM", law.draws.known.size)
    one = LawPosterior(law.population, law.draws).slope(points, np.zeros(3, int))
    # lanes of a product of matrices add in another order
    np.testing.assert_allclose(one.gradient, usual.gradient, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(one.log_posterior, usual.log_posterior, rtol=1e-13)
