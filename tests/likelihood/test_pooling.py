"""Coordinates of a fit: own, shared, partially pooled, held; and their names."""

from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort import read_cohort
from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.cohort.shipped import dataset_folder
from cls_infer.errors import InputError
from cls_infer.inference.certified import Certify
from cls_infer.inference.run import infer_cohort
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.pool import pool
from cls_infer.likelihood.pooling import spread_of
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.model.prior import value
from cls_infer.results.diagnose import certified
from cls_infer.results.pareto import smoothed

RATES = ("k_12", "k_21", "k_10")


def slot_of(pooling, name):
    return next(i for i, slot in enumerate(pooling.slots) if slot.name == name)


def some_z(pooling, seed=0):
    return jnp.asarray(np.random.default_rng(seed).standard_normal(pooling.dimension))


def test_every_entry_of_z_has_a_name_of_its_own(kinetics, two_patients):
    pooling = pool(kinetics, two_patients, shared=("k_12",), hierarchical=("k_21",))
    labels = pooling.labels()
    assert len(labels) == len(set(labels)) == pooling.dimension
    # k_12 once; k_21 mean, spread, two deviations; k_10, V_c, Hct0 for each of two; both weights are charted
    assert pooling.dimension == 1 + 4 + 3 * 2
    assert {"k_12", "k_21.mu", "k_21.tau", "k_21[P1]", "k_10[P2]"} <= set(labels)


def test_a_charted_weight_leaves_no_coordinate(kinetics, two_patients):
    pooling = pool(kinetics, two_patients)
    assert not any("BW" in label for label in pooling.labels())
    (values, _) = pooling.values(pooling.coordinates(some_z(pooling)))
    by_name = dict(zip([s.name for s in pooling.parameters], values, strict=True))
    np.testing.assert_allclose(by_name["BW"], [70.0, 55.0], rtol=1e-12)


def test_an_uncharted_weight_has_a_coordinate(kinetics, two_patients):
    first = two_patients.patients[0]
    unknown = Patient("P3", {}, first.measurements, first.therapy)
    pooling = pool(kinetics, Cohort("three", (*two_patients.patients, unknown), ""))
    assert "BW[P3]" in pooling.labels()
    z = some_z(pooling)
    values, _ = pooling.values(pooling.coordinates(z))
    weights = values[[s.name for s in pooling.parameters].index("BW")]
    np.testing.assert_allclose(weights[:2], [70.0, 55.0], rtol=1e-12)
    np.testing.assert_allclose(weights[2], 75.0 * np.exp(0.18 * z[pooling.labels().index("BW[P3]")]), rtol=1e-12)


def test_own_coordinates_are_each_patients(kinetics, two_patients):
    pooling = pool(kinetics, two_patients)
    z = some_z(pooling)
    column = pooling.coordinates(z)[:, slot_of(pooling, "k_10")]
    labels = pooling.labels()
    np.testing.assert_array_equal(column, [z[labels.index("k_10[P1]")], z[labels.index("k_10[P2]")]])


def test_a_shared_parameter_is_one_for_all(kinetics, two_patients):
    pooling = pool(kinetics, two_patients, shared=RATES)
    z = some_z(pooling)
    for name in RATES:
        column = pooling.coordinates(z)[:, slot_of(pooling, name)]
        np.testing.assert_array_equal(column, [z[pooling.labels().index(name)]] * 2)


def test_a_pooled_parameter_is_mean_plus_spread_times_deviation(kinetics, two_patients):
    pooling = pool(kinetics, two_patients, hierarchical=("k_21",))
    z, labels = some_z(pooling), pooling.labels()
    mu, tau, first, second = (z[labels.index(f"k_21{end}")] for end in (".mu", ".tau", "[P1]", "[P2]"))
    expected = mu + 0.3 * jnp.exp(tau) * jnp.array([first, second])
    np.testing.assert_allclose(pooling.coordinates(z)[:, slot_of(pooling, "k_21")], expected, rtol=1e-14)


def test_the_spread_between_patients_is_positive_with_median_0_3():
    np.testing.assert_allclose(spread_of(jnp.array(0.0)), 0.3, rtol=1e-14)
    np.testing.assert_allclose(spread_of(jnp.array(-2.0)), 0.3 * np.exp(-2.0), rtol=1e-14)


