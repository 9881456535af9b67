"""The numbers of a population by name, with what each is for, in words."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood.correlation import pairs
from ..likelihood.covariates import Effect
from ..likelihood.pooling import Pooling, Slot
from ..likelihood.population import Population

type About = dict[str, str]
"""Unit of a number, and what it says."""


def population_numbers(pooling: Pooling) -> dict[str, About]:
    """Return the population's numbers by name, in the order of `population_values`; none where nothing is pooled."""
    people = pooling.population
    return {} if people is None else numbers_of(people, [pooling.slots[place] for place in pooling.pooled])


def numbers_of(people: Population, slots: Sequence[Slot]) -> dict[str, About]:
    """Return a population's numbers by name, in the order of `values_of`; the slots are of its parameters.

    A pooled `k` brings `k_mu`, its value at the population's mean under the first patient's prior in the reference
    body, and `k_tau`, the spread between patients in units of the prior's sd; by `k_weight` or `k_sex_female` what
    a covariate moves it, in the same units; `k_occasion`, the spread between one person's episodes;
    `k_mu_sepsis`, its value at a cause's centre, and `k_cause`, the spread of those; `corr_k_m` correlates two. Groups
    that nobody charted have numbers for names, `k_mu_1` and `k_group`, and shares, `share_1`.
    """
    found: dict[str, About] = {}
    for slot in slots:
        found[f"{slot.name}_mu"] = {"unit": slot.unit, "about": "at the population's mean"}
        found[f"{slot.name}_tau"] = {"unit": "1", "about": "spread between patients, in sd of the prior"}
        for effect in people.columns:
            found[effect_name(slot.name, effect)] = {"unit": "1", "about": f"change in sd of the prior {effect.about}"}
        if people.persons:
            about = "spread between episodes of one person, in sd of the prior"
            found[f"{slot.name}_occasion"] = {"unit": "1", "about": about}
        if people.causes:
            about = f"spread between {people.kind}s, in sd of the prior"
            found[f"{slot.name}_{people.kind}"] = {"unit": "1", "about": about}
        for cause in people.causes:
            found[f"{slot.name}_mu_{cause}"] = {"unit": slot.unit, "about": f"at the mean of {people.kind} `{cause}`"}
    if people.nameless:
        for group in people.causes:
            found[f"share_{group}"] = {"unit": "1", "about": f"share of patients who are of group {group}"}
    if people.correlated:
        for i, j in pairs(len(slots)):
            about = "correlation of the patients' deviations"
            found[correlation_name(slots[j].name, slots[i].name)] = {"unit": "1", "about": about}
    return found


def effect_name(parameter: str, effect: Effect) -> str:
    """Return the name of what a column of covariates moves a parameter."""
    return f"{parameter}_{effect.label.replace('=', '_')}"


def correlation_name(one: str, other: str) -> str:
    """Return the name of the correlation of two parameters."""
    return f"corr_{one}_{other}"


def population_values(pooling: Pooling, z: jax.Array) -> jax.Array:
    """Return the population's numbers [number] at z [dim]."""
    people = pooling.population
    if people is None:
        return jnp.zeros(0)
    return values_of(people, [pooling.slots[place] for place in pooling.pooled], z[np.array(pooling.law_at)])


def values_of(people: Population, slots: Sequence[Slot], u: jax.Array) -> jax.Array:
    """Return a population's numbers [number] at the law's coordinates u [dim]."""
    law = people.law(u)
    spread = jnp.sqrt(jnp.sum(law.root**2, axis=1))
    by_cause = people.cause_spread(u)
    found: list[jax.Array] = []
    for k, slot in enumerate(slots):
        first = [field[0] for field in slot.fields]
        transport = type(slot.priors[0]).transport
        found += [jnp.asarray(transport(law.mean[k], *first)), spread[k], *law.effects[k]]
        found += [law.occasion[k]] if people.persons else []
        found += [by_cause[k]] if people.causes else []
        found += [jnp.asarray(transport(law.mean[k] + away, *first)) for away in law.causes[:, k]]
    found += list(jnp.exp(law.log_share))
    if people.correlated:
        correlation = (law.root @ law.root.T) / (spread[:, None] * spread[None])
        found += [correlation[i, j] for i, j in pairs(len(slots))]
    return jnp.stack(found)
