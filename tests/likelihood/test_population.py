"""What a population is: its law, its covariates, its episodes and causes; and what it refuses."""

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.errors import InputError
from cls_infer.likelihood.covariates import effects
from cls_infer.likelihood.hyperprior import HalfCauchy, Hyperprior
from cls_infer.likelihood.population import population


def ward(**columns):
    """Patients with one value of each column; None is not charted."""
    count = len(next(iter(columns.values())))
    patients = [
        Patient(f"P{i + 1}", {name: v[i] for name, v in columns.items() if v[i] is not None}, (), ())
        for i in range(count)
    ]
    return Cohort("ward", tuple(patients), "")


FOUR = ward(
    weight=[60.0, 70.0, 80.0, 90.0], sex=["male", "female", "male", "male"], cause=["drug", "sepsis", "drug", None]
)


def law_of(people, **numbers):
    """Return the law whose coordinates are 0 but for those named by their label."""
    u = np.zeros(people.dimension)
    for label, value in numbers.items():
        u[people.labels.index(label)] = value
    return people.law(jnp.asarray(u))


def test_a_number_is_standardised_and_a_word_counts_against_the_commonest():
    weight, sex = effects(FOUR, ("weight", "sex"))
    assert (weight.label, weight.centre, weight.unit) == ("weight", 75.0, "kg")
    np.testing.assert_allclose(weight.scale, np.std([60, 70, 80, 90]))
    assert (sex.label, sex.centre, sex.scale) == ("sex=female", 0.25, 1.0)
    np.testing.assert_allclose([sex.of(p) for p in FOUR.patients], [-0.25, 0.75, -0.25, -0.25])
    assert weight.about == "per 11.2 kg of weight, about 75 kg"


def test_an_effect_moves_patients_by_their_covariate():
    people = population(FOUR, ("a", "b"), covariates=("weight",))
    law = law_of(people, **{"a.mu": 0.5, "b.weight": 1.0})
    centres, log_share = people.centres(law)
    standard = (np.array([60, 70, 80, 90]) - 75) / np.std([60, 70, 80, 90])
    np.testing.assert_allclose(centres[:, 0], np.stack([np.full(4, 0.5), 0.3 * standard], axis=1), rtol=1e-12)
    assert np.all(log_share == 0)


def test_deviations_go_together_where_they_are_correlated():
    people = population(FOUR, ("a", "b"), correlated=True)
    root = people.roots(law_of(people, **{"a.tau": 1.0, "corr(b,a)": 1.2}))[0]
    covariance = np.asarray(root @ root.T)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), [0.3 * np.e, 0.3], rtol=1e-12)
    assert 0 < covariance[0, 1] / np.prod(np.sqrt(np.diag(covariance))) < 1
    apart = population(FOUR, ("a", "b"))
    np.testing.assert_allclose(apart.law(jnp.zeros(4)).root, 0.3 * np.eye(2), rtol=1e-12)


def test_episodes_of_one_person_share_their_deviation():
    people = population(ward(person=["A", "A", "B", None]), ("a",))
    assert people.persons == ("A",)
    law = law_of(people, **{"a.person=A": 2.0, "a.occasion": np.log(2.0)})
    centres, _ = people.centres(law)
    np.testing.assert_allclose(centres[:, 0, 0], [0.6, 0.6, 0.0, 0.0], rtol=1e-12)
    # an only episode varies by person and occasion, 0.3 and 0.6; one of several by occasion
    np.testing.assert_allclose(people.roots(law)[:, 0, 0], [0.6, 0.6, np.hypot(0.3, 0.6), np.hypot(0.3, 0.6)])


def test_each_cause_has_its_centre_and_an_uncharted_one_is_a_mixture():
    people = population(FOUR, ("a",), covariates=("cause",))
    assert people.causes == ("drug", "sepsis")
    centres, log_share = people.centres(law_of(people, **{"a.cause=drug": 1.0, "a.cause=sepsis": -1.0}))
    np.testing.assert_allclose(centres[:, :, 0], np.tile([0.3, -0.3], (4, 1)), rtol=1e-12)
    # two of three charted are drugs: (2 + 1) / (3 + 2)
    np.testing.assert_allclose(np.exp(log_share), [[1, 0], [0, 1], [1, 0], [0.6, 0.4]], rtol=1e-12)


def test_where_every_cause_is_charted_there_is_one_choice():
    people = population(ward(cause=["drug", "sepsis", "drug"]), ("a",), covariates=("cause",))
    centres, _ = people.centres(law_of(people, **{"a.cause=drug": 1.0}))
    np.testing.assert_allclose(centres[:, :, 0], [[0.3], [0.0], [0.3]], rtol=1e-12)


def test_every_number_of_the_law_has_a_name_of_its_own():
    people = population(
        ward(person=["A", "A", "B", "C"], weight=[60.0, 60.0, 70.0, 80.0], cause=["drug", "drug", "sepsis", "sepsis"]),
        ("a", "b"),
        covariates=("weight", "cause"),
        correlated=True,
    )
    assert people.labels == (
        *("a.mu", "b.mu", "a.tau", "b.tau", "a.weight", "b.weight", "corr(b,a)", "a.occasion", "b.occasion"),
        *("a.cause", "b.cause", "a.cause=drug", "b.cause=drug", "a.cause=sepsis", "b.cause=sepsis"),
        *("a.person=A", "b.person=A"),
    )
    assert people.law(jnp.ones(people.dimension)).effects.shape == (2, 1)


def test_a_half_cauchy_spread_has_its_quantiles():
    # P(|C| < scale) is one half
    spread = Hyperprior(spread=HalfCauchy(5.0)).spread_of
    np.testing.assert_allclose(
        spread(jnp.array([0.0, 0.6744897501960817])), [5.0, 5 * np.tan(3 * np.pi / 8)], rtol=1e-9
    )


BAD = {
    "one": (ward(weight=[60.0]), ("a",), (), "a population of one: `P1` is the only person"),
    "one person twice": (ward(person=["A", "A"]), ("a",), (), "a population of one: `A`"),
    "nothing": (FOUR, (), (), "a population needs a parameter"),
    "a parameter twice": (FOUR, ("a", "a"), (), "`a` is named twice"),
    "a covariate misspelt": (FOUR, ("a",), ("wieght",), "did you mean `weight`?"),
    "a covariate twice": (FOUR, ("a",), ("weight", "weight"), "`weight` is named twice"),
    "a missing covariate": (ward(weight=[60.0, None, 70.0]), ("a",), ("weight",), "`weight` is missing of `P2`"),
    "a constant covariate": (ward(weight=[60.0] * 3), ("a",), ("weight",), "`weight` is 60.0 of every patient"),
    "one cause": (ward(cause=["drug", "drug", None]), ("a",), ("cause",), "`cause` is drug wherever"),
    "no cause": (
        FOUR.__class__("w", FOUR.patients[3:] * 2, ""),
        ("a",),
        ("cause",),
        "`cause` is charted of no patient",
    ),
    "columns that agree": (
        ward(weight=[60.0, 70.0, 80.0], height=[1.6, 1.7, 1.8]),
        ("a",),
        ("weight", "height"),
        "cannot tell `weight`, `height` apart",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_population_is_refused(case):
    cohort, parameters, covariates, words = BAD[case]
    with pytest.raises(InputError) as error:
        population(cohort, parameters, covariates=covariates)
    assert words in str(error.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(InputError) as error:
        population(ward(weight=[60.0]), ("a", "a"), covariates=("weight", "hight"))
    assert len(error.value.problems) == 4
