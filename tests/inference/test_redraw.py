"""Patients drawn again under another interim prior have that prior's posterior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.inference.redraw import _learnt, _shifted, redraw_by_importance
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

HELD = {"V_c": 3.0, "Hct0": 0.42, "k_12": 4.2}


def test_a_normal_posterior_moves_with_its_prior_as_in_closed_form():
    """Under Normal(0, 1) and then Normal(m, C), with the same normal likelihood."""
    rng = np.random.default_rng(1)
    data, at = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1.0, -0.5])  # precision, and where it points
    first = np.linalg.inv(np.eye(2) + data)
    z = first @ data @ at + rng.standard_normal((40_000, 2)) @ np.linalg.cholesky(first).T
    mean, covariance = np.array([2.0, 1.0]), np.array([[0.3, 0.1], [0.1, 0.5]])
    prior = np.linalg.inv(covariance)
    expected = np.linalg.inv(data + prior)
    found_mean, found = _shifted(z, mean, covariance)
    # 40,000 draws: 0.7 % of a variance, and amplified by the difference of precisions
    np.testing.assert_allclose(found, expected, rtol=0.05, atol=0.01)
    np.testing.assert_allclose(found_mean, expected @ (data @ at + prior @ mean), atol=0.03)


def test_weighted_draws_teach_their_moments():
    rng = np.random.default_rng(2)
    z = 2 * rng.standard_normal((20_000, 2))
    log_weight = -0.5 * np.sum((z - 1.0) ** 2, axis=1) + 0.125 * np.sum(z**2, axis=1)  # Normal(1, 1) of Normal(0, 2)
    mean, spread = _learnt((np.zeros(2), 4 * np.eye(2)), z, log_weight)
    np.testing.assert_allclose(mean, 1.0, atol=0.05)
    np.testing.assert_allclose(spread, np.eye(2), atol=0.08)


@pytest.fixture(scope="module")
def apart():
    cohort = simulated(("P1", "P2", "P3"), seed=5)
    return posterior(load_model("volume_kinetics"), cohort, per_patient=("k_21", "k_10"), fixed=HELD)


def with_weight(z):
    """Return coordinates [patient, slot]; the weight is charted, and its coordinate does nothing."""
    return jnp.zeros((3, 3)).at[:, :2].set(z[None])


def by_grid(apart, patient, mean, sd):
    """Return mean and sd of both coordinates of a patient, k_21 under Normal(mean, sd), from a grid."""
    axis = np.linspace(-4, 5, 61)
    grid = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    each = jax.jit(jax.vmap(lambda z: apart.by_patient(with_weight(z)).log_likelihood[patient]))
    log_density = np.asarray(each(grid)) - 0.5 * ((grid[:, 0] - mean) / sd) ** 2 - 0.5 * grid[:, 1] ** 2
    p = np.exp(log_density - np.logaddexp.reduce(log_density))
    centre = p @ grid
    return centre, np.sqrt(p @ (grid - centre) ** 2)


def test_a_redrawn_patient_has_the_posterior_of_the_new_prior(apart):
    rng = np.random.default_rng(3)
    own = 0.5 * rng.standard_normal((3, 500, 3))  # rough first draws serve: they only say where to begin
    redraw, kept = redraw_by_importance(apart, own, np.array([0]), draws=2000, seed=4)
    z, log_weight = redraw(np.array([2, 0]), np.array([[1.5], [0.5]]), np.array([[[0.25]], [[0.04]]]))
    assert set(kept) == {0, 2} and z.shape == (2, 2000, 1)
    for row, (patient, mean, sd) in enumerate(((2, 1.5, 0.5), (0, 0.5, 0.2))):
        weight = np.exp(log_weight[row] - np.logaddexp.reduce(log_weight[row]))
        size = 1 / np.sum(weight**2)
        assert size > 500
        drawn = kept[patient][:, :2]
        centre = weight @ drawn
        spread = np.sqrt(weight @ (drawn - centre) ** 2)
        expected, around = by_grid(apart, patient, mean, sd)
        # four standard errors of a mean, and the grid's 0.15
        np.testing.assert_allclose((centre - expected) / around, 0, atol=4 / np.sqrt(size) + 0.02)
        np.testing.assert_allclose(spread / around, 1, atol=4 / np.sqrt(size))
        np.testing.assert_array_equal(z[row, :, 0], kept[patient][:, 0])
