"""The density of one measurement, against scipy.stats and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from cls_infer.cohort.records import BETWEEN
from cls_infer.likelihood.noise import (
    LOGNORMAL,
    NORMAL,
    SHAPES,
    STUDENT_T,
    Scatter,
    curvature,
    information_about_mean,
    total_scale,
)
from cls_infer.likelihood.noise import log_density as density_of
from cls_infer.solve.uncertain_time import moments, node_times

EPS = 1e-12


@jax.jit
def log_density(value, censoring, mean, scale, scatter, upper=None):
    """The density of one measurement; the upper end is looked at for an interval alone."""
    return density_of(value, value if upper is None else upper, censoring, mean, scale, scatter)


finite = st.floats(-50, 50)
positive = st.floats(0.05, 20)


def reference(shape, mean, scale, df):
    """scipy's distribution of a measurement."""
    if shape == NORMAL:
        return stats.norm(mean, scale)
    if shape == LOGNORMAL:
        return stats.lognorm(s=scale, scale=mean)
    return stats.t(df, mean, scale)


@given(value=finite, mean=finite, scale=positive)
def test_a_normal_measurement_has_the_normal_density(value, mean, scale):
    found = log_density(value, 0, mean, scale, Scatter(NORMAL, scale, 4.0))
    np.testing.assert_allclose(found, stats.norm(mean, scale).logpdf(value), rtol=EPS, atol=EPS)


@given(value=st.floats(0.01, 100), mean=st.floats(0.01, 100), scale=st.floats(0.02, 2))
def test_a_lognormal_measurement_has_the_lognormal_density(value, mean, scale):
    found = log_density(value, 0, mean, scale, Scatter(LOGNORMAL, scale, 4.0))
    np.testing.assert_allclose(found, stats.lognorm(s=scale, scale=mean).logpdf(value), rtol=1e-10, atol=1e-10)


@given(value=finite, mean=finite, scale=positive, df=st.floats(1.5, 60))
def test_a_heavy_tailed_measurement_has_students_density(value, mean, scale, df):
    found = log_density(value, 0, mean, scale, Scatter(STUDENT_T, scale, df))
    np.testing.assert_allclose(found, stats.t(df, mean, scale).logpdf(value), rtol=1e-10, atol=1e-10)


# residuals in units of the scale, from the far lower tail to the far upper one
RESIDUALS = [-30.0, -8.0, -3.0, -0.5, 0.0, 0.5, 3.0, 8.0, 30.0]


@pytest.mark.parametrize("residual", RESIDUALS)
@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_a_reporting_limit_has_the_probability_beyond_it(shape, residual):
    mean, scale, df = 2.0, 0.1, 4.0
    value = mean * np.exp(residual * scale) if shape == LOGNORMAL else mean + residual * scale
    expected, scatter = reference(shape, mean, scale, df), Scatter(shape, scale, df)
    below, above = (log_density(value, side, mean, scale, scatter) for side in (-1, 1))
    # residuals are rebuilt from the value with an error of some eps times |residual|^2
    np.testing.assert_allclose(below, expected.logcdf(value), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(above, expected.logsf(value), rtol=1e-9, atol=1e-14)


@given(value=finite, mean=finite, scale=positive)
def test_below_and_above_a_limit_are_all_there_is(value, mean, scale):
    for shape in (NORMAL, STUDENT_T):
        both = [np.exp(log_density(value, side, mean, scale, Scatter(shape, scale, 4.0))) for side in (-1, 1)]
        np.testing.assert_allclose(sum(both), 1.0, rtol=1e-10)


def log_probability(known, low, high):
    """Log probability of an interval by quadrature, relative to the largest density there: no tail is too far."""
    at = np.linspace(low, high, 2001)
    most = np.max(known.logpdf(at))
    area, _ = integrate.quad(lambda x: np.exp(known.logpdf(x) - most), low, high, epsabs=0, epsrel=1e-11, limit=500)
    return most + np.log(area)


# intervals in units of the scale: narrow and wide, about the middle and far out to either side
INTERVALS = [(-0.5, 0.5), (-1.0, 3.0), (0.2, 0.3), (2.0, 4.0), (-4.0, -2.0), (8.0, 8.1), (-30.0, -29.0), (37.0, 38.0)]


@pytest.mark.parametrize("interval", INTERVALS, ids=str)
@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_an_interval_has_the_probability_between_its_ends(shape, interval):
    mean, scale, df = 2.0, 0.1, 4.0
    ends = [mean * np.exp(r * scale) if shape == LOGNORMAL else mean + r * scale for r in interval]
    found = log_density(ends[0], BETWEEN, mean, scale, Scatter(shape, scale, df), upper=ends[1])
    expected = log_probability(reference(shape, mean, scale, df), *ends)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-10)  # quadrature to 1e-11, residuals rebuilt


