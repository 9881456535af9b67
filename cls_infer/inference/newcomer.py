"""A patient who is not of the cohort, given its population: whom to expect, and what each new measurement changes.

Draws of the patient's parameters are made once. As measurements arrive, each draw is solved through the chart so far
and weighed by how well it fits: some thousand solves without a gradient, and no sampler.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import NamedTuple

import jax
import numpy as np

from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..likelihood.covariates import design
from ..likelihood.facts import coarse, padded
from ..likelihood.pool import pool
from ..likelihood.pooling import Pooling
from ..likelihood.population import CAUSE, Population
from ..likelihood.posterior import Posterior, in_health, log_health
from ..likelihood.shares import chosen
from ..solve.lanes import Route
from ..solve.longer import longer
from ..solve.plan import Chart, plan, usable
from ..solve.route import uncharted
from ..solve.system import System

DRAWS, LANES = 8000, 250
FEWEST_PLACES = 8
"""Places for measurements, and for stops, are made in powers of two from here on: few programs serve every chart."""


@dataclass(frozen=True, eq=False)
class Expected:
    """A patient as the population lets expect: z [draw, dim] of `pooling`, and their log weights [draw]."""

    pooling: Pooling
    z: np.ndarray
    log_weight: np.ndarray


class Updated(NamedTuple):
    """Log weights [draw], summing to 1, given the chart so far, and how many draws they are worth.

    Where `effective` falls below some dozens the expected draws are too far from this patient: fit the patient.
    """

    log_weight: np.ndarray
    effective: float


def expect(target: Posterior, z: np.ndarray, patient: Patient, *, seed: int, draws: int = DRAWS) -> Expected:
    """Return draws of an unseen patient's coordinates given a cohort's fit.

    Pooled parameters are drawn from the population's law, at the patient's covariates, with the deviation of
    somebody new; shared ones are the cohort's; the patient's other parameters have their priors. The healthy ranges
    weigh the draws.

    Args:
        target: a joint target in which something is pooled in part.
        z: its draws [chain, draw, dim].
        patient: covariates, and therapy if it is known; measurements are not looked at but for how long the chart is.
        seed: of the draws.
        draws: how many.

    Raises:
        InputError: nothing is pooled, or a covariate of the population is missing of this patient.
    """
    people = target.pooling.population
    if people is None:
        found = "nothing is pooled in part, so that nothing is known of a new patient beyond the priors"
        raise InputError([Problem("fit", found, remedy="fit with `--hierarchical`")])
    _check_charted(people, patient)
    rng = np.random.default_rng(seed)
    flat = z.reshape(-1, z.shape[-1])
    laws = flat[np.sort(rng.choice(len(flat), draws, replace=len(flat) < draws))]
    pooling = pool(target.model, Cohort("new", (patient,), ""), fixed=dict(target.pooling.held))
    new = rng.standard_normal((draws, pooling.dimension))
    causes = _causes(people, patient.covariates.get(CAUSE), len(laws), rng)
    from_law = _from_law(target.pooling, people, design([patient], people.columns)[0], causes, laws, rng)
    shared = {slot.name: slot.start for slot in target.pooling.slots if slot.scope == "shared" and slot.size}
    for slot in pooling.slots:
        if slot.size and slot.name in shared:
            new[:, slot.start] = laws[:, shared[slot.name]]
        elif slot.size and slot.name in people.parameters:
            new[:, slot.start] = from_law[:, people.parameters.index(slot.name)]
    return Expected(pooling, new, _normalised(_of_health(target, pooling, new)))


def from_population(pooling: Pooling, z: np.ndarray, *, seed: int) -> np.ndarray:
    """Return the pooled coordinates [draw, pooled] of somebody new under each draw z [draw, dim].

    The covariates are the cohort's mean; a cause is as frequent as in the cohort. Healthy ranges are not looked at.
    """
    people = pooling.population
    assert people is not None  # something is pooled
    rng = np.random.default_rng(seed)
    causes = _causes(people, None, len(z), rng)
    return _from_law(pooling, people, np.zeros(len(people.columns)), causes, z, rng)


def follow(target: Posterior, expected: Expected) -> Callable[[Patient], Updated]:
    """Return the function that takes the chart so far of the expected patient to the weights of the draws.

    A program is compiled for every doubling of the chart's length; between them an update is one solve a draw.

    Raises:
        InputError: from the function: nothing the model predicts was measured; therapy of unknown amount that was not
            there when the patient was expected.
    """
    system = System(target.model, tuple(slot.name for slot in expected.pooling.parameters), expected.pooling.held)

    @cache
    def program(_: tuple[int, int]) -> Callable[..., jax.Array]:
        return jax.jit(jax.vmap(of_one, in_axes=(0, None, None)))

    def of_one(z: jax.Array, route: Route, chart: Chart) -> jax.Array:
        seen = replace(blank, plan=replace(blank.plan, route=route, chart=chart))
        return seen.by_patient(expected.pooling.coordinates(z)).log_likelihood[0]

    nothing = plan(target.model, target.cohort)
    blank = Posterior(
        model=target.model,
        cohort=target.cohort,
        plan=replace(nothing, patients=expected.pooling.patients),
        pooling=expected.pooling,
        system=system,
        tolerance=target.tolerance,
        health_share=np.ones(len(target.model.healthy_ranges)),
    )

    room = partial(coarse, least=FEWEST_PLACES)

    def update(patient: Patient) -> Updated:
        _check_amounts(target, expected, patient)
        route, chart = padded(plan(target.model, Cohort("new", (patient,), "")), room)
        run = program((chart.value.shape[1], route.stops.shape[1]))
        batches = np.array_split(expected.z, max(1, len(expected.z) // LANES))
        longest = max(map(len, batches))
        each = [np.asarray(run(longer(b, longest), route, chart))[: len(b)] for b in batches]
        log_weight = _normalised(expected.log_weight + np.concatenate(each))
        return Updated(log_weight, float(np.exp(-np.logaddexp.reduce(2 * log_weight))))

    return update


def _from_law(
    pooling: Pooling,
    people: Population,
    x: np.ndarray,
    causes: np.ndarray,
    laws: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return a new person's pooled coordinates [draw, parameter] at covariates x [effect], given causes [draw], under
    each law [draw, dim]."""
    deviations = rng.standard_normal((len(laws), 2, len(people.parameters)))
    anywhere = rng.standard_normal(len(laws)) if people.nameless else np.zeros(len(laws))

    def one(z: jax.Array, deviation: jax.Array, cause: jax.Array, at: jax.Array) -> jax.Array:
        law = pooling.law(z)
        if people.nameless:
            cause = chosen(law.log_share[None], at[None])[0]
        found = law.mean + law.effects @ x + law.root @ deviation[0]
        if people.persons:
            found += law.occasion * deviation[1]
        return found + (law.causes[cause] if people.causes else 0.0)

    return np.asarray(jax.jit(jax.vmap(one))(laws, deviations, causes, anywhere))


