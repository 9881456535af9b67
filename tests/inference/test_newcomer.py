"""A patient who is not of the cohort: expected from the population, known better with every measurement."""

from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.errors import InputError
from cls_infer.inference.newcomer import expect, follow
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

HELD = {"V_c": 3.0, "Hct0": 0.42}


@pytest.fixture(scope="module")
def cohort():
    three = simulated(("P1", "P2", "P3"), seed=5)
    ages = zip(three.patients, (30.0, 50.0, 70.0), ("drug", "sepsis", "drug"), strict=True)
    patients = tuple(replace(p, covariates={**p.covariates, "age": a, "cause": c}) for p, a, c in ages)
    return replace(three, patients=patients)


@pytest.fixture(scope="module")
def target(cohort):
    return posterior(
        load_model("volume_kinetics"),
        cohort,
        hierarchical=("k_21", "k_10"),
        shared=("k_12",),
        fixed=HELD,
        covariates=("age",),
        correlated=True,
    )


@pytest.fixture(scope="module")
def z(target):
    """Draws all of one law."""
    one = 0.5 * np.random.default_rng(1).standard_normal(target.pooling.dimension)
    return np.tile(one, (2, 50, 1))


@pytest.fixture(scope="module")
def newcomer(cohort):
    return replace(cohort.patients[0], name="new", covariates={**cohort.patients[0].covariates, "age": 50.0})


def test_an_unseen_patient_is_one_of_the_population(target, z, newcomer):
    old = replace(newcomer, covariates={**newcomer.covariates, "age": 50.0 + 2 * np.std([30, 50, 70])}, measurements=())
    found = expect(target, z, old, seed=1, draws=4000)
    slots = {slot.name: slot.start for slot in found.pooling.slots}
    law = target.pooling.law(z[0, 0])
    drawn = found.z[:, [slots["k_21"], slots["k_10"]]]
    sd = np.sqrt(np.diag(law.root @ law.root.T))
    # 4,000 draws: four standard errors of a mean and of a covariance
    np.testing.assert_allclose((drawn.mean(axis=0) - law.mean - 2 * law.effects[:, 0]) / sd, 0, atol=4 / np.sqrt(4000))
    np.testing.assert_allclose(np.cov(drawn.T) / np.outer(sd, sd), law.root @ law.root.T / np.outer(sd, sd), atol=0.09)
    shared = next(slot.start for slot in target.pooling.slots if slot.name == "k_12")
    np.testing.assert_array_equal(found.z[:, slots["k_12"]], z[0, 0, shared])
    np.testing.assert_allclose(np.exp(found.log_weight), 1 / 4000, rtol=1e-12)  # no healthy ranges here


def test_the_weights_are_the_likelihood_of_the_chart_so_far(target, z, newcomer):
    expected = expect(target, z, newcomer, seed=2, draws=60)
    update = follow(target, expected)
    alone = partial(posterior, target.model, fixed=HELD)
    for shown in (4, len(newcomer.measurements)):
        seen = replace(newcomer, measurements=newcomer.measurements[:shown])
        found = update(seen)
        own = alone(Cohort("new", (seen,), ""))
        one = jax.jit(jax.vmap(lambda z, own=own: own.by_patient(own.pooling.coordinates(z)).log_likelihood[0]))
        by_hand = one(expected.z[:4])
        # padding adds stops at rest, where the step is chosen anew: the solver's tolerance
        differences = np.diff(found.log_weight[:4])
        np.testing.assert_allclose(differences, np.diff(by_hand), rtol=1e-3, atol=1e-3)
        assert 1 <= found.effective <= 60
        np.testing.assert_allclose(np.exp(found.log_weight).sum(), 1.0)


def test_measurements_narrow_what_is_expected(target, z, newcomer):
    expected = expect(target, z, newcomer, seed=3, draws=400)
    update = follow(target, expected)
    sizes = [update(replace(newcomer, measurements=newcomer.measurements[:n])).effective for n in (1, 5, 10)]
    assert sizes[0] > sizes[-1]


def test_what_is_unknown_of_a_new_patient_is_refused(target, z, newcomer, cohort):
    lacking = Patient("new", {"weight": 70.0}, newcomer.measurements, newcomer.therapy)
    with pytest.raises(InputError, match="`age` is missing of patient `new`"):
        expect(target, z, lacking, seed=1)
    apart = posterior(target.model, cohort, fixed=HELD)
    with pytest.raises(InputError, match="nothing is pooled in part"):
        expect(apart, np.zeros((1, 5, apart.pooling.dimension)), newcomer, seed=1)
    expected = expect(target, z, newcomer, seed=1, draws=20)
    unknown = replace(newcomer.therapy[0], amount=None, median=1.0, gsd=1.5)
    with pytest.raises(InputError, match="1 treatments of unknown amount"):
        follow(target, expected)(replace(newcomer, therapy=(unknown,)))


def test_a_new_patient_has_a_cause_of_the_cohort_or_a_mixture(cohort, newcomer):
    model = load_model("volume_kinetics")
    target = posterior(model, cohort, hierarchical=("k_10",), fixed=HELD, covariates=("cause",))
    one = np.zeros(target.pooling.dimension)
    labels = target.pooling.labels()
    one[labels.index("k_10.cause=drug")], one[labels.index("k_10.cause=sepsis")] = 40.0, -40.0
    one[labels.index("k_10.tau")] = -3.0
    z = one[None, None]
    drawn = {}
    for cause in ("drug", "sepsis", None, "venom"):
        patient = replace(newcomer, covariates={"weight": 70.0} | ({"cause": cause} if cause else {}))
        if cause == "venom":
            with pytest.raises(InputError, match="`cause` is `venom`, of which the cohort has no patient"):
                expect(target, z, patient, seed=1)
            continue
        found = expect(target, z, patient, seed=1, draws=400)
        start = next(slot.start for slot in found.pooling.slots if slot.name == "k_10")
        drawn[cause] = found.z[:, start]
    assert np.all(drawn["drug"] > 5) and np.all(drawn["sepsis"] < -5)
    # two of three are drugs, so 3/5 expected; four binomial standard errors of 400
    assert abs(np.mean(drawn[None] > 0) - 0.6) < 0.1
