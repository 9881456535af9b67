"""The log density of one measurement given its prediction: scatter, uncertain times, reporting limits."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import betainc, gammaln, log_ndtr

from ..cohort.records import BETWEEN
from ..types import Numbers

NORMAL, LOGNORMAL, STUDENT_T = 0, 1, 2
SHAPES = {"normal": NORMAL, "lognormal": LOGNORMAL, "student_t": STUDENT_T}
TINY = 1e-12
NARROW = 1e-5
"""Two log probabilities nearer than this are not subtracted: their interval counts as its middle times its width."""


class Scatter(NamedTuple):
    """Noise of one measurement: shape code, scale in the observable's unit (of the log for LOGNORMAL), df, and the
    share of the prediction that comes on top of the scale."""

    shape: Any
    scale: Any
    df: Any
    share: Any = 0.0


def total_scale(mean: Numbers, time_variance: Numbers, scatter: Scatter, extra_sd: Numbers) -> Any:
    r"""Return the scale with what the prediction's size, an uncertain time and a converted value add.

    $$s^2 = (s_0 + q\,|m|)^2 + v + e^2$$

    with the share $q$ of the prediction $m$, the variance $v$ of the prediction over the uncertain time, for a straight
    line the square of the model's slope times `time_sd`, and `extra_sd` $e$; for lognormal scatter $v$ and $e$ are
    relative to the prediction.
    """
    relative = jnp.where(scatter.shape == LOGNORMAL, 1 / jnp.maximum(jnp.abs(mean), TINY), 1.0)
    own = scatter.scale + scatter.share * jnp.abs(mean)
    return jnp.sqrt(own**2 + relative**2 * (time_variance + extra_sd**2))


def log_density(
    value: Numbers, upper: Numbers, censoring: Numbers, mean: Numbers, scale: Numbers, scatter: Scatter
) -> Any:
    r"""Return log p(value | mean), or the log probability of what is known where the value itself is not.

    With the standardised noise's distribution function $F$ and residuals $r$ of the bounds

    $$\log F(r), \qquad \log F(-r), \qquad \log\big(F(r_\text{upper}) - F(r)\big)$$

    where the true value is below `value` (`censoring` -1), above it (+1), or between it and `upper` (BETWEEN); 0 where
    it was measured. Else `upper` is not looked at. Finite for every finite prediction; a lognormal prediction at or
    below zero counts as the smallest positive number.
    """
    log_value = jnp.where(scatter.shape == LOGNORMAL, jnp.log(jnp.maximum(value, TINY)), 0.0)
    r = residual(value, mean, scale, scatter)
    measured = _log_unit(r, scatter) - jnp.log(scale) - log_value
    r_upper = jnp.where(censoring == BETWEEN, residual(upper, mean, scale, scatter), r + 1.0)
    limited = jnp.not_equal(censoring, 0)  # most charts have none, and these probabilities cost the most
    some = jax.lax.cond(
        jnp.any(limited), lambda: _log_limited(r, r_upper, censoring, scatter), lambda: jnp.zeros_like(measured)
    )
    return jnp.where(limited, some, measured)


def residual(value: Numbers, mean: Numbers, scale: Numbers, scatter: Scatter) -> Any:
    """Return how far a value lies from its prediction, in scales; on the logarithm where the noise is lognormal."""
    log_value, log_mean = jnp.log(jnp.maximum(value, TINY)), jnp.log(jnp.maximum(mean, TINY))
    return jnp.where(scatter.shape == LOGNORMAL, log_value - log_mean, value - mean) / scale


def curvature(scale: Numbers, mean: Numbers, scatter: Scatter) -> Any:
    """Return the Fisher information of one measurement about its prediction; always above zero."""
    student = (scatter.df + 1) / (scatter.df + 3)
    relative = jnp.where(scatter.shape == LOGNORMAL, 1 / jnp.maximum(jnp.abs(mean), TINY), 1.0)
    return jnp.where(scatter.shape == STUDENT_T, student, 1.0) * (relative / scale) ** 2


def information_about_scale(scale: Numbers, scatter: Scatter) -> Any:
    """Return the Fisher information of one measurement about the scale of its noise."""
    return jnp.where(scatter.shape == STUDENT_T, 2 * scatter.df / (scatter.df + 3), 2.0) / scale**2


def information_about_mean(
    value: Numbers, upper: Numbers, censoring: Numbers, mean: Numbers, scale: Numbers, scatter: Scatter
) -> Any:
    r"""Return what one measurement tells of its prediction: its Fisher information where it was measured.

    Of a limit or an interval it is the curvature of the log probability $P$, next to none well inside,

    $$-\frac{d^2 \log P}{d\mu^2} = \frac{(g_l - g_u)^2 + g_l\psi_l - g_u\psi_u}{s^2}, \qquad g = f(r) / P,
    \qquad \psi = \frac{d \log f}{dr}$$

    at the lower and upper end that there is, and kept from 0 to that of a measurement.
    """
    log_probability = log_density(value, upper, censoring, mean, scale, scatter)
    r = residual(value, mean, scale, scatter)
    r_upper = jnp.where(censoring == BETWEEN, residual(upper, mean, scale, scatter), r)
    student = scatter.shape == STUDENT_T

    def end(r: Any, there: Any) -> tuple[Any, Any]:
        density = jnp.where(there, jnp.exp(_log_unit(r, scatter) - log_probability), 0.0)
        return density, density * jnp.where(student, -(scatter.df + 1) * r / (scatter.df + r**2), -r)

    (low, low_slope), (high, high_slope) = end(r, censoring > 0), end(r_upper, (censoring < 0) | (censoring == BETWEEN))
    bend = (low - high) ** 2 + low_slope - high_slope
    most = jnp.where(student, (scatter.df + 1) / (scatter.df + 3), 1.0)
    share = jnp.where(censoring == 0, 1.0, jnp.clip(bend / most, 0.0, 1.0))
    return share * curvature(scale, mean, scatter)


def _log_unit(r: Numbers, scatter: Scatter) -> Any:
    """Return the log density of standardised noise."""
    normal = -0.5 * jnp.square(r) - 0.5 * jnp.log(2 * jnp.pi)
    return jnp.where(scatter.shape == STUDENT_T, _log_t(r, scatter.df), normal)


def _log_limited(r: Numbers, r_upper: Numbers, censoring: Numbers, scatter: Scatter) -> Any:
    """Return the log probability beyond a limit, or between two, each in its better-known tail.

    An interval above the middle is mirrored to below it, where log F keeps its digits.
    """
    between, above = censoring == BETWEEN, r + r_upper > 0
    low, high = jnp.where(above, -r_upper, r), jnp.where(above, -r, r_upper)
    ends = jnp.stack([jnp.where(between, low, jnp.where(censoring < 0, r, -r)), high])
    log_low, log_high = jax.vmap(lambda r: _log_below(r, scatter))(ends)
    apart = jnp.where(between, log_high - log_low, 0.0)
    width = jnp.where(between, high - low, 1.0)
    narrow = _log_unit((low + high) / 2, scatter) + jnp.log(width)
    wide = log_high + jax.nn.log1mexp(jnp.maximum(apart, NARROW))
    return jnp.where(between, jnp.where(apart > NARROW, wide, narrow), log_low)


def _log_below(r: Numbers, scatter: Scatter) -> Any:
    """Return the log probability that standardised noise is below r."""
    return jnp.where(scatter.shape == STUDENT_T, _log_t_below(r, scatter.df), log_ndtr(r))


def _log_t(r: Numbers, df: Numbers) -> Any:
    norm = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * jnp.log(df * jnp.pi)
    return norm - (df + 1) / 2 * jnp.log1p(r**2 / df)


@jax.custom_jvp
def _log_t_below(r: Numbers, df: Numbers) -> Any:
    """Return log P(T < r) of Student's t; its lower tail goes by the incomplete beta function."""
    square = jnp.where(r == 0, 1.0, r**2)
    tail = 0.5 * jnp.where(r == 0, 1.0, betainc(df / 2, 0.5, df / (df + square)))
    return jnp.where(r < 0, jnp.log(jnp.maximum(tail, 1e-300)), jnp.log1p(-tail))


@_log_t_below.defjvp
def _slope_of_log_t_below(primals: tuple, tangents: tuple) -> tuple:
    """Density over probability; the incomplete beta function's own derivative fails where r is near 0.

    Degrees of freedom are given, never estimated: their tangent is not followed.
    """
    r, df = primals
    below = _log_t_below(r, df)
    return below, jnp.exp(_log_t(r, df) - below) * tangents[0]
