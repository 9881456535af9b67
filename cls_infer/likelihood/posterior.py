"""Model + Cohort -> log density over z, and the NumPyro model that samples it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist

from ..cohort.records import Cohort
from ..model.noise import Noise
from ..model.spec import Model
from ..solve.lanes import Route, Tolerance
from ..solve.plan import Chart, Plan, plan
from ..solve.predict import Predict, Predicted, predictor
from ..solve.states import forward_solver, pointwise, pointwise_forward, reverse_solver
from ..solve.system import System
from ..types import Batch
from .facts import Facts, padded
from .noise import SHAPES, Scatter, log_density, total_scale
from .pool import pool
from .pooling import EACH, Pooling
from .support import check_support

FAILED = -1e8
"""Log density of a patient whose solve failed: very low, finite, flat."""


class Terms(NamedTuple):
    """What each lane [lane], a patient or one of its draws, adds to the log density, and the solver's status.

    `log_likelihood` is of the measurements and of having lived to the last, `log_health` of the healthy ranges.
    """

    log_likelihood: jax.Array
    log_health: jax.Array
    status: jax.Array


@dataclass(frozen=True)
class Posterior:
    """A fit's target: what is observed, what is free, and how to predict one from the other."""

    model: Model
    cohort: Cohort
    plan: Plan
    pooling: Pooling
    system: System
    tolerance: Tolerance
    health_share: np.ndarray | jax.Array
    """How much of a healthy range each patient counts [range]: 1, or one part in as many as there are patients where
    all have one body."""

    @cached_property
    def predict(self) -> Predict:
        """Predictions whose gradient costs the same however many parameters there are."""
        system = self.system
        solve = reverse_solver(system.rhs, system.floor, self.tolerance)
        return predictor(system, solve, pointwise)

    @cached_property
    def predict_forward(self) -> Predict:
        """The same predictions, for tangents: a column of the Jacobian at a time."""
        system = self.system
        solve = forward_solver(system.rhs, system.floor, self.tolerance)
        return predictor(system, solve, pointwise_forward)

    @cached_property
    def facts(self) -> Facts:
        """Everything a program of the same form may be handed in place of the cohort's own numbers."""
        return Facts(*padded(self.plan), self.pooling.priors, np.asarray(self.health_share))

    @cached_property
    def form(self) -> tuple:
        """What a program depends on beside `facts`, of targets that some of one posterior's patients make: two alike
        can take each other's."""
        assays = tuple((assay.variable, assay.relative) for assay in self.plan.assays)
        shapes = tuple((np.shape(a), np.asarray(a).dtype) for a in jax.tree.leaves(self.facts))
        return self.pooling.form, self.plan.slots, assays, shapes, self.plan.route.ends is None, self.tolerance

    def with_facts(self, facts: Facts) -> "Posterior":
        """Return the same form with other numbers, which may be traced. It is solved by the same solvers."""
        other = replace(
            self,
            plan=replace(self.plan, route=facts.route, chart=facts.chart),
            pooling=replace(self.pooling, numbers=facts.priors),
            health_share=facts.health_share,
        )
        other.__dict__.update(predict=self.predict, predict_forward=self.predict_forward)
        return other

    def seen(self, patient: Batch | slice) -> tuple[Route, Chart]:
        """Return the route and the chart of every lane."""
        laid_out = (self.plan.route, self.plan.chart)
        return laid_out if isinstance(patient, slice) else jax.tree.map(lambda a: jnp.asarray(a)[patient], laid_out)

    def predicted(self, coordinates: Batch, patient: Batch | slice = EACH) -> Predicted:
        """Return predictions [lane, obs] at coordinates [lane, slot] of these patients [lane]."""
        values, amounts = self.pooling.values_of(coordinates, patient)
        return self.with_offsets(coordinates, self.predict(values, amounts, *self.seen(patient)), patient)

    def with_offsets(self, coordinates: Batch, predicted: Predicted, patient: Batch | slice = EACH) -> Predicted:
        r"""Return predictions [lane, obs] as the assays read them.

        $m + \delta$ with the assay's offset $\delta$; $m e^\delta$ where the noise is lognormal.
        """
        if not self.plan.assays:
            return predicted
        offsets = self.pooling.offsets(coordinates, patient)  # [lane, assay]
        chart = self.seen(patient)[1]
        none, assay = jnp.zeros((len(offsets), 1)), jnp.asarray(chart.assay)
        offset = jnp.take_along_axis(jnp.concatenate([none, offsets], axis=1), assay, axis=1)
        relative = jnp.array([n.shape == "lognormal" for n in self._noises])[chart.variable]
        factor, shift = jnp.where(relative, jnp.exp(offset), 1.0), jnp.where(relative, 0.0, offset)
        return predicted._replace(
            mean=predicted.mean * factor + shift, time_variance=predicted.time_variance * factor**2
        )

    @cached_property
    def noise_shape(self) -> tuple[np.ndarray, np.ndarray]:
        """The code of every measurement's noise and its degrees of freedom [patient, obs]."""
        noises, variable = self._noises, self.plan.chart.variable
        return np.array([SHAPES[n.shape] for n in noises])[variable], np.array([n.df for n in noises])[variable]

    @property
    def _noises(self) -> list[Noise]:
        return [observable.noise for observable in self.model.observables.values()]

    def scales(self, coordinates: Batch, patient: Batch | slice = EACH) -> jax.Array:
        """Return the scale of every observable's noise [lane, observable], a share of the prediction left aside."""
        named = {n.scale for n in self._noises if isinstance(n.scale, str)}
        known = {**self.pooling.held, **self.pooling.named(named, coordinates, patient)}
        scales = [known[n.scale] if isinstance(n.scale, str) else n.scale for n in self._noises]
        lanes = (jnp.shape(coordinates)[0],)
        return jnp.stack([jnp.broadcast_to(jnp.asarray(s, float), lanes) for s in scales], axis=1)

    def scatter(self, coordinates: Batch, patient: Batch | slice = EACH) -> Scatter:
        """Return the noise of every measurement [lane, obs] at coordinates [lane, slot] of these patients [lane]."""
        noises, chart = self._noises, self.seen(patient)[1]
        scale = jnp.take_along_axis(self.scales(coordinates, patient), jnp.asarray(chart.variable), axis=1)
        shape = jnp.array([SHAPES[n.shape] for n in noises])
        df, share = jnp.array([n.df for n in noises], float), jnp.array([n.relative for n in noises], float)
        return Scatter(shape[chart.variable], scale, df[chart.variable], share[chart.variable])

    def pointwise(self, coordinates: Batch, predicted: Predicted, patient: Batch | slice = EACH) -> jax.Array:
        """Return the log density of every measurement [lane, obs]; 0 where there is none."""
        chart, scatter = self.seen(patient)[1], self.scatter(coordinates, patient)
        scale = total_scale(predicted.mean, predicted.time_variance, scatter, chart.extra_sd)
        each = log_density(chart.value, chart.upper, chart.censoring, predicted.mean, scale, scatter)
        return jnp.where(chart.mask, each, 0.0)

    def by_patient(self, coordinates: Batch, patient: Batch | slice = EACH) -> Terms:
        """Return the terms of the log density of lanes, each patient once or these [lane]; a failed solve counts as
        FAILED."""
        return self.by_measurement(coordinates, patient)[1]

    def by_measurement(self, coordinates: Batch, patient: Batch | slice = EACH) -> tuple[jax.Array, Terms]:
        """Return the log density of every measurement [lane, obs], 0 where the solve failed, and the lanes' terms."""
        predicted = self.predicted(coordinates, patient)
        mean, time_variance, status, in_health, log_survival = predicted
        usable = (status == 0)[:, None] & jnp.isfinite(mean) & jnp.isfinite(time_variance)
        safe = predicted._replace(
            mean=jnp.where(usable, mean, 1.0), time_variance=jnp.where(usable, time_variance, 0.0)
        )
        each = self.pointwise(coordinates, safe, patient)
        total = jnp.sum(each, axis=1)
        total += jnp.where(status == 0, log_survival, 0.0)
        good = jnp.all(usable | ~jnp.asarray(self.seen(patient)[1].mask), axis=1) & jnp.isfinite(total)
        terms = Terms(jnp.where(good, total, FAILED), log_health(self.weighed(in_health)), status)
        return jnp.where(good[:, None], each, 0.0), terms

    def log_health(self, coordinates: Batch, patient: Batch | slice = EACH) -> jax.Array:
        """Return the log density of the healthy ranges [lane]; nothing is solved."""
        return log_health(self.weighed(self.in_health(coordinates, patient)))

    def in_health(self, coordinates: Batch, patient: Batch | slice = EACH) -> jax.Array:
        """Return the healthy ranges' coordinates [lane, range]; nothing is solved."""
        return in_health(self.system, self.pooling.values_of(coordinates, patient)[0])

    def weighed(self, in_health: Batch) -> jax.Array:
        """Return the healthy ranges' coordinates [..., patient, range], so scaled that one body counts once."""
        return jnp.multiply(in_health, jnp.broadcast_to(jnp.sqrt(self.health_share), in_health.shape))

    def log_factor(self, z: Batch) -> jax.Array:
        """Return what multiplies the standard normal density of z [dimension], as a logarithm."""
        terms = self.by_patient(self.pooling.coordinates(z))
        return jnp.sum(terms.log_likelihood) + jnp.sum(terms.log_health)

    def log_prior_factor(self, z: Batch) -> jax.Array:
        """Return the part of `log_factor` that no measurement enters: the healthy ranges. Nothing is solved."""
        return jnp.sum(self.log_health(self.pooling.coordinates(z)))

    def numpyro_model(self) -> Callable[[], None]:
        """Return the NumPyro model: standard normal coordinates `z` and the rest as a factor."""

        def model() -> None:
            z = numpyro.sample("z", dist.Normal(0.0, 1.0).expand([self.pooling.dimension]).to_event(1))
            numpyro.factor("log_factor", self.log_factor(z))

        return model


