"""Gradient and Gauss-Newton curvature of the log posterior, for many starting points at once."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from ..likelihood.noise import information_about_mean, information_about_scale, log_density, total_scale
from ..likelihood.pooling import Pooling
from ..likelihood.posterior import FAILED, Posterior, log_health


class Expansion(NamedTuple):
    """The log posterior about each start: value, gradient [start, dim], curvature [start, dim, dim], patients'
    solver status [start, patient] and log-likelihood [start, patient]."""

    log_posterior: jax.Array
    gradient: jax.Array
    curvature: jax.Array
    status: jax.Array
    log_likelihood: jax.Array


class Factor(NamedTuple):
    """What measurements and healthy ranges say of each lane's coordinates, the prior left out.

    Log-likelihood and log density of the healthy ranges [lane], the gradient of their sum [lane, slot], its
    Gauss-Newton information [lane, slot, slot], the solver's status [lane].
    """

    log_likelihood: jax.Array
    log_health: jax.Array
    gradient: jax.Array
    information: jax.Array
    status: jax.Array


class Outputs(NamedTuple):
    """What the log posterior looks at: mean and scale [lane, obs], healthy ranges [lane, range], log probability to
    have lived [lane]."""

    mean: jax.Array
    scale: jax.Array
    in_health: jax.Array
    log_survival: jax.Array


def _outputs(target: Posterior, coordinates: jax.Array, patient: jax.Array) -> tuple[Outputs, tuple]:
    """Return the outputs, and with them the solver's status [lane], the noise and the chart."""
    values, amounts = target.pooling.values_of(coordinates, patient)
    route, chart = target.seen(patient)
    predicted = target.with_offsets(coordinates, target.predict_forward(values, amounts, route, chart), patient)
    scatter = target.scatter(coordinates, patient)
    scale = total_scale(predicted.mean, predicted.time_variance, scatter, chart.extra_sd)
    in_health = target.weighed(predicted.in_health)
    outputs = Outputs(predicted.mean, scale, in_health, predicted.log_survival)
    return outputs, (predicted.status, scatter, chart)


def factor(target: Posterior, coordinates: jax.Array, patient: jax.Array) -> Factor:
    r"""Return each lane's factor about coordinates [lane, slot] of these patients [lane].

    The gradient is exact. The information is $\sum_j J_j^T I_j J_j$ over predictions, their scales and the healthy
    ranges, with the Fisher information $I_j$ of each; of a limit or an interval, what it tells of its prediction.
    """
    slots = len(target.pooling.slots)

    def column(direction: jax.Array) -> tuple[Outputs, Outputs, tuple]:
        along = (jnp.broadcast_to(direction, coordinates.shape),)
        return jax.jvp(lambda c: _outputs(target, c, patient), (coordinates,), along, has_aux=True)

    columns = jax.vmap(column, out_axes=(None, -1, None))(jnp.eye(slots))
    (mean, scale, in_health, survival), by_slot, (status, scatter, chart) = columns
    d_mean, d_scale, d_health, d_survival = by_slot  # [lane, obs, slot]
    alive = status == 0
    good = chart.mask & alive[:, None] & jnp.isfinite(mean) & jnp.isfinite(scale)
    mean, scale = jnp.where(good, mean, 1.0), jnp.where(good, scale, 1.0)

    reported = (chart.value, chart.upper, chart.censoring)

    def by_lane(mean: jax.Array, scale: jax.Array) -> jax.Array:
        each = log_density(*reported, mean, scale, scatter)
        return jnp.sum(jnp.where(good, each, 0.0), axis=-1)

    by_mean, by_scale = jax.grad(lambda *at: jnp.sum(by_lane(*at)), argnums=(0, 1))(mean, scale)
    survival, d_survival = jnp.where(alive, survival, 0.0), jnp.where(alive[:, None], d_survival, 0.0)
    ll = by_lane(mean, scale) + survival
    d_mean, d_scale = (jnp.where(good[..., None], d, 0.0) for d in (d_mean, d_scale))
    gradient = jnp.einsum("lo,loi->li", by_mean, d_mean) + jnp.einsum("lo,loi->li", by_scale, d_scale)
    gradient += d_survival - jnp.einsum("lr,lri->li", in_health, d_health)
    of_scale = jnp.where(chart.censoring == 0, information_about_scale(scale, scatter), 0.0)
    risk = 0.5 / jnp.maximum(-survival, 1e-6)  # as the square of a residual sqrt(-2 log S)
    information = jnp.einsum("lri,lrj->lij", d_health, d_health)
    information += jnp.einsum("l,li,lj->lij", risk, d_survival, d_survival)
    of_mean = information_about_mean(*reported, mean, scale, scatter)
    information += jnp.einsum("loi,lo,loj->lij", d_mean, of_mean, d_mean)
    information += jnp.einsum("loi,lo,loj->lij", d_scale, of_scale, d_scale)
    return Factor(
        log_likelihood=jnp.where(alive & jnp.isfinite(ll), ll, FAILED),
        log_health=log_health(in_health),
        gradient=gradient,
        information=information,
        status=status,
    )


def expand(target: Posterior, z: jax.Array) -> Expansion:
    """Return value, gradient and Gauss-Newton curvature of the log posterior at every start z [start, dim]."""
    patients = len(target.plan.patients)
    return expand_at(target.pooling, target, z, jnp.tile(jnp.arange(patients), (len(z), 1)))


def expand_at(pooling: Pooling, everyone: Posterior, z: jax.Array, patient: jax.Array) -> Expansion:
    """Return the same of posteriors whose patients [start, patient] of `everyone` take their coordinates from z [start,
    dim] as the pooling says.

    The curvature is the identity of the prior plus the information of every patient.
    """
    starts, patients = patient.shape
    coordinates = jax.vmap(pooling.coordinates)(z)
    to_coordinates = jax.vmap(jax.jacfwd(pooling.coordinates))(z)  # [start, patient, slot, dim]
    lanes = coordinates.reshape(starts * patients, -1)
    found = factor(everyone, lanes, patient.reshape(-1))
    found = jax.tree.map(lambda a: a.reshape(starts, patients, *a.shape[1:]), found)
    through = jnp.einsum("spij,spjd->spid", found.information, to_coordinates)
    return Expansion(
        log_posterior=jnp.sum(found.log_likelihood + found.log_health, axis=1) - 0.5 * jnp.sum(z**2, axis=1),
        gradient=jnp.einsum("spi,spid->sd", found.gradient, to_coordinates) - z,
        curvature=jnp.einsum("spid,spie->sde", to_coordinates, through) + jnp.eye(z.shape[1])[None],
        status=found.status,
        log_likelihood=found.log_likelihood,
    )
