"""Posteriors lane by lane are the joint one's terms, whichever lanes stand together."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.inference.apart import Apart
from cls_infer.inference.whole import Whole
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model


@pytest.fixture(scope="module")
def apart():
    """Three patients who share nothing."""
    model = load_model("volume_kinetics")
    return Apart(posterior(model, simulated(("P1", "P2", "P3"), seed=5), per_patient=tuple(model.parameters)))


def lanes(dimension, count=7):
    rng = np.random.default_rng(2)
    return 0.5 * rng.standard_normal((count, dimension)), rng.integers(0, 3, count)


def test_the_patients_add_up_to_the_joint_density(apart):
    points = 0.5 * np.random.default_rng(1).standard_normal((4, 3, apart.dimension))
    z = apart.joint(points)
    joint = jax.jit(jax.vmap(lambda z: apart.target.log_factor(z) - 0.5 * jnp.sum(z**2)))(z)
    each = apart.log_posterior(points.reshape(12, -1), np.tile(np.arange(3), 4)).reshape(4, 3)
    np.testing.assert_allclose(each.sum(axis=1), joint, rtol=1e-11)  # one sum in another order


def test_expansion_and_density_agree(apart):
    points, of = lanes(apart.dimension)
    found = apart.expand(points, of)
    np.testing.assert_allclose(found.log_posterior, apart.log_posterior(points, of), rtol=1e-11)
    step = 1e-5 * np.eye(apart.dimension)
    sides = [
        apart.log_posterior((points[:, None] + way * step).reshape(-1, apart.dimension), np.repeat(of, apart.dimension))
        for way in (1, -1)
    ]
    slope = ((sides[0] - sides[1]) / 2e-5).reshape(points.shape)
    # the gradient holds the step sizes, the difference lets them follow: both within the solver's tolerance of 3e-4
    np.testing.assert_allclose(found.gradient, slope, rtol=0.05, atol=0.2)


def test_no_lane_depends_on_its_neighbours(apart):
    points, of = lanes(apart.dimension, 300)  # more than one call takes
    together = apart.log_posterior(points, of)
    np.testing.assert_array_equal(together[17:20], apart.log_posterior(points[17:20], of[17:20]))


def test_patients_who_share_parameters_are_one_posterior(pooled):
    whole = Whole(pooled)
    points = 0.3 * np.random.default_rng(3).standard_normal((5, whole.dimension))
    expected = jax.jit(jax.vmap(lambda z: pooled.log_factor(z) - 0.5 * jnp.sum(z**2)))(points)
    which = np.zeros(5, int)
    np.testing.assert_allclose(whole.log_posterior(points, which), expected, rtol=1e-11)
    np.testing.assert_allclose(whole.expand(points, which).log_posterior, expected, rtol=1e-11)
    np.testing.assert_array_equal(whole.joint(points[:, None]), points)