def log_health(in_health: jax.Array) -> jax.Array:
    """Return the log density [...] of the healthy ranges' coordinates [..., range], up to a constant; at most 0."""
    return -0.5 * jnp.sum(in_health**2, axis=-1)


def posterior(
    model: Model,
    cohort: Cohort,
    *,
    per_patient: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    hierarchical: tuple[str, ...] = (),
    fixed: dict[str, float] | None = None,
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    mixture: int = 0,
    tolerance: Tolerance | None = None,
) -> Posterior:
    """Return the target of a fit. Refuses to work in float32.

    Raises:
        InputError: names that the model does not have; a patient without any measurement it predicts; a measurement
            outside the support of its noise.
        RuntimeError: JAX is not in double precision.
    """
    if not jax.config.jax_enable_x64:
        raise RuntimeError("inference needs double precision: jax.config.update('jax_enable_x64', True) first")
    check_support(model, cohort)
    laid_out = plan(model, cohort)
    pooling = pool(
        model,
        cohort,
        per_patient=per_patient,
        shared=shared,
        hierarchical=hierarchical,
        fixed=fixed,
        covariates=covariates,
        correlated=correlated,
        mixture=mixture,
    )
    system = System(model, tuple(slot.name for slot in pooling.parameters), pooling.held)
    return Posterior(
        model=model,
        cohort=cohort,
        plan=laid_out,
        pooling=pooling,
        system=system,
        tolerance=tolerance or Tolerance(),
        health_share=_health_share(model, pooling, system),
    )


