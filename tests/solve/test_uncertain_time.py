"""Nodes of an uncertain time and the moments over them, against the normal distribution's own."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cls_infer.solve.uncertain_time import moments, node_times

number = st.floats(-50, 50)
# standard deviations whose nodes need no rounding: up to 20 h apart
exact_sd = st.integers(1, 2000).map(lambda hundredths: hundredths / 100 / np.sqrt(3))


def over(course, time, time_sd):
    """Mean and variance of a course of values over an uncertain time."""
    return moments(jnp.asarray(course(node_times(time, time_sd))))


def test_a_known_time_is_one_node_thrice():
    assert node_times(5.3, 0.0).tolist() == [5.3, 5.3, 5.3]


def test_any_hour_of_a_day_reaches_half_a_day_to_either_side():
    assert node_times(24.0, 6.93).tolist() == [24.0, 12.0, 36.0]


@given(time=number, time_sd=st.floats(0, 20))
def test_nodes_have_the_mean_and_the_spread_of_the_time(time, time_sd):
    mean, variance = over(lambda t: t, time, time_sd)
    np.testing.assert_allclose(mean, time, rtol=1e-12, atol=1e-12)
    # the distance of the nodes is rounded to 0.01 h
    np.testing.assert_allclose(np.sqrt(variance), time_sd, rtol=1e-9, atol=0.005 / np.sqrt(3) + 1e-12)


@given(level=number, slope=number, time=number, time_sd=exact_sd)
def test_a_straight_line_keeps_its_mean_and_spreads_by_slope_times_sd(level, slope, time, time_sd):
    mean, variance = over(lambda t: level + slope * t, time, time_sd)
    # rounding of values up to 50 + 50 * 70
    np.testing.assert_allclose(mean, level + slope * time, rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(np.sqrt(variance), abs(slope) * time_sd, rtol=1e-9, atol=1e-11)


@given(level=number, slope=number, bend=number, time_sd=exact_sd)
def test_a_parabola_has_its_exact_mean_and_variance(level, slope, bend, time_sd):
    mean, variance = over(lambda t: level + slope * t + bend * t**2, 0.0, time_sd)
    np.testing.assert_allclose(mean, level + bend * time_sd**2, rtol=1e-10, atol=1e-10)
    expected = (slope * time_sd) ** 2 + 2 * bend**2 * time_sd**4  # cov(t, t^2) is 0, var(t^2) is 2 sd^4
    np.testing.assert_allclose(variance, expected, rtol=1e-9, atol=1e-9)


@given(time_sd=exact_sd)
def test_the_mean_is_exact_up_to_the_fifth_power(time_sd):
    for power, expected in enumerate([1.0, 0.0, time_sd**2, 0.0, 3 * time_sd**4, 0.0]):
        mean, _ = over(lambda t, power=power: t**power, 0.0, time_sd)
        # odd powers cancel to rounding of the node's own
        np.testing.assert_allclose(mean, expected, rtol=1e-12, atol=1e-13 * (2 * time_sd) ** power)


def test_what_does_not_change_has_exactly_its_value_and_no_variance():
    mean, variance = moments(jnp.full((2, 3), 0.42))
    assert mean.tolist() == [0.42, 0.42]
    assert variance.tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(jax.grad(lambda m: moments(m)[1])(jnp.full(3, 0.42)), 0.0)