def _causes(people: Population, charted: float | str | None, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return the cause of each draw [draw]: the charted one, or one of the cohort's, as often as there."""
    if charted in people.causes:
        return np.full(count, people.causes.index(str(charted)))
    seen = np.bincount(people.cause[people.cause >= 0], minlength=max(len(people.causes), 1)) + 1.0
    return rng.choice(len(seen), count, p=seen / seen.sum())


def _check_charted(people: Population, patient: Patient) -> None:
    lacking = sorted({effect.covariate for effect in people.columns} - set(patient.covariates))
    problems = [
        Problem("fit", f"`{name}` is missing of patient `{patient.name}`", remedy="the population is one by `{name}`")
        for name in lacking
    ]
    cause = patient.covariates.get(CAUSE)
    if people.causes and not people.nameless and cause is not None and cause not in people.causes:
        remedy = f"leave it uncharted for a mixture of {', '.join(f'`{one}`' for one in people.causes)}"
        problems.append(Problem("fit", f"`{CAUSE}` is `{cause}`, of which the cohort has no patient", remedy=remedy))
    if problems:
        raise InputError(problems)


def _of_health(target: Posterior, pooling: Pooling, z: np.ndarray) -> np.ndarray:
    """Return the log density of the healthy ranges [draw]; those of what all share were counted with the cohort."""
    if not target.model.healthy_ranges:
        return np.zeros(len(z))
    system = System(target.model, tuple(slot.name for slot in pooling.parameters), pooling.held)
    own = np.asarray(target.health_share == 1.0, float)

    def one(z: jax.Array) -> jax.Array:
        values, _ = pooling.values(pooling.coordinates(z))
        return log_health(in_health(system, values)[0] * own)

    return np.asarray(jax.jit(jax.vmap(one))(z))


def _normalised(log_weight: np.ndarray) -> np.ndarray:
    return log_weight - np.logaddexp.reduce(log_weight)


def _check_amounts(target: Posterior, expected: Expected, patient: Patient) -> None:
    unknown = len(uncharted(usable(target.model, patient)))
    if unknown != sum(slot.is_amount for slot in expected.pooling.slots):
        found = f"patient `{patient.name}` has {unknown} treatments of unknown amount, not as many as when expected"
        raise InputError([Problem("fit", found, remedy="chart the amounts, or expect the patient with this therapy")])