def in_health(system: System, values: tuple) -> jax.Array:
    """Return the healthy ranges' coordinates [lane, range] of free values, each [lane]; nothing is solved."""
    return jax.vmap(lambda one: system.in_health(system.prepare(one)[1]))(values)


def _health_share(model: Model, pooling: Pooling, system: System) -> np.ndarray:
    """Return how much of each healthy range every patient counts [range].

    What is known of health is known of each patient. But a range on which nothing bears that is a patient's own is
    that of one body, seen as many times as there are patients, and counts once for all of them.
    """
    patients = len(pooling.patients)
    shared = [slot for slot in pooling.slots if slot.scope == "shared" and slot.size]
    if patients == 1 or not shared or not model.healthy_ranges:
        return np.ones(len(model.healthy_ranges))
    own = np.ones(pooling.dimension, bool)
    for slot in shared:
        own[slot.start : slot.start + slot.size] = False

    anywhere = 0.1 * np.random.default_rng(0).standard_normal(pooling.dimension)
    slopes = np.asarray(
        jax.jit(jax.jacfwd(lambda z: in_health(system, pooling.values(pooling.coordinates(z))[0])))(anywhere)
    )  # [patient, range, dim]
    return np.where(np.any(slopes[..., own] != 0, axis=(0, 2)), 1.0, 1 / patients)
