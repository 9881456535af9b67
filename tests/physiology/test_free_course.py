"""A leak of no prescribed course: variance, covariance, smoothness and bounds of the curve through knots."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import leak_about, smooth_course

KNOTS = 9
START, SPACING = 6.0, 12.0
INSIDE = np.linspace(START + 2 * SPACING, START + 6 * SPACING, 97)  # two knots away from either end


@jax.jit
def weights(t, length):
    """The curve is linear in the knots: its row of weights at time t."""
    return jax.jacfwd(lambda z: smooth_course(t, tuple(z), START, SPACING, length))(jnp.zeros(KNOTS))


rows = jax.jit(jax.vmap(weights, in_axes=(0, None)))
slopes = jax.jit(jax.vmap(jax.jacfwd(weights), in_axes=(0, None)))


@given(t=st.floats(-500, 1000), length=st.floats(3, 100))
def test_the_curve_has_variance_one_at_every_time(t, length):
    np.testing.assert_allclose(np.sum(weights(t, length) ** 2), 1.0, rtol=1e-12)


@pytest.mark.parametrize("length", [12.0, 14.0, 18.0])
def test_its_covariance_is_the_squared_exponential(length):
    found = rows(INSIDE, length) @ rows(INSIDE, length).T
    gap = (INSIDE[:, None] - INSIDE[None, :]) / length
    # at length = spacing the sum over knots differs from the integral by 2 exp(-pi^2/2) = 1.4 %; at 18 h the
    # two knots beyond the stretch leave out erfc(24 sqrt(2) / 18) / 2 = 0.4 % of the weight
    np.testing.assert_allclose(found, np.exp(-(gap**2) / 2), atol=0.03)


@pytest.mark.parametrize("length", [12.0, 14.0, 18.0])
def test_draws_are_smooth_on_the_length_scale(length):
    steepness = np.sqrt(np.sum(np.asarray(slopes(INSIDE, length)) ** 2, axis=1))
    # E[g'^2] = 1/l^2; its ripple from knot to knot is that of the covariance, weighted with the square of pi
    np.testing.assert_allclose(steepness * length, 1.0, atol=0.15)
    assert abs(np.mean(steepness) * length - 1) < 0.02


@given(z=st.lists(st.floats(-3, 3), min_size=KNOTS, max_size=KNOTS))
def test_far_from_the_knots_the_nearest_one_holds(z):
    for t, nearest in ((START - 300.0, z[0]), (START + 8 * SPACING + 300.0, z[-1])):
        # the next knot's weight is exp(-(312^2 - 300^2) / 12^2) = e^-51
        np.testing.assert_allclose(smooth_course(t, tuple(z), START, SPACING, 12.0), nearest, atol=1e-12)


@given(t=st.floats(-50, 200), shift=st.floats(-100, 100))
def test_the_curve_moves_with_its_knots_and_not_with_the_unit_of_time(t, shift):
    z = tuple(np.random.default_rng(3).standard_normal(KNOTS))
    here = smooth_course(t, z, START, SPACING, 12.0)
    # rounding of times up to 300 h in exponents up to 300
    np.testing.assert_allclose(smooth_course(t + shift, z, START + shift, SPACING, 12.0), here, atol=1e-10)
    np.testing.assert_allclose(smooth_course(60 * t, z, 60 * START, 60 * SPACING, 720.0), here, atol=1e-10)


@given(level=st.floats(1, 50), swing=st.floats(-40, 40))
def test_the_leak_lies_between_health_and_the_highest(level, swing):
    m = float(leak_about(level, 100.0, swing))
    assert 1.0 <= m <= 100.0 * (1 + 1e-14)


@given(level=st.floats(1, 50))
def test_without_a_swing_the_leak_is_its_level(level):
    np.testing.assert_allclose(leak_about(level, 100.0, 0.0), level, rtol=1e-15)


def test_well_below_the_highest_the_swing_is_in_log_units():
    excess = float(leak_about(1.01, 1e6, 2.0)) - 1
    np.testing.assert_allclose(excess, 0.01 * np.exp(2), rtol=1e-6)  # 0.07 of a million, and cancellation at 1


def test_the_gradient_is_the_slope():
    def leak(t, z_3, length, level, swing):
        z = (0.3, -1.0, z_3, 0.8, 0.1, -0.4, 1.2, 0.0, -2.0)
        return leak_about(level, 100.0, swing * smooth_course(t, z, START, SPACING, length))

    check_grads(leak, (31.0, 1.5, 12.0, 3.0, 1.2), order=2, modes=["fwd", "rev"], rtol=1e-4)


def test_the_gradient_is_finite_without_a_leak():
    slopes = jax.grad(lambda level, swing: leak_about(level, 100.0, swing), argnums=(0, 1))(1.0, 2.0)
    assert np.all(np.isfinite(slopes))
