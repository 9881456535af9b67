"""The log prior, number by number, adds up to NumPyro's own of the whole; each part is the prior it is said to be."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import numpyro.distributions as dist
import pytest
from numpyro.infer.util import log_density
from results.made_up import chart

from cls_infer.likelihood.posterior import Posterior, posterior
from cls_infer.results.log_prior import log_prior, stated

WARD = {
    "covariates and correlations": {
        "about": {"weight": (60.0, 70.0, 80.0, 75.0)},
        "asked": {"hierarchical": ("k_10", "k_21"), "covariates": ("weight",), "correlated": True},
        "named": {"k_10_weight", "k_21_weight", "corr_k_21_k_10", "corr_k_10_k_21"},
    },
    "causes and episodes": {
        "about": {"cause": ("drug", "drug", "sepsis", "sepsis"), "person": ("A", "A", "B", "C")},
        "asked": {"hierarchical": ("k_10",), "shared": ("k_21",), "covariates": ("cause",)},
        "named": {"k_10_occasion", "k_10_cause", "k_10_causes", "k_10_persons"},
    },
    "groups": {
        "about": {},
        "asked": {"hierarchical": ("k_10",), "mixture": 3},
        "named": {"k_10_group", "k_10_groups", "shares", "belongs"},
    },
}


def target_of(kinetics, case):
    names = ("P1", "P2", "P3", "P4")
    cohort = chart(*names)
    people = [
        replace(p, covariates={**p.covariates, **{name: column[n] for name, column in WARD[case]["about"].items()}})
        for n, p in enumerate(cohort.patients)
    ]
    return posterior(kinetics, replace(cohort, patients=tuple(people)), **WARD[case]["asked"])


@pytest.mark.parametrize("case", WARD)
def test_the_parts_add_up_to_numpyros_own(kinetics, case, monkeypatch):
    target = target_of(kinetics, case)
    z = np.random.default_rng(3).standard_normal((2, 3, target.pooling.dimension))
    parts = log_prior(target.pooling, z, np.zeros((2, 3, 4)))
    total = sum(one.sum([dim for dim in one.dims if dim not in ("chain", "draw")]) for one in parts.data_vars.values())
    monkeypatch.setattr(Posterior, "log_factor", lambda self, z: jnp.zeros(()))  # what is no prior, and costs a solve
    model = target.numpyro_model()
    whole = [[float(log_density(model, (), {}, {"z": jnp.asarray(one)})[0]) for one in chain] for chain in z]
    np.testing.assert_allclose(total, whole, rtol=1e-12)
    assert len(WARD[case]["named"] & set(parts.data_vars)) >= len(WARD[case]["named"]) - (case[:3] == "cov")


def test_an_effect_and_a_correlation_have_the_densities_of_their_priors(kinetics):
    """Of the coordinate: the density of the value times how fast the value moves with its coordinate."""
    target = target_of(kinetics, "covariates and correlations")
    z = np.random.default_rng(6).standard_normal((1, 4, target.pooling.dimension))
    parts = log_prior(target.pooling, z, np.zeros((1, 4, 4)))
    order = [target.pooling.slots[place].name for place in target.pooling.pooled]
    corr = f"corr_{order[0]}_{order[1]}"
    (place,) = (n for n, label in enumerate(target.pooling.labels()) if label.startswith("corr("))
    known = target.pooling.population.hyperprior
    for draw in range(4):
        law = target.pooling.law(z[0, draw])
        value = float(law.effects[order.index("k_21"), 0])
        expected = dist.Normal(0.0, known.effect_sd).log_prob(value) + np.log(known.effect_sd)
        np.testing.assert_allclose(parts["k_21_weight"][0, draw], expected, rtol=1e-9)

        def correlation(at, draw=draw):
            root = target.pooling.law(jnp.asarray(z[0, draw]).at[place].set(at)).root
            return (root @ root.T)[0, 1] / jnp.sqrt((root @ root.T)[0, 0] * (root @ root.T)[1, 1])

        r, slope = jax.value_and_grad(correlation)(z[0, draw, place])
        root = jnp.array([[1.0, 0.0], [r, jnp.sqrt(1 - r**2)]])
        expected = dist.LKJCholesky(2, known.concentration).log_prob(root) + jnp.log(slope)
        np.testing.assert_allclose(parts[corr][0, draw], expected, atol=1e-4)  # the map is a cubic between knots


def test_deviations_are_no_stated_priors(kinetics):
    target = target_of(kinetics, "causes and episodes")
    z = np.random.default_rng(3).standard_normal((1, 2, target.pooling.dimension))
    parts = log_prior(target.pooling, z, np.zeros((1, 2, 4)))
    deviations = {name for name, one in parts.data_vars.items() if "part_of" in one.attrs}
    assert deviations == {"k_10", "k_10_causes", "k_10_persons"}
    moved = z.copy()
    moved[..., [n for n, label in enumerate(target.pooling.labels()) if ".cause=" in label or ".person=" in label]] += 1
    again = log_prior(target.pooling, moved, np.zeros((1, 2, 4)))
    np.testing.assert_array_equal(stated(parts), stated(again))
