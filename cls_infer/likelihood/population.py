"""How patients of one population differ: a normal law of their coordinates, moved by what is charted of them.

    z_e = mu + B x_e + d_cause(e) + p_person(e) + diag(tau) L eta_e

Every number of the law has a standard normal coordinate of its own; `u` holds them all. Where one person has several
episodes, p is that person's and what is left differs from one episode to the next. A cause that is not charted is a
mixture over the causes; groups that nobody charted are causes without names, whose shares are numbers of the law.
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.records import Cohort, Patient
from ..errors import InputError, Problem
from ..types import Batch
from .correlation import correlation_root, pairs
from .covariates import Effect, design, effects
from .hyperprior import Hyperprior
from .shares import log_shares

CAUSE = "cause"
"""The covariate whose words have a centre each, drawn about the population's."""

GROUP = "group"
"""What stands for it where nobody charted who belongs together."""


class Law(NamedTuple):
    """The numbers of a population: mean [parameter], root of the covariance [parameter, parameter], effects
    [parameter, effect], spread between episodes [parameter], causes' centres less the mean [cause, parameter],
    deviations of the persons with several episodes [person, parameter], and the logarithm of every nameless group's
    share [cause], of none where causes have names."""

    mean: jax.Array
    root: jax.Array
    effects: jax.Array
    occasion: jax.Array
    causes: jax.Array
    persons: jax.Array
    log_share: jax.Array


