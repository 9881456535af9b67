"""Groups that nobody charted: shares, numbering, choices and errors, in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import beta, kstest, norm

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.errors import InputError
from cls_infer.inference.settings import Settings
from cls_infer.inference.two_stage import two_stage
from cls_infer.likelihood.pool import pool
from cls_infer.likelihood.population import population
from cls_infer.likelihood.reweighted import interim
from cls_infer.likelihood.shares import chosen, coordinate_of, log_shares
from cls_infer.model import load_model

SETTINGS = Settings(chains=2, warmup=150, draws=200, seed=1, target_accept=0.9)


def cohort(count, **covariates):
    patients = [Patient(f"P{i}", {name: v[i] for name, v in covariates.items()}, (), ()) for i in range(count)]
    return Cohort("cohort", tuple(patients), "")


def u_of(people, **values):
    u = np.zeros(people.dimension)
    for label, value in values.items():
        u[people.labels.index(label)] = value
    return jnp.asarray(u)


def test_shares_are_uniform_over_all_that_sum_to_one():
    """Dirichlet(1, 1, 1): each share is Beta(1, 2)."""
    z = jax.random.normal(jax.random.key(1), (4000, 2))
    shares = np.exp(np.asarray(jax.vmap(log_shares)(z)))
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=1e-12)
    assert min(kstest(shares[:, k], beta(1, 2).cdf).pvalue for k in range(3)) > 0.01


def test_shares_stay_numbers_far_out():
    for z in (-30.0, 30.0):
        found, slope = jax.value_and_grad(lambda z: log_shares(jnp.full(1, z))[0])(z)
        assert np.isfinite(found) and np.isfinite(slope)


def test_groups_are_numbered_by_their_centre_of_the_first_parameter():
    people = population(cohort(4), ("a", "b"), mixture=2)
    law = people.law(u_of(people, **{"a.group=1": 1.0, "a.group=2": -1.0, "b.group=1": 0.5}))
    np.testing.assert_allclose(law.causes, [[-1.0, 0.5], [1.0, 0.0]])
    np.testing.assert_allclose(np.exp(law.log_share), [0.5, 0.5])


def test_a_choice_comes_back_from_its_coordinate():
    share = np.log(np.tile([0.2, 0.5, 0.3], (5, 1)))
    for uniform in (1e-9, 0.4, 1 - 1e-9):
        for choice in range(3):
            at = coordinate_of(share, jnp.full(5, choice), jnp.full(5, uniform))
            assert np.all(chosen(share, at) == choice)
    at = np.random.default_rng(0).standard_normal((4000, 5))
    met = np.bincount(np.asarray(jax.vmap(lambda a: chosen(share, a))(at)).ravel(), minlength=3) / at.size
    np.testing.assert_allclose(met, [0.2, 0.5, 0.3], atol=0.015)  # four standard errors of 20,000


def test_every_choice_leads_to_the_patients_coordinates():
    """z with any choice of group, taken apart and put together again, holds the same coordinates."""
    model = load_model("volume_kinetics")
    people = Cohort("three", tuple(Patient(f"P{n}", {"weight": 70.0}, (), ()) for n in range(3)), "")
    pooling = pool(model, people, hierarchical=("k_10",), mixture=2)
    assert pooling.labels()[-3:] == ["group[P0]", "group[P1]", "group[P2]"]
    z = np.random.default_rng(4).standard_normal(pooling.dimension)
    z[list(pooling.choice_at)] = [-2.0, 2.0, 0.1]
    coordinates = pooling.coordinates(z)
    other = np.array([2.0, -2.0, 0.1])
    for choice in (z[list(pooling.choice_at)], other):
        again = pooling.vector(z[list(pooling.law_at)], coordinates, choice)
        np.testing.assert_allclose(pooling.coordinates(again), coordinates, atol=1e-12)
    np.testing.assert_allclose(pooling.vector(z[list(pooling.law_at)], coordinates, z[list(pooling.choice_at)]), z)


def test_who_belongs_where_is_that_of_the_closed_form():
    """Patients measured with an error of 0.2: normal about either centre, at every draw of the law."""
    rng, error = np.random.default_rng(5), 0.2
    y = np.r_[-1.5 + 0.2 * rng.standard_normal(6), 1.5 + 0.2 * rng.standard_normal(6), 0.1]
    precision = 1 + 1 / error**2
    draws = (y / error**2 / precision)[:, None] + rng.standard_normal((len(y), 1000)) / np.sqrt(precision)
    people = population(cohort(len(y)), ("a",), mixture=2)
    found = two_stage(people, interim(draws[..., None]), SETTINGS)
    laws = jax.vmap(people.law)(found.u.reshape(-1, people.dimension))
    centre = np.asarray(laws.mean + laws.causes[:, :, 0])  # [law, group]
    total = np.hypot(np.asarray(laws.root)[:, 0, 0], error)[:, None, None]
    log_each = np.asarray(laws.log_share)[:, None] + norm.logpdf(y[:, None], centre[:, None], total)
    exact = np.exp(log_each - logsumexp(log_each, axis=2, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(found.belongs, exact, atol=0.03)  # by 1,000 interim draws, each a narrow normal
    assert np.all(found.belongs[:6, 0] > 0.9) and np.all(found.belongs[6:12, 1] > 0.9)
    taken = np.stack([(found.choice == group).mean(axis=(0, 1)) for group in (0, 1)], axis=1)
    np.testing.assert_allclose(taken, found.belongs, atol=0.1)  # four standard errors of 400 draws at a half
    assert abs(centre[:, 0].mean() + 1.5) < 0.3 and abs(centre[:, 1].mean() - 1.5) < 0.3


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"mixture": 1}, "a mixture of 1"),
        ({"mixture": -2}, "a mixture of -2"),
        ({"mixture": 5}, "5 groups of 4 patients"),
        ({"mixture": 2, "covariates": ("cause",)}, "and a centre for each `cause`"),
    ],
)
def test_a_mixture_that_cannot_be_is_refused(asked, words):
    with pytest.raises(InputError, match=words):
        population(cohort(4, cause=["drug", "drug", "sepsis", "sepsis"]), ("a",), **asked)


def test_episodes_of_one_person_are_of_one_group():
    with pytest.raises(InputError, match="several episodes of one person"):
        population(cohort(4, person=["A", "A", "B", "C"]), ("a",), mixture=2)