def test_values_follow_each_patients_own_prior(kinetics, two_patients):
    pooling = pool(kinetics, two_patients)
    coordinates = pooling.coordinates(some_z(pooling))
    values, _ = pooling.values(coordinates)
    by_name = dict(zip([s.name for s in pooling.parameters], values, strict=True))
    for i, patient in enumerate(two_patients.patients):
        for name in (*RATES, "Hct0"):
            prior = kinetics.parameters[name].prior_of(patient.covariates)
            expected = value(prior, coordinates[i, slot_of(pooling, name)])
            np.testing.assert_allclose(by_name[name][i], expected, rtol=1e-14, err_msg=name)


def test_a_volume_scales_with_its_own_patients_weight(kinetics, two_patients):
    pooling = pool(kinetics, two_patients)
    values, _ = pooling.values(pooling.coordinates(jnp.zeros(pooling.dimension)))
    V_c = values[[s.name for s in pooling.parameters].index("V_c")]
    np.testing.assert_allclose(V_c, [3.01, 3.01 * 55 / 70], rtol=1e-12)


def test_a_volume_scales_with_a_weight_held_by_the_user(kinetics, two_patients):
    pooling = pool(kinetics, two_patients, fixed={"BW": 35.0})
    values, _ = pooling.values(pooling.coordinates(jnp.zeros(pooling.dimension)))
    V_c = values[[s.name for s in pooling.parameters].index("V_c")]
    np.testing.assert_allclose(V_c, [3.01 / 2] * 2, rtol=1e-12)


def test_a_held_parameter_leaves_the_fit(kinetics, two_patients):
    pooling = pool(kinetics, two_patients, fixed={"k_10": 0.4})
    assert pooling.held["k_10"] == 0.4
    assert not any(label.startswith("k_10") for label in pooling.labels())


def test_one_patient_owns_every_parameter(kinetics, two_patients):
    alone = Cohort("one", two_patients.patients[:1], "")
    pooling = pool(kinetics, alone, shared=("k_12",))
    assert all(slot.scope == "patient" for slot in pooling.slots)
    assert pooling.dimension == 5  # three rates, V_c, Hct0


def test_a_population_of_one_is_refused(kinetics, two_patients):
    alone = Cohort("one", two_patients.patients[:1], "")
    with pytest.raises(InputError, match=r"`k_21` pooled in part, in a population of one: `P1`"):
        pool(kinetics, alone, hierarchical=("k_21",))


def test_covariates_and_correlations_stand_behind_the_parameters(kinetics, two_patients):
    asked = {"hierarchical": ("k_21", "k_10"), "covariates": ("weight",), "correlated": True}
    pooling, plain = pool(kinetics, two_patients, **asked), pool(kinetics, two_patients, hierarchical=("k_21", "k_10"))
    assert pooling.labels() == [*plain.labels(), "k_21.weight", "k_10.weight", "corr(k_10,k_21)"]
    assert len(pooling.labels()) == pooling.dimension
    z = some_z(pooling)
    by_name = dict(zip(pooling.labels(), z, strict=True))
    # the heavier patient is one sd above the mean, the lighter one below
    law = pooling.law(z)
    for row, (patient, x) in enumerate((("P1", 1.0), ("P2", -1.0))):
        eta = jnp.stack([by_name[f"{name}[{patient}]"] for name in ("k_21", "k_10")])
        mean = jnp.stack([by_name[f"{n}.mu"] + 0.3 * by_name[f"{n}.weight"] * x for n in ("k_21", "k_10")])
        found = [pooling.coordinates(z)[row, slot_of(pooling, name)] for name in ("k_21", "k_10")]
        np.testing.assert_allclose(found, mean + law.root @ eta, rtol=1e-12)
    np.testing.assert_allclose(pooling.coordinates(z.at[-1].set(0.0))[:, :2], plain_with(plain, by_name, z), rtol=1e-12)


def test_the_vector_is_found_again_from_law_and_coordinates(kinetics, two_patients):
    asked = {"hierarchical": ("k_21", "k_10"), "shared": ("k_12",), "covariates": ("weight",), "correlated": True}
    pooling = pool(kinetics, two_patients, **asked)
    z = some_z(pooling)
    again = pooling.vector(z[np.array(pooling.law_at)], pooling.coordinates(z))
    np.testing.assert_allclose(again, z, rtol=1e-10, atol=1e-12)


