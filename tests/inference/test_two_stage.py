"""The population from patients' interim draws: against quadrature and a published posterior, and when it is thin."""

import csv
from pathlib import Path

import numpy as np
import pytest
from arviz_stats.base.array import array_stats
from scipy.special import logsumexp
from scipy.stats import norm

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.errors import InputError
from cls_infer.inference.settings import Settings
from cls_infer.inference.two_stage import THIN, expected, two_stage
from cls_infer.likelihood.hyperprior import SPREAD, HalfCauchy, Hyperprior
from cls_infer.likelihood.population import population
from cls_infer.likelihood.reweighted import interim

SCHOOLS = Path(__file__).parents[2] / "data" / "posteriordb" / "eight_schools"
SETTINGS = Settings(chains=2, warmup=150, draws=350, seed=1, target_accept=0.9)


def cohort(count, **covariates):
    patients = [Patient(f"P{i}", {name: v[i] for name, v in covariates.items()}, (), ()) for i in range(count)]
    return Cohort("cohort", tuple(patients), "")


def updated(y, s, mean=0.0, sd=1.0):
    """Return mean and sd of a coordinate measured as y with error s under the prior Normal(mean, sd)."""
    precision = 1 / sd**2 + 1 / s**2
    return (mean / sd**2 + y / s**2) / precision, np.sqrt(1 / precision)


def drawn(y, s, count, seed, **prior):
    """Return draws [patient, draw, 1] of every patient's coordinate."""
    mean, sd = updated(np.asarray(y), np.asarray(s), **prior)
    z = np.random.default_rng(seed).standard_normal((len(mean), count))
    return (mean[:, None] + sd[:, None] * z)[..., None]


def by_quadrature(y, s):
    """Return mean and sd of mu and log tau, where y_i ~ Normal(mu, tau^2 + s_i^2), mu ~ Normal(0, 1), tau ~ SPREAD."""
    mu, w = np.linspace(-4, 4, 801), np.linspace(-5, 4, 361)
    tau = np.asarray(SPREAD.transport(w, SPREAD.median, SPREAD.log_sd, 0.0))
    total = np.hypot(tau[:, None], s)  # [tau, patient]
    log_density = norm.logpdf(y, mu[:, None, None], total).sum(axis=-1)  # [mu, tau]
    log_density += norm.logpdf(mu)[:, None] + norm.logpdf(w)
    p = np.exp(log_density - logsumexp(log_density))
    grid = {"mu": mu[:, None], "log_tau": np.log(tau)[None]}
    means = {name: np.sum(p * g) for name, g in grid.items()}
    return {name: (means[name], np.sqrt(np.sum(p * (g - means[name]) ** 2))) for name, g in grid.items()}


def effective_size(draws):
    return float(array_stats.ess(draws))


@pytest.fixture(scope="module")
def normal_cohort():
    rng = np.random.default_rng(2)
    s = rng.uniform(0.1, 0.4, 12)
    return 0.6 + 0.5 * rng.standard_normal(12) + s * rng.standard_normal(12), s


@pytest.fixture(scope="module")
def found(normal_cohort):
    y, s = normal_cohort
    return two_stage(population(cohort(12), ("a",)), interim(drawn(y, s, 1000, seed=3)), SETTINGS)


def test_the_law_is_that_of_quadrature(normal_cohort, found):
    draws = {"mu": found.u[..., 0], "log_tau": np.log(0.3) + found.u[..., 1]}
    for name, (mean, sd) in by_quadrature(*normal_cohort).items():
        # Monte Carlo error of the chains, and of the interim draws' smallest effective size; four times over
        allowed = 4 * np.sqrt(1 / effective_size(draws[name]) + 1 / found.effective.min())
        assert abs(draws[name].mean() - mean) < allowed * sd, name
        assert abs(np.log(draws[name].std() / sd)) < allowed, name


def test_patients_are_drawn_to_their_population(normal_cohort, found):
    """At each draw of the law the patient's coordinate is normal about a mean that is known."""
    y, s = normal_cohort
    mu, tau = found.u[..., :1], 0.3 * np.exp(found.u[..., 1:2])
    mean, sd = updated(y, s, mean=mu, sd=tau)
    r = (found.z[..., 0] - mean) / sd
    # 700 draws of which a few hundred are independent, picked among the interim draws
    np.testing.assert_allclose(r.mean(axis=(0, 1)), 0, atol=0.25)
    np.testing.assert_allclose(r.std(axis=(0, 1)), 1, atol=0.15)
    assert found.thin == () and np.all(found.effective > THIN)


def test_weighted_draws_serve_as_well_as_equal_ones(normal_cohort, found):
    """Draws from twice as wide a normal, weighed to the same interim posterior."""
    y, s = normal_cohort
    mean, sd = (part[:, None] for part in updated(y, s))
    z = mean + 2 * sd * np.random.default_rng(4).standard_normal((12, 2000))
    weights = norm.logpdf(z, mean, sd) - norm.logpdf(z, mean, 2 * sd)
    again = two_stage(found.population, interim(z[..., None], log_weight=weights), SETTINGS)
    # a tenth of a posterior sd of each: both means scatter by the interim draws
    for place in range(2):
        one, other = found.u[..., place], again.u[..., place]
        assert abs(one.mean() - other.mean()) < 0.3 * one.std()
        assert abs(np.log(one.std() / other.std())) < 0.2


FAR, BLUNT = np.array([3.0, 3.2, 2.8, 3.1, 2.9, 3.3]), np.full(6, 2.0)
"""Patients with little data each, who together say that the population lies three prior sd away."""