@given(value=finite, mean=finite, scale=positive, width=st.floats(0.01, 20))
def test_below_between_and_above_are_all_there_is(value, mean, scale, width):
    for shape in (NORMAL, STUDENT_T):
        scatter, upper = Scatter(shape, scale, 4.0), value + width
        parts = [(value, -1, value), (value, BETWEEN, upper), (upper, 1, upper)]
        total = sum(np.exp(log_density(low, side, mean, scale, scatter, upper=high)) for low, side, high in parts)
        np.testing.assert_allclose(total, 1.0, rtol=1e-10)


@pytest.mark.parametrize("width", [1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize("residual", [0.0, -3.0, 25.0, -35.0])
@pytest.mark.parametrize("shape", [NORMAL, STUDENT_T], ids=["normal", "student_t"])
def test_a_narrow_interval_is_the_density_times_its_width(shape, residual, width):
    known, ends = reference(shape, 0.0, 1.0, 4.0), (residual - width / 2, residual + width / 2)
    found = log_density(ends[0], BETWEEN, 0.0, 1.0, Scatter(shape, 1.0, 4.0), upper=ends[1])
    # a second derivative of at most 35^2 over 24 times width squared; ends known to eps times 35 over the width
    allowed = 60 * width**2 + 1e-14 / width + 1e-7
    np.testing.assert_allclose(found, known.logpdf(residual) + np.log(width), rtol=0, atol=allowed)


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_an_interval_from_the_least_possible_is_a_limit(shape):
    scatter = Scatter(shape, 0.1, 4.0)
    below = log_density(1.9, -1, 2.0, 0.1, scatter)
    lowest = 0.0 if shape == LOGNORMAL else -1e9
    between = log_density(lowest, BETWEEN, 2.0, 0.1, scatter, upper=1.9)
    np.testing.assert_allclose(between, below, rtol=1e-12)


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_a_density_integrates_to_one(shape):
    def density(value):
        return float(np.exp(log_density(value, 0, 1.3, 0.2, Scatter(shape, 0.2, 4.0))))

    area, _ = integrate.quad(density, 1e-9 if shape == LOGNORMAL else -60, 60, points=[1.0, 1.3, 2.0], limit=200)
    np.testing.assert_allclose(area, 1.0, rtol=1e-6)


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
@pytest.mark.parametrize("censoring", [-1, 0, 1, BETWEEN])
@pytest.mark.parametrize("df", [4.0, 60.0])
@pytest.mark.parametrize("mean", [-1e6, -1.0, 0.0, 0.3, 1e6])
def test_every_finite_prediction_has_a_finite_density_and_slope(shape, censoring, df, mean):
    def density(mean, scale):
        return log_density(0.3, censoring, mean, scale, Scatter(shape, scale, df), upper=0.4)

    found, slopes = jax.value_and_grad(density, argnums=(0, 1))(mean, 0.1)
    assert np.isfinite(found)
    assert np.all(np.isfinite(slopes))


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
@pytest.mark.parametrize("censoring", [-1, 0, 1, BETWEEN])
@pytest.mark.parametrize("mean", [0.6, 1.0, 1.4])
def test_the_slope_of_a_density_is_its_difference(shape, censoring, mean):
    def density(mean):
        return log_density(1.0, censoring, mean, 0.2, Scatter(shape, 0.2, 4.0), upper=1.3)

    step = 1e-5
    central = (density(mean + step) - density(mean - step)) / (2 * step)
    np.testing.assert_allclose(jax.grad(density)(mean), central, rtol=1e-6, atol=1e-8)  # step squared


@pytest.mark.parametrize("residual", [0.0, 1e-12, -1e-9, 1e-6, -1e-3, 2.0, -40.0])
def test_the_slope_of_a_reporting_limit_is_density_over_probability(residual):
    for shape, known in ((NORMAL, stats.norm), (STUDENT_T, stats.t(4.0))):
        slope = jax.grad(lambda value, shape=shape: log_density(value, -1, 0.0, 1.0, Scatter(shape, 1.0, 4.0)))
        expected = np.exp(known.logpdf(residual) - known.logcdf(residual))
        np.testing.assert_allclose(slope(residual), expected, rtol=1e-9, err_msg=str(shape))


@pytest.mark.parametrize("residual", [0.0, 1e-15, -1e-12, 1e-9])
@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_a_measurement_met_exactly_has_a_slope_of_zero(shape, residual):
    """As at the prior's median, where a charted baseline is its own prediction."""
    slope = jax.grad(lambda mean: log_density(1.0, 0, mean, 0.01, Scatter(shape, 0.01, 4.0)))(1.0 + 0.01 * residual)
    np.testing.assert_allclose(slope, 0.0, atol=1e-5)  # a residual of 1e-9 over the scale


@given(slope=finite, time_sd=st.floats(0, 3), scale=positive, mean=finite, value=finite)
def test_an_uncertain_time_widens_a_straight_line_as_its_integral_says(slope, time_sd, scale, mean, value):
    scatter = Scatter(NORMAL, scale, 4.0)
    wide = total_scale(mean, (slope * time_sd) ** 2, scatter, 0.0)
    # value ~ Normal(mean + slope * dt, scale), dt ~ Normal(0, time_sd): a sum of two normals
    expected = stats.norm(mean, np.hypot(scale, slope * time_sd)).logpdf(value)
    np.testing.assert_allclose(log_density(value, 0, mean, wide, scatter), expected, rtol=1e-10, atol=1e-10)


def test_a_converted_value_adds_its_own_scatter():
    scatter = Scatter(NORMAL, 0.3, 4.0)
    np.testing.assert_allclose(total_scale(5.0, 0.4**2, scatter, 0.7), np.sqrt(0.3**2 + 0.4**2 + 0.7**2), rtol=EPS)


def test_additions_to_lognormal_scatter_are_relative():
    scatter = Scatter(LOGNORMAL, 0.3, 4.0)
    np.testing.assert_allclose(total_scale(5.0, 0.6**2, scatter, 0.8), np.hypot(0.3, 1.0 / 5.0), rtol=EPS)


def test_without_additions_the_scale_is_the_noise():
    for shape in SHAPES.values():
        np.testing.assert_allclose(total_scale(5.0, 0.0, Scatter(shape, 0.3, 4.0), 0.0), 0.3, rtol=EPS)


def test_an_uncertain_time_widens_at_a_peak():
    at_nodes = 5.0 - 2.0 * (node_times(0.0, 0.6) ** 2)
    mean, time_variance = moments(jnp.asarray(at_nodes))
    found = total_scale(mean, time_variance, Scatter(NORMAL, 0.3, 4.0), 0.0)
    # a parabola c t^2 about its peak: c sd^2 (chi^2 - 1) has the variance 2 c^2 sd^4; nodes are rounded to 0.01 h
    np.testing.assert_allclose(found, np.hypot(0.3, np.sqrt(2) * 2.0 * 0.6**2), rtol=0.01)


def test_the_scale_has_a_finite_slope_where_a_prediction_does_not_change():
    def scale(at_nodes):
        mean, time_variance = moments(at_nodes)
        return total_scale(mean, time_variance, Scatter(NORMAL, 0.3, 4.0), 0.0)

    np.testing.assert_array_equal(jax.grad(scale)(jnp.full(3, 0.42)), 0.0)


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
def test_curvature_is_the_expected_square_of_the_slope(shape):
    mean, scale, df = 1.5, 0.2, 6.0
    scatter = Scatter(shape, scale, df)
    slope = jax.grad(lambda m, value: log_density(value, 0, m, scale, scatter))
    probabilities = (np.arange(20_000) + 0.5) / 20_000
    values = reference(shape, mean, scale, df).ppf(probabilities)
    squares = jax.vmap(lambda value: slope(mean, value) ** 2)(jnp.asarray(values))
    # the midpoint rule over quantiles cuts the outermost 1e-4 of the squares' weight
    np.testing.assert_allclose(curvature(scale, mean, scatter), jnp.mean(squares), rtol=2e-3)


@pytest.mark.parametrize("censoring", [-1, 1, BETWEEN])
@pytest.mark.parametrize("mean", [0.5, 0.9, 1.0, 1.15, 1.3, 2.0])
def test_a_limit_or_interval_tells_as_much_as_its_log_probability_bends(censoring, mean):
    scatter = Scatter(NORMAL, 0.2, 4.0)
    told = information_about_mean(1.0, 1.3, censoring, mean, 0.2, scatter)
    step = 1e-4
    below, at, above = (
        log_density(1.0, censoring, m, 0.2, scatter, upper=1.3) for m in (mean - step, mean, mean + step)
    )
    # step squared, and rounding of the log probability over step squared
    np.testing.assert_allclose(told, -(above - 2 * at + below) / step**2, rtol=1e-4, atol=1e-5)
    assert 0 <= told <= curvature(0.2, mean, scatter)


@pytest.mark.parametrize("shape", list(SHAPES.values()), ids=list(SHAPES))
@pytest.mark.parametrize("censoring", [-1, 0, 1, BETWEEN])
@pytest.mark.parametrize("mean", [-1e6, 0.0, 0.3, 0.35, 5.0, 1e6])
def test_information_is_never_negative_and_never_more_than_a_measurements(shape, censoring, mean):
    scatter = Scatter(shape, 0.1, 4.0)
    told = information_about_mean(0.3, 0.4, censoring, mean, 0.1, scatter)
    assert 0 <= told <= curvature(0.1, mean, scatter)
    if censoring == 0:
        assert told == curvature(0.1, mean, scatter)
