"""Gradient and Gauss-Newton curvature of the log posterior, for many starting points at once."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..likelihood.noise import STUDENT_T, Scatter, information_about_mean, log_density, total_scale
from ..likelihood.posterior import FAILED, Posterior, log_health
from ..solve.plan import Chart
from ..solve.predict import Predicted


class Expansion(NamedTuple):
    """The log posterior about each start: value, gradient [start, dim], curvature [start, dim, dim], patients'
    solver status [start, patient] and log-likelihood [start, patient]."""

    log_posterior: jax.Array
    gradient: jax.Array
    curvature: jax.Array
    status: jax.Array
    log_likelihood: jax.Array


def tile_lanes(tree: Any, count: int) -> Any:
    """Repeat every array [lane, ...] `count` times along its lanes."""
    return jax.tree.map(lambda a: jnp.tile(jnp.asarray(a), (count, *([1] * (jnp.ndim(a) - 1)))), tree)


def _predict_many(target: Posterior, coordinates: jax.Array) -> Predicted:
    """Return predictions [start, patient, obs] at coordinates [start, patient, slot]."""
    starts, patients, _ = coordinates.shape
    values, amounts = jax.vmap(target.pooling.values)(coordinates)
    values, amounts = jax.tree.map(lambda a: a.reshape(starts * patients, *a.shape[2:]), (values, amounts))
    route, chart = tile_lanes((target.plan.route, target.plan.chart), starts)
    predicted = target.predict_forward(values, amounts, route, chart)
    predicted = jax.tree.map(lambda a: a.reshape(starts, patients, *a.shape[1:]), predicted)
    return jax.vmap(target.with_offsets)(coordinates, predicted)


def _chart_of_starts(target: Posterior) -> Chart:
    """Return the chart with an axis in front for the starts [1, patient, obs]."""
    return Chart(*(a[None] for a in target.plan.chart))


class Outputs(NamedTuple):
    """What the log posterior looks at: mean and scale [start, patient, obs], healthy ranges [start, patient, range],
    log probability to have lived [start, patient]."""

    mean: jax.Array
    scale: jax.Array
    in_health: jax.Array
    log_survival: jax.Array


def _outputs(target: Posterior, coordinates: jax.Array) -> tuple[Outputs, tuple[jax.Array, Scatter]]:
    """Return the outputs, and with them the solver's status [start, patient] and the noise."""
    predicted = _predict_many(target, coordinates)
    each = jax.vmap(target.scatter, out_axes=Scatter(None, 0, None))(coordinates)
    scatter = Scatter(each.shape[None], each.scale, each.df[None])
    chart = _chart_of_starts(target)
    scale = total_scale(predicted.mean, predicted.time_variance, scatter, chart.extra_sd)
    in_health = target.weighed(predicted.in_health)
    return Outputs(predicted.mean, scale, in_health, predicted.log_survival), (predicted.status, scatter)


def expand(target: Posterior, z: jax.Array) -> Expansion:
    r"""Return value, gradient and Gauss-Newton curvature of the log posterior at every start z [start, dim].

    The gradient is exact. The curvature is the identity of the prior plus
    $\sum_j J_j^T I_j J_j$ over predictions, their scales and the healthy ranges, with the Fisher information
    $I_j$ of each.
    """
    chart, pooling = _chart_of_starts(target), target.pooling
    slots = len(pooling.slots)
    coordinates = jax.vmap(pooling.coordinates)(z)
    to_coordinates = jax.vmap(jax.jacfwd(pooling.coordinates))(z)  # [start, patient, slot, dim]

    def column(direction: jax.Array) -> tuple[Outputs, Outputs, tuple[jax.Array, Scatter]]:
        along = (jnp.broadcast_to(direction, coordinates.shape),)
        return jax.jvp(lambda c: _outputs(target, c), (coordinates,), along, has_aux=True)

    columns = jax.vmap(column, out_axes=(None, -1, None))(jnp.eye(slots))
    (mean, scale, in_health, survival), by_slot, (status, scatter) = columns
    d_mean, d_scale, d_health, d_survival = by_slot  # [start, patient, obs, slot]
    alive = status == 0
    good = chart.mask & alive[..., None] & jnp.isfinite(mean) & jnp.isfinite(scale)
    mean, scale = jnp.where(good, mean, 1.0), jnp.where(good, scale, 1.0)

    reported = (chart.value, chart.upper, chart.censoring)

    def total(mean: jax.Array, scale: jax.Array) -> jax.Array:
        return jnp.sum(jnp.where(good, log_density(*reported, mean, scale, scatter), 0.0))

    by_mean, by_scale = jax.grad(total, argnums=(0, 1))(mean, scale)
    ll = jnp.sum(jnp.where(good, log_density(*reported, mean, scale, scatter), 0.0), axis=-1)
    survival, d_survival = jnp.where(alive, survival, 0.0), jnp.where(alive[..., None], d_survival, 0.0)
    ll += survival
    ll = jnp.where(alive & jnp.isfinite(ll), ll, FAILED)
    d_mean, d_scale = (jnp.where(good[..., None], d, 0.0) for d in (d_mean, d_scale))
    told = information_about_mean(*reported, mean, scale, scatter)
    of_scale = jnp.where(scatter.shape == STUDENT_T, 2 * scatter.df / (scatter.df + 3), 2.0) / scale**2
    of_scale = jnp.where(chart.censoring == 0, of_scale, 0.0)
    in_slots = jnp.einsum("spo,spoi->spi", by_mean, d_mean) + jnp.einsum("spo,spoi->spi", by_scale, d_scale)
    in_slots += d_survival - jnp.einsum("spr,spri->spi", in_health, d_health)
    risk = 0.5 / jnp.maximum(-survival, 1e-6)  # as the square of a residual sqrt(-2 log S)
    information = jnp.einsum("spri,sprj->spij", d_health, d_health)
    information += jnp.einsum("sp,spi,spj->spij", risk, d_survival, d_survival)
    information += jnp.einsum("spoi,spo,spoj->spij", d_mean, told, d_mean)
    information += jnp.einsum("spoi,spo,spoj->spij", d_scale, of_scale, d_scale)
    through = jnp.einsum("spij,spjd->spid", information, to_coordinates)
    return Expansion(
        log_posterior=jnp.sum(ll + log_health(in_health), axis=1) - 0.5 * jnp.sum(z**2, axis=1),
        gradient=jnp.einsum("spi,spid->sd", in_slots, to_coordinates) - z,
        curvature=jnp.einsum("spid,spie->sde", to_coordinates, through) + jnp.eye(z.shape[1])[None],
        status=status,
        log_likelihood=ll,
    )
