"""Pooled parameters held as deviations or as patients' own coordinates: one density, whichever is held."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.inference.centring import carried, choose_centred, in_words, information
from cls_infer.inference.departure import departures
from cls_infer.inference.gauss_newton import expand
from cls_infer.inference.kernel import potential_of
from cls_infer.inference.settings import Settings
from cls_infer.inference.start import Start
from cls_infer.likelihood.centring import from_centred, to_centred
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

WAYS = [(False, False), (True, False), (False, True), (True, True)]


@pytest.fixture(scope="module")
def correlated():
    cohort = simulated(("P1", "P2", "P3"), seed=5)
    return posterior(load_model("volume_kinetics"), cohort, hierarchical=("k_12", "k_10"), correlated=True)


def some_z(target):
    return jnp.asarray(0.5 * np.random.default_rng(1).standard_normal(target.pooling.dimension))


@pytest.mark.parametrize("centred", WAYS)
def test_what_is_held_leads_back_to_the_deviations(correlated, centred):
    z, pooling = some_z(correlated), correlated.pooling
    c = to_centred(pooling, z, np.array(centred))
    back, log_slope = from_centred(pooling, c, np.array(centred))
    np.testing.assert_allclose(back, z, rtol=1e-12, atol=1e-12)
    jacobian = jax.jacfwd(lambda c: from_centred(pooling, c, np.array(centred))[0])(c)
    np.testing.assert_allclose(log_slope, np.linalg.slogdet(np.asarray(jacobian))[1], rtol=1e-10, atol=1e-12)


def test_a_centred_parameter_is_the_patients_own_coordinate(correlated):
    z, pooling = some_z(correlated), correlated.pooling
    c = to_centred(pooling, z, np.array([False, True]))
    place = pooling.pooled[1]
    np.testing.assert_allclose(pooling.deviations(c)[:, 1], pooling.coordinates(z)[:, place], rtol=1e-12)
    np.testing.assert_array_equal(pooling.deviations(c)[:, 0], pooling.deviations(z)[:, 0])


@pytest.mark.slow
def test_a_chain_departs_with_the_energy_and_slope_of_what_it_holds(correlated):
    """The search's numbers, carried over, against NumPyro's own of the potential; both solve at one tolerance."""
    centred, pooling = np.array([True, False]), correlated.pooling
    look = jax.jit(partial(expand, correlated))
    dimension = pooling.dimension
    start = Start(np.zeros(dimension), 0.01 * np.eye(dimension), np.zeros(1), 1, look)
    chains = departures(start, Settings(chains=2, seed=3), pooling, centred)
    potential = jax.jit(jax.value_and_grad(potential_of(correlated, 1e9, jnp.asarray(centred))))
    for chain in range(2):
        value, slope = potential({"z": chains.z["z"][chain]})
        # forward and reverse solves differ by the solver's tolerance
        np.testing.assert_allclose(chains.potential_energy[chain], value, rtol=1e-4)
        np.testing.assert_allclose(chains.z_grad["z"][chain], slope["z"], rtol=2e-2, atol=2e-2 * np.ptp(slope["z"]))


def test_the_mass_matrix_moves_with_what_is_held(correlated):
    """Draws of the Laplace approximation close to the mode, carried over, have the covariance carried over."""
    pooling, rng = correlated.pooling, np.random.default_rng(2)
    mode = np.asarray(some_z(correlated))
    narrow, centred = 1e-6 * np.eye(len(mode)), np.array([True, True])
    z = mode + 1e-3 * rng.standard_normal((4000, len(mode)))
    c = jax.vmap(lambda one: to_centred(pooling, one, centred))(jnp.asarray(z))
    # 4,000 draws: 2 % of a variance, four times over
    np.testing.assert_allclose(np.var(c, axis=0), np.diag(carried(pooling, mode, narrow, centred)), rtol=0.1)


def test_a_parameter_is_centred_where_most_patients_tell_more_than_the_population(correlated):
    """A curvature of 1 + i of a deviation is the population's 1 and the data's i."""
    pooling = correlated.pooling
    curvature = np.eye(pooling.dimension)
    first, second = (pooling.slots[place].start + 2 for place in pooling.pooled)
    curvature[[first, first + 1], [first, first + 1]] += 3.0
    curvature[second, second] += 3.0
    covariance = np.linalg.inv(curvature)
    np.testing.assert_allclose(information(pooling, covariance), [[3, 3], [3, 0], [0, 0]], atol=1e-9)
    centred, share = choose_centred(pooling, covariance)
    assert centred.tolist() == [True, False]
    assert in_words(pooling, centred, share) == "k_12 centred (67%), k_10 non-centred (33%)"


def test_what_is_told_twice_counts_once(correlated):
    """Data that only tell the sum of a deviation and another own parameter hardly tell either."""
    pooling = correlated.pooling
    curvature = np.eye(pooling.dimension)
    deviation = pooling.slots[pooling.pooled[0]].start + 2
    other = next(slot.start for slot in pooling.slots if slot.scope == "patient" and slot.size)
    curvature[np.ix_([deviation, other], [deviation, other])] += 100.0
    assert information(pooling, np.linalg.inv(curvature))[0, 0] < 1.01
