"""The search for the mode finds it, and says who cannot be solved where it cannot begin."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize

from cls_infer.cohort.records import Event
from cls_infer.errors import InputError
from cls_infer.inference.start import find_start
from cls_infer.likelihood.posterior import posterior


@pytest.fixture(scope="module")
def search(target):
    lines = []
    return find_start(target, seed=1, starts=4, report=lines.append), lines


@pytest.fixture(scope="module")
def found(search):
    return search[0]


@pytest.fixture(scope="module")
def by_scipy(target):
    negative = jax.jit(jax.value_and_grad(lambda z: 0.5 * jnp.sum(z**2) - target.log_factor(z)))
    return minimize(
        lambda z: tuple(np.asarray(a, float) for a in negative(jnp.asarray(z))),
        np.zeros(target.pooling.dimension),
        jac=True,
        method="BFGS",
        options={"gtol": 1e-4},
    )


def test_the_mode_is_that_of_another_optimiser(found, by_scipy):
    sd = np.sqrt(np.diag(found.covariance))
    # the search ends when a step gains less than 1e-3 nats: within 0.05 sd
    np.testing.assert_allclose(found.mode / sd, by_scipy.x / sd, atol=0.05)
    np.testing.assert_allclose(np.max(found.log_posterior), -by_scipy.fun, atol=2e-3)


def test_dispersed_starts_reach_the_same_mode(found):
    assert np.ptp(found.log_posterior) < 0.01


def test_the_covariance_is_a_covariance(found):
    np.testing.assert_allclose(found.covariance, found.covariance.T, rtol=1e-9, atol=1e-12)
    assert np.all(np.linalg.eigvalsh(found.covariance) > 0)
    assert np.all(np.diag(found.covariance) <= 1 + 1e-9)  # data never widen the prior


def test_the_same_seed_gives_the_same_start(target, found):
    again = find_start(target, seed=1, starts=4)
    np.testing.assert_array_equal(again.mode, found.mode)


def test_chains_start_scattered_as_the_laplace_approximation(found):
    draws = found.dispersed(4000, seed=2)
    # Monte Carlo error of 4,000 draws: 1/sqrt(4000) in the mean, 1/sqrt(8000) in the sd, four times over
    sd = np.sqrt(np.diag(found.covariance))
    np.testing.assert_allclose((draws.mean(0) - found.mode) / sd, 0, atol=4 / np.sqrt(4000))
    np.testing.assert_allclose(draws.std(0) / sd, 1, atol=4 / np.sqrt(8000))
    np.testing.assert_array_equal(found.dispersed(3, seed=2), found.dispersed(3, seed=2))


def test_progress_is_reported(search):
    found, lines = search
    assert len(lines) == found.iterations + 1 and "log posterior" in lines[-1]


def test_a_patient_who_cannot_be_solved_is_named(pooled):
    first, second, third = pooled.cohort.patients
    central = replace(pooled.model.states["x_c"], floor=-0.5)
    bounded = replace(pooled.model, states={**pooled.model.states, "x_c": central})
    drained = replace(second, therapy=(Event("crrt_ultrafiltrate", 0.0, 0.5, 9.0, 1),))
    target = posterior(bounded, replace(pooled.cohort, patients=(first, drained, third)))
    with pytest.raises(InputError) as error:
        find_start(target, seed=1, starts=2)
    assert "`P2`" in str(error.value)
    assert "`P1`" not in str(error.value) and "`P3`" not in str(error.value)
