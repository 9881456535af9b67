"""A law's likelihood from interim draws, against its closed form for normal patients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.likelihood.population import population
from cls_infer.likelihood.reweighted import bandwidth, interim, log_marginal, log_weights, products

MEASURED, ERROR = np.array([0.8, -0.3, 0.2, 0.5]), np.array([0.3, 0.5, 0.2, 3.0])
PEOPLE = population(Cohort("four", tuple(Patient(f"P{n}", {}, (), ()) for n in range(4)), ""), ("a",))
LAWS = [(0.2, 0.5), (0.2, 0.1), (0.2, 0.01), (-0.4, 0.3), (0.9, 0.3)]
"""mu and tau; the third is much narrower than draws are apart."""


def draws_under(mean, sd, count=4000):
    """Return interim draws under Normal(mean, sd), spread evenly over each patient's posterior."""
    precision = 1 / sd**2 + 1 / ERROR**2
    centre = (mean / sd**2 + MEASURED / ERROR**2) / precision
    even = norm.ppf((np.arange(count) + 0.5) / count)
    z = centre[:, None] + even / np.sqrt(precision)[:, None]
    blank = interim(z[..., None])
    return blank._replace(mean=np.full((4, 1), mean), covariance=np.full((4, 1, 1), sd**2))


def coordinates(mu, tau):
    return jnp.array([mu, np.log(tau / 0.3)])


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.0), (0.5, 0.7)])
def test_the_likelihood_is_that_of_the_measurements(mean, sd):
    """Up to each patient's constant; the kernels are exact here, so that even draws leave 0.01 nats."""
    ready = products(draws_under(mean, sd))
    found = np.stack([np.asarray(log_marginal(PEOPLE, ready, coordinates(*law))) for law in LAWS])
    expected = np.stack([norm.logpdf(MEASURED, mu, np.hypot(tau, ERROR)) for mu, tau in LAWS])
    np.testing.assert_allclose(found - found[0], expected - expected[0], atol=0.01)


def test_it_has_no_jag_where_the_spread_is_far_below_the_draws_distance():
    rng = np.random.default_rng(1)
    even = draws_under(0.0, 1.0, 200)
    rough = even._replace(z=even.z + 0.02 * rng.standard_normal(even.z.shape))
    slope = jax.jit(jax.grad(lambda u: jnp.sum(log_marginal(PEOPLE, products(rough), u))))
    mus = np.linspace(0.1, 0.4, 31)
    slopes = np.array([slope(coordinates(mu, 1e-4))[0] for mu in mus])
    # measured by four patients, the slope falls by their information, 1/error^2 in all, and no draw stands out
    told = np.sum((MEASURED - mus[:, None]) / ERROR**2, axis=1)
    np.testing.assert_allclose(slopes, told, atol=0.15 * np.ptp(told) + 3)


def test_draws_without_weight_count_for_nothing():
    draws = draws_under(0.0, 1.0, 500)
    padded = draws._replace(
        z=np.concatenate([draws.z, np.full((4, 100, 1), 7.0)], axis=1),
        log_weight=np.concatenate([draws.log_weight, np.full((4, 100), -np.inf)], axis=1),
    )
    u = coordinates(0.1, 0.2)
    one, other = (log_marginal(PEOPLE, products(each), u) for each in (draws, padded))
    np.testing.assert_allclose(one, other, rtol=1e-12)
    weights = log_weights(PEOPLE, products(padded), PEOPLE.law(u))
    assert np.all(np.isneginf(weights[:, 0, 500:]))


def test_kernels_narrow_as_draws_grow():
    widths = bandwidth(np.array([1.0, 100.0, 1000.0, 100_000.0]), 1)
    assert np.all(np.diff(widths) < 0) and widths[0] <= 0.5
    np.testing.assert_allclose(widths[2], 0.5 * (4 / 3000) ** 0.2)


def people_of(**columns):
    patients = [
        Patient(f"P{n}", {name: v[n] for name, v in columns.items() if v[n] is not None}, (), ()) for n in range(4)
    ]
    return Cohort("four", tuple(patients), "")


def differences(people, laws):
    """Return each patient's log likelihood of laws [law, episode], less that of the first."""
    ready = products(draws_under(0.0, 1.0))
    found = []
    for law in laws:
        u = np.zeros(people.dimension)
        for label, value in law.items():
            u[people.labels.index(label)] = value
        found.append(np.asarray(log_marginal(people, ready, jnp.asarray(u))))
    return np.stack(found) - found[0]


def test_an_uncharted_cause_is_a_mixture_of_the_causes():
    people = population(people_of(cause=["drug", "drug", "sepsis", None]), ("a",), covariates=("cause",))
    laws = [{}, {"a.cause=drug": 2.0, "a.cause=sepsis": -1.0}]

    def closed(drug, sepsis):
        total = np.hypot(0.3, ERROR)
        by_cause = norm.pdf(MEASURED[:, None], [drug, sepsis], total[:, None])
        # two drugs and one sepsis are charted: (2 + 1) / (3 + 2)
        return np.log(by_cause @ np.array([[1, 1, 0, 0.6], [0, 0, 1, 0.4]]))[range(4), range(4)]

    expected = closed(0.6, -0.3) - closed(0.0, 0.0)
    np.testing.assert_allclose(differences(people, laws)[1], expected, atol=0.01)


def test_an_episode_of_a_person_known_varies_by_the_occasion_alone():
    people = population(people_of(person=["A", "A", "B", "C"]), ("a",))
    laws = [{}, {"a.person=A": 1.5, "a.occasion": -1.0}]

    def closed(person, occasion):
        several = norm.logpdf(MEASURED[:2], person, np.hypot(occasion, ERROR[:2]))
        once = norm.logpdf(MEASURED[2:], 0.0, np.sqrt(0.3**2 + occasion**2 + ERROR[2:] ** 2))
        return np.concatenate([several, once])

    expected = closed(0.45, 0.3 * np.exp(-1.0)) - closed(0.0, 0.3)
    np.testing.assert_allclose(differences(people, laws)[1], expected, atol=0.01)