def plain_with(plain, by_name, z):
    """Return the first two columns of coordinates where the effects are added by hand."""
    columns = plain.coordinates(z[: plain.dimension])
    for name in ("k_21", "k_10"):
        shift = 0.3 * by_name[f"{name}.weight"] * jnp.array([1.0, -1.0])
        columns = columns.at[:, slot_of(plain, name)].add(shift)
    return columns[:, :2]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"covariates": ("weight",)}, "nothing is pooled in part"),
        ({"correlated": True}, "nothing is pooled in part"),
        ({"correlated": True, "hierarchical": ("k_21",)}, "one parameter has none to go with"),
        ({"covariates": ("sex",), "hierarchical": ("k_21",)}, "`sex` is missing of `P2`"),
        ({"covariates": ("wheight",), "hierarchical": ("k_21",)}, "did you mean `weight`?"),
    ],
)
def test_covariates_that_cannot_serve_are_refused(kinetics, two_patients, asked, words):
    with pytest.raises(InputError) as error:
        pool(kinetics, two_patients, **asked)
    assert words in str(error.value)


def test_a_joint_fit_asks_for_every_cause(kinetics, two_patients):
    first, second = two_patients.patients
    causes = [("drug", first), ("sepsis", second), (None, first)]
    people = [
        Patient(f"P{n}", {**p.covariates, **({"cause": c} if c else {})}, p.measurements, p.therapy)
        for n, (c, p) in enumerate(causes)
    ]
    three = Cohort("three", tuple(people), "")
    target = partial(posterior, kinetics, hierarchical=("k_21",), covariates=("cause",))
    with pytest.raises(InputError, match=r"the cause of `P2` is not charted, and a joint fit asks for all"):
        infer_cohort(target, three, settings=Settings(), certify=Certify(smoothed, certified))


def test_unknown_names_are_all_reported_with_the_nearest(kinetics, two_patients):
    with pytest.raises(InputError) as error:
        pool(kinetics, two_patients, shared=("k12", "sigma_zz"), fixed={"V_d": 1.0})
    text = str(error.value)
    assert len(error.value.problems) == 3
    assert "did you mean `k_12`?" in text and "did you mean `V_c`?" in text and "`sigma_zz`" in text


def test_one_name_asked_for_in_two_ways_is_refused(kinetics, two_patients):
    with pytest.raises(InputError, match="more than one way: shared, pooled in part"):
        pool(kinetics, two_patients, shared=("k_12",), hierarchical=("k_12",))
    with pytest.raises(InputError, match="more than one way: per patient, shared"):
        pool(kinetics, two_patients, shared=("k_12",), per_patient=("k_12",))


def test_priors_that_differ_in_kind_are_refused():
    def patient(name, **onset):
        measured = Measurement(0.0, "hematocrit", 0.5, 1)
        return Patient(name, {"onset": -12.0, **onset}, (measured,), ())

    both = Cohort("both", (patient("P1", onset_sd=6.0), patient("P2", onset_gsd=1.6)), "")
    with pytest.raises(InputError, match=r"`t_0` has the prior lognormal\(-12, 0.470004\) for patient `P2`"):
        pool(load_model("clarkson_episode"), both)


def test_uncharted_amounts_are_coordinates_with_their_own_priors(kinetics, two_patients):
    rows = (Measurement(1.0, "hematocrit", 0.4, 1),)
    lognormal = Event("ringer", 0.0, 1.0, None, 1, median=0.8, gsd=1.6)
    uniform = Event("ringer", 0.0, 1.0, None, 2, low=0.5, high=2.0)
    patients = (
        Patient("P1", {}, rows, (lognormal,)),
        Patient("P2", {}, rows, (uniform,)),
        Patient("P3", {}, rows, ()),
    )
    pooling = pool(kinetics, Cohort("three", patients, ""), fixed={"BW": 70.0})
    labels = pooling.labels()
    assert "ringer_0h[P1]" in labels
    z = jnp.zeros(pooling.dimension)
    _, amounts = pooling.values(pooling.coordinates(z))
    np.testing.assert_allclose(amounts[:2, 0], [0.8, 1.25], rtol=1e-12)
    z = z.at[labels.index("ringer_0h[P1]")].set(1.0)
    _, amounts = pooling.values(pooling.coordinates(z))
    np.testing.assert_allclose(amounts[0, 0], 0.8 * 1.6, rtol=1e-12)


def test_two_bags_of_one_fluid_hung_at_one_hour_are_two_numbers(kinetics):
    rows = (Measurement(1.0, "hematocrit", 0.4, 1),)
    bags = tuple(Event("ringer", 0.0, end, None, row, median=0.8, gsd=1.6) for row, end in ((1, 1.0), (2, 2.0)))
    labels = pool(kinetics, Cohort("one", (Patient("P1", {}, rows, bags),), "")).labels()
    assert labels[-2:] == ["ringer_0h_1[P1]", "ringer_0h_2[P1]"]