@pytest.mark.slow
def test_draws_too_far_from_the_population_are_called_thin_and_a_redraw_mends_them():
    y, s = np.tile(FAR, 3), np.tile(BLUNT, 3)
    people = population(cohort(18), ("a",))
    draws = drawn(y, s, 400, seed=5)
    near = two_stage(people, interim(drawn(y - 3.0, s, 400, seed=5)), SETTINGS)
    far = two_stage(people, interim(draws), SETTINGS)
    assert np.median(far.effective) < 0.3 * np.median(near.effective)
    assert far.thin and all(far.effective[people.episodes.index(name)] < THIN for name in far.thin)

    asked = []

    def redraw(patients, mean, covariance):
        asked.append(len(patients))
        mean, sd = updated(y[patients], s[patients], mean[:, 0], np.sqrt(covariance[:, 0, 0]))
        z = np.random.default_rng(6).standard_normal((len(patients), 500))
        return (mean[:, None] + sd[:, None] * z)[..., None], np.zeros((len(patients), 500))

    mended = two_stage(people, interim(draws), SETTINGS, redraw=redraw)
    assert mended.thin == () and set(mended.redrawn) >= set(far.thin)
    assert mended.effective.min() > THIN > far.effective.min()
    assert asked[0] == len(far.thin) and mended.draws.z.shape[1] == 500
    for place, (mean, sd) in enumerate(by_quadrature(y, s).values()):
        value = mended.u[..., 0] if place == 0 else np.log(0.3) + mended.u[..., 1]
        allowed = 4 * np.sqrt(1 / effective_size(value) + 1 / mended.effective.min())
        assert abs(value.mean() - mean) < allowed * sd


def test_what_the_population_expects_of_a_patient_is_its_law(found):
    mean, covariance = expected(found)
    mu, tau = found.u[..., 0], 0.3 * np.exp(found.u[..., 1])
    np.testing.assert_allclose(mean, mu.mean(), rtol=1e-9)
    np.testing.assert_allclose(covariance[:, 0, 0], np.mean(tau**2) + mu.var(), rtol=1e-9)


@pytest.mark.slow
def test_a_covariate_explains_what_it_made():
    rng = np.random.default_rng(7)
    weight, s = rng.uniform(50, 100, 20), np.full(20, 0.2)
    people = population(cohort(20, weight=weight), ("a", "b"), covariates=("weight",), correlated=True)
    x = people.design[:, 0]
    root = np.linalg.cholesky([[0.25, 0.2], [0.2, 0.25]])
    truth = np.stack([0.8 * x, 0 * x], axis=1) + rng.standard_normal((20, 2)) @ root.T
    y = truth + s[:, None] * rng.standard_normal((20, 2))
    z = np.concatenate([drawn(y[:, k], s, 800, seed=k) for k in range(2)], axis=2)
    law = people.labels
    u = two_stage(people, interim(z), SETTINGS).u
    effect = {name: 0.3 * u[..., law.index(f"{name}.weight")] for name in "ab"}
    # 20 patients of sd 0.5 and error 0.2: an effect is known to about 0.12, and its prior of 0.3 draws it in
    assert 0.4 < effect["a"].mean() < 0.95 and abs(effect["b"].mean()) < 0.35
    assert np.mean(u[..., law.index("corr(b,a)")] > 0) > 0.95  # the truth is 0.8


def test_draws_of_another_cohort_are_refused():
    people = population(cohort(3), ("a",))
    with pytest.raises(InputError, match="draws of 2 patients and 1 parameters"):
        two_stage(people, interim(np.zeros((2, 5, 1))), SETTINGS)
    broken = np.zeros((3, 5, 1))
    broken[1] = np.nan
    with pytest.raises(InputError, match="`P1` are not finite"):
        two_stage(people, interim(broken), SETTINGS)


def schools():
    with (SCHOOLS / "schools.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    return np.array([float(r["effect"]) for r in rows]), np.array([float(r["standard_error"]) for r in rows])


def reference():
    with (SCHOOLS / "reference_summary.csv").open(encoding="utf-8") as table:
        return {row["parameter"]: (float(row["mean"]), float(row["sd"])) for row in csv.DictReader(table)}


@pytest.mark.slow
def test_eight_schools_are_those_of_posteriordb():
    """Eight schools are eight patients, each drawn alone under Normal(0, 10); the population is weighed afterwards.

    Means within 4 sqrt(1/ESS + 1/10,000) posterior sd, the Monte Carlo error of both, and log sd within 0.1.
    """
    unit = 10.0
    effect, error = schools()
    known = Hyperprior(mean_sd=5 / unit, spread=HalfCauchy(5 / unit))
    people = population(cohort(8), ("theta",), hyperprior=known)
    draws = interim(drawn(effect / unit, error / unit, 4000, seed=8))
    found = two_stage(people, draws, Settings(chains=4, warmup=400, draws=1000, seed=9, target_accept=0.95))
    by_name = {f"theta[{i + 1}]": unit * found.z[..., i, 0] for i in range(8)}
    by_name |= {"mu": 5 * found.u[..., 0], "tau": unit * np.asarray(known.spread_of(found.u[..., 1]))}
    for name, (mean, sd) in reference().items():
        value = by_name[name]
        assert abs(value.mean() - mean) < 4 * np.sqrt(1 / effective_size(value) + 1e-4) * sd, name
        assert abs(np.log(value.std() / sd)) < 0.1, name
    assert found.thin == ()