@dataclass(frozen=True, eq=False)
class Population:
    """Which parameters follow a population's law, and what is charted of every episode.

    Attributes:
        parameters: their names; the axis `parameter` follows them.
        episodes: one a row of the cohort.
        columns: what the covariates make.
        design: their entries [episode, effect].
        persons: those with several episodes.
        person: place of each episode's person in them, -1 where it is that person's only one [episode].
        causes: where there is a centre for each.
        cause: place of each episode's cause in them, -1 where it is not charted [episode].
        nameless: whether they are groups that nobody charted: of a size to be learnt, and numbered by their centre of
            the first parameter, the lowest first.
        correlated: whether deviations of one patient's parameters go together.
        hyperprior: what is known of the law beforehand.
    """

    parameters: tuple[str, ...]
    episodes: tuple[str, ...]
    columns: tuple[Effect, ...]
    design: np.ndarray
    persons: tuple[str, ...]
    person: np.ndarray
    causes: tuple[str, ...]
    cause: np.ndarray
    nameless: bool = False
    correlated: bool = False
    hyperprior: Hyperprior = field(default_factory=Hyperprior)

    @property
    def covariates(self) -> tuple[str, ...]:
        """What of the chart moves the parameters."""
        named = dict.fromkeys(effect.covariate for effect in self.columns)
        return (*named, *((CAUSE,) if self.causes and not self.nameless else ()))

    @property
    def kind(self) -> str:
        """What the causes are."""
        return GROUP if self.nameless else CAUSE

    @property
    def is_mixture(self) -> bool:
        """Whether some episode may be of several causes."""
        return self.choices[0].shape[1] > 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Population):
            return NotImplemented
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))

    @cached_property
    def parts(self) -> dict[str, tuple[str, ...]]:
        """What u [dim] holds, one part after another: labels of the entries."""
        names = self.parameters
        several = names if self.persons else ()
        grouped = names if self.causes else ()
        by_person = [f"{name}.person={person}" for person in self.persons for name in names]
        by_cause = [f"{name}.{self.kind}={cause}" for cause in self.causes for name in names]
        correlations = [f"corr({names[i]},{names[j]})" for i, j in pairs(len(names))] if self.correlated else []
        return {
            "mean": tuple(f"{name}.mu" for name in names),
            "spread": tuple(f"{name}.tau" for name in names),
            "effects": tuple(f"{name}.{effect.label}" for name in names for effect in self.columns),
            "correlation": tuple(correlations),
            "occasion": tuple(f"{name}.occasion" for name in several),
            "cause_spread": tuple(f"{name}.{self.kind}" for name in grouped),
            "causes": tuple(by_cause),
            "persons": tuple(by_person),
            "shares": tuple(f"share.{cause}" for cause in self.causes[:-1]) if self.nameless else (),
        }

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for every entry of u."""
        return tuple(label for part in self.parts.values() for label in part)

    @property
    def dimension(self) -> int:
        """The length of u."""
        return len(self.labels)

    def _apart(self, u: Batch) -> dict[str, jax.Array]:
        parts, begin = {}, 0
        for name, labels in self.parts.items():
            parts[name] = jnp.asarray(u)[begin : begin + len(labels)]
            begin += len(labels)
        return parts

    def cause_spread(self, u: Batch) -> jax.Array:
        """Return the spread between causes [parameter] from u [dim]; empty where there are none."""
        return self._between_causes(self._apart(u)["cause_spread"])

    def _between_causes(self, z: Batch) -> Any:
        known = self.hyperprior
        return known.apart.transport(z, *astuple(known.apart)) if self.nameless else known.spread_of(z)

    def law(self, u: Batch) -> Law:
        """Return the numbers of the population from its coordinates u [dim]."""
        parts = self._apart(u)
        k, known = len(self.parameters), self.hyperprior
        between = known.spread_of(parts["spread"])
        shape = correlation_root(parts["correlation"], k, known.concentration) if self.correlated else jnp.eye(k)
        root = between[:, None] * shape
        by_cause = parts["causes"].reshape(-1, k)
        of_cause = jnp.broadcast_to(self._between_causes(parts["cause_spread"]), by_cause.shape) if self.causes else 1.0
        causes = of_cause * by_cause
        if self.nameless:  # alike beforehand, so that numbering them by one column changes no prior
            causes = causes.at[:, 0].set(jnp.sort(causes[:, 0]))
        return Law(
            mean=known.mean_sd * parts["mean"],
            root=root,
            effects=known.effect_sd * parts["effects"].reshape(k, len(self.columns)),
            occasion=known.spread_of(parts["occasion"]),
            causes=causes,
            persons=parts["persons"].reshape(-1, k) @ root.T,
            log_share=log_shares(parts["shares"]) if self.nameless else jnp.zeros(0),
        )

    def centres(self, law: Law) -> tuple[jax.Array, Batch]:
        """Return where each episode is expected [episode, choice, parameter], and the log share of each choice.

        Where some episode's cause is not charted there is a choice for each cause; else there is one. The share does
        not depend on the law where causes have names.
        """
        at = law.mean[None] + jnp.asarray(self.design) @ law.effects.T
        if self.persons:
            at += jnp.where((self.person >= 0)[:, None], law.persons[self.person], 0.0)
        choices, charted = self.choices
        log_share = jnp.broadcast_to(law.log_share, choices.shape) if self.nameless else charted
        moved = law.causes[choices] if self.causes else jnp.zeros((*choices.shape, len(self.parameters)))
        return at[:, None] + moved, log_share

    @cached_property
    def choices(self) -> tuple[np.ndarray, np.ndarray]:
        """The causes that each episode may have [episode, choice], and the logarithm of their shares.

        An uncharted cause is one of those charted in the cohort, as often as there: (count + 1) / (all + causes). The
        shares of nameless groups belong to the law.
        """
        count = len(self.causes)
        if not count or np.all(self.cause >= 0):
            return np.maximum(self.cause, 0)[:, None], np.zeros((len(self.episodes), 1))
        seen = np.bincount(self.cause[self.cause >= 0], minlength=count) + 1.0
        share = np.where((self.cause < 0)[:, None], (seen / seen.sum())[None], self.cause[:, None] == np.arange(count))
        with np.errstate(divide="ignore"):
            return np.tile(np.arange(count), (len(self.episodes), 1)), np.log(share)

    def roots(self, law: Law) -> jax.Array:
        """Return the root of the covariance about its centre, of each episode [episode, parameter, parameter].

        An only episode differs by person and occasion at once; one of several by the occasion alone.
        """
        if not self.persons:
            return jnp.broadcast_to(law.root, (len(self.episodes), *law.root.shape))
        again = jnp.diag(law.occasion)
        both = jnp.linalg.cholesky(law.root @ law.root.T + again @ again)
        return jnp.where((self.person >= 0)[:, None, None], again[None], both[None])


def population(
    cohort: Cohort,
    parameters: Sequence[str],
    *,
    covariates: Sequence[str] = (),
    mixture: int = 0,
    correlated: bool = False,
    hyperprior: Hyperprior = Hyperprior(),  # noqa: B008 - a frozen value
) -> Population:
    """Return the population that a cohort's patients are taken from.

    Args:
        cohort: rows that name the same `person` are episodes of one.
        parameters: those that follow the population's law.
        covariates: what of the chart moves them: a number, `sex`, `colloid`; `cause` gives each cause its centre,
            drawn about the population's, and may be missing of some patients.
        mixture: so many groups of patients have a centre each, and nobody charted who belongs to which; 0 for none.
        correlated: whether parameters vary together.
        hyperprior: what is known of the law beforehand.

    Raises:
        InputError: every problem at once: no parameter, one named twice, fewer than two persons, covariates that
            are missing, constant or cannot be told apart, a mixture of one or of more groups than patients.
    """
    problems = [*_problems(cohort, parameters, correlated), *_of_mixture(cohort, covariates, mixture)]
    named = [name for name in covariates if name != CAUSE]
    causes: tuple[str, ...] = ()
    columns: tuple[Effect, ...] = ()
    try:
        causes = _causes(cohort) if CAUSE in covariates else ()
        columns = effects(cohort, named)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
    if mixture:
        causes = tuple(str(number) for number in range(1, mixture + 1))
    who = [_person(patient) for patient in cohort.patients]
    persons = tuple(dict.fromkeys(person for person in who if who.count(person) > 1))
    return Population(
        parameters=tuple(parameters),
        episodes=tuple(patient.name for patient in cohort.patients),
        columns=columns,
        design=design(cohort.patients, columns),
        persons=persons,
        person=np.array([persons.index(one) if one in persons else -1 for one in who]),
        causes=causes,
        cause=np.array([-1 if mixture else _place(patient, causes) for patient in cohort.patients]),
        nameless=mixture > 0,
        correlated=correlated,
        hyperprior=hyperprior,
    )


def _person(patient: Patient) -> str:
    return str(patient.covariates.get("person", patient.name))


def _place(patient: Patient, causes: Sequence[str]) -> int:
    charted = patient.covariates.get(CAUSE)
    return causes.index(str(charted)) if charted in causes else -1


def _problems(cohort: Cohort, parameters: Sequence[str], correlated: bool) -> list[Problem]:
    problems = []
    if not parameters:
        problems.append(Problem("fit", "a population needs a parameter", remedy="name one by `--hierarchical`"))
    for name in {name for name in parameters if list(parameters).count(name) > 1}:
        problems.append(Problem("fit", f"`{name}` is named twice", remedy="name it once"))
    if correlated and len(parameters) < 2:
        problems.append(
            Problem("--correlated", "one parameter has none to go with", remedy="name two, or leave it out")
        )
    persons = dict.fromkeys(_person(patient) for patient in cohort.patients)
    if len(persons) < 2:
        found = f"a population of one: `{next(iter(persons), '')}` is the only person of `{cohort.name}`"
        problems.append(Problem("fit", found, remedy="add patients, or leave out `--hierarchical`"))
    return problems


def _of_mixture(cohort: Cohort, covariates: Sequence[str], mixture: int) -> Iterator[Problem]:
    """Yield what speaks against so many groups that nobody charted."""
    if not mixture:
        return
    where, patients = "--mixture", len(cohort.patients)
    if mixture < 2:
        yield Problem(where, f"a mixture of {mixture}", remedy="ask for two groups or more, or leave it out")
    elif mixture > patients:
        found = f"{mixture} groups of {patients} patients: some would be empty"
        yield Problem(where, found, remedy=f"ask for {patients} at most; three patients a group tell little")
    if CAUSE in covariates:
        found = f"groups that nobody charted, and a centre for each `{CAUSE}`"
        yield Problem(where, found, remedy=f"leave out `--mixture`, or `{CAUSE}` of `--covariate`")
    if len({_person(patient) for patient in cohort.patients}) < patients:
        remedy = "leave it out, or give each person one episode"
        yield Problem(where, "several episodes of one person, who would be in several groups", remedy=remedy)


def _causes(cohort: Cohort) -> tuple[str, ...]:
    """Return the causes charted in a cohort, at least two."""
    found = sorted({str(p.covariates[CAUSE]) for p in cohort.patients if CAUSE in p.covariates})
    if len(found) < 2:
        said = f"`{CAUSE}` is {found[0]} wherever it is charted" if found else f"`{CAUSE}` is charted of no patient"
        raise InputError([Problem("--covariate", said, remedy="leave it out: one cause has no difference to tell")])
    return tuple(found)