def test_how_long_an_infusion_ran_is_a_coordinate_where_its_end_is_uncertain(kinetics):
    rows = (Measurement(1.0, "hematocrit", 0.4, 1),)
    given = Event("ringer", 1.0, 3.0, 0.8, 1, end_sd=0.5)
    pooling = pool(kinetics, Cohort("one", (Patient("P1", {}, rows, (given,)),), ""))
    place = pooling.labels().index("ringer_1h_duration[P1]")
    assert pooling.slots[-1].unit == "h"
    for z, hours in ((0.0, 2.0), (1.0, 2.0 * np.exp(0.25))):
        at = jnp.zeros(pooling.dimension).at[place].set(z)
        np.testing.assert_allclose(pooling.values(pooling.coordinates(at))[1], [[hours]], rtol=1e-12)


def test_without_uncharted_amounts_there_is_none(kinetics, two_patients):
    pooling = pool(kinetics, two_patients)
    _, amounts = pooling.values(pooling.coordinates(jnp.zeros(pooling.dimension)))
    assert amounts.shape == (2, 0)


def _ill(*treated):
    """Patients of one attack; who is `treated` was given that item at that amount."""
    rows = (Measurement(12.0, "hematocrit", 0.55, 1), Measurement(12.0, "albumin", 28.0, 2))
    patients = [
        Patient(f"P{n}", {"weight": 70.0}, rows, tuple(Event(item, 4.0, 12.0, amount, n) for item, amount in given))
        for n, given in enumerate(treated, start=1)
    ]
    return Cohort("ill", tuple(patients), "")


def _effects(pooling):
    return [label for label in pooling.labels() if label.startswith("beta")]


@pytest.fixture(scope="module")
def wall():
    return load_model("two_pore")


def test_the_effect_of_a_treatment_is_free_where_it_was_given_alone(wall):
    untreated, treated = pool(wall, _ill([])), pool(wall, _ill([("steroid", 1.0)]))
    assert _effects(untreated) == []
    assert {name for name in untreated.held if name.startswith("beta")} == {
        "beta_steroid",
        "beta_immunoglobulin",
        "beta_aminophylline_terbutaline",
        "beta_anti_ang2",
    }
    assert untreated.held["beta_steroid"] == 0.0
    assert _effects(treated) == ["beta_steroid[P1]"]
    assert "beta_steroid" not in treated.held and treated.held["beta_anti_ang2"] == 0.0
    assert treated.dimension == untreated.dimension + 1


def test_a_cohort_shares_the_effect_of_those_who_were_treated(wall):
    pooling = pool(wall, _ill([("steroid", 1.0)], [], [("immunoglobulin", 0.5), ("steroid", 1.0)]))
    assert _effects(pooling) == ["beta_steroid", "beta_immunoglobulin"]
    pooling = pool(wall, _ill([("steroid", 1.0)], []), hierarchical=("beta_steroid",))
    assert _effects(pooling) == ["beta_steroid.mu", "beta_steroid.tau", "beta_steroid[P1]", "beta_steroid[P2]"]


def test_a_treatment_charted_as_none_has_no_effect_to_learn(wall):
    assert _effects(pool(wall, _ill([("steroid", 0.0)]))) == []
    unknown = Event("steroid", 4.0, 12.0, None, 1, low=0.0, high=1.0)
    (patient,) = _ill([]).patients
    asked = Cohort("ill", (Patient("P1", patient.covariates, patient.measurements, (unknown,)),), "")
    assert _effects(pool(wall, asked)) == ["beta_steroid[P1]"]


def test_the_user_has_the_last_word_on_an_effect(wall):
    assert pool(wall, _ill([]), fixed={"beta_steroid": -0.7}).held["beta_steroid"] == -0.7
    assert _effects(pool(wall, _ill([("steroid", 1.0)]), fixed={"beta_steroid": -0.7})) == []
    # asked for each alone, treated or not: patients fitted apart then have the same parameters
    own = pool(wall, _ill([("steroid", 1.0)], []), per_patient=("beta_steroid",))
    assert _effects(own) == ["beta_steroid[P1]", "beta_steroid[P2]"]
    assert _effects(pool(wall, _ill([]), per_patient=("beta_steroid",))) == ["beta_steroid[P1]"]


def test_the_shipped_patients_have_no_more_to_estimate_than_without_treatments():
    cohort = read_cohort(dataset_folder("clarkson_a"))
    assert pool(load_model("clarkson_episode"), cohort).dimension == 29
