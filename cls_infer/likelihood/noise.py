"""The log density of one measurement given its prediction: scatter, uncertain times, reporting limits."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import betainc, gammaln, log_ndtr

from ..types import Numbers

NORMAL, LOGNORMAL, STUDENT_T = 0, 1, 2
SHAPES = {"normal": NORMAL, "lognormal": LOGNORMAL, "student_t": STUDENT_T}
TINY = 1e-12


class Scatter(NamedTuple):
    """Noise of one measurement: shape code, scale in the observable's unit (of the log for LOGNORMAL), df."""

    shape: Any
    scale: Any
    df: Any


def total_scale(mean: Numbers, time_variance: Numbers, scatter: Scatter, extra_sd: Numbers) -> Any:
    r"""Return the scale with what an uncertain time and a converted value add.

    $$s^2 = s_0^2 + v + e^2$$

    with the variance $v$ of the prediction over the uncertain time, for a straight line the square of the model's
    slope times `time_sd`, and `extra_sd` $e$; for lognormal scatter both additions are relative to the prediction.
    """
    relative = jnp.where(scatter.shape == LOGNORMAL, 1 / jnp.maximum(jnp.abs(mean), TINY), 1.0)
    return jnp.sqrt(scatter.scale**2 + relative**2 * (time_variance + extra_sd**2))


def log_density(value: Numbers, censoring: Numbers, mean: Numbers, scale: Numbers, scatter: Scatter) -> Any:
    """Return log p(value | mean), or the log probability of lying beyond `value` where it is a limit.

    `censoring` is -1 where the true value is below `value`, +1 above, 0 where it was measured. Finite for
    every finite prediction; a lognormal prediction at or below zero counts as the smallest positive number.
    """
    logarithmic = scatter.shape == LOGNORMAL
    log_value, log_mean = jnp.log(jnp.maximum(value, TINY)), jnp.log(jnp.maximum(mean, TINY))
    r = jnp.where(logarithmic, log_value - log_mean, value - mean) / scale
    student = scatter.shape == STUDENT_T
    shape_density = jnp.where(student, _log_t(r, scatter.df), -0.5 * r**2 - 0.5 * jnp.log(2 * jnp.pi))
    measured = shape_density - jnp.log(scale) - jnp.where(logarithmic, log_value, 0.0)
    toward = jnp.where(censoring < 0, r, -r)
    beyond = jnp.where(student, _log_t_below(toward, scatter.df), log_ndtr(toward))
    return jnp.where(censoring == 0, measured, beyond)


def curvature(scale: Numbers, mean: Numbers, scatter: Scatter) -> Any:
    """Return the Fisher information of one measurement about its prediction; always above zero."""
    student = (scatter.df + 1) / (scatter.df + 3)
    relative = jnp.where(scatter.shape == LOGNORMAL, 1 / jnp.maximum(jnp.abs(mean), TINY), 1.0)
    return jnp.where(scatter.shape == STUDENT_T, student, 1.0) * (relative / scale) ** 2


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
