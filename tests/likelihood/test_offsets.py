"""Offsets of assays: who shares one, what it is called, and that patients who share one are fitted together."""

import jax.numpy as jnp
import numpy as np
import pytest
from likelihood.closed_forms import LOG_SD_ANG2, MODEL, SD_ALB, SD_HCT, at, written_down

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.inference.run import are_apart, of_patients
from cls_infer.likelihood.posterior import posterior

HCT = at(1.0, "hematocrit", 0.43)


def hct(time, assay):
    return at(time, "hematocrit", 0.43, assay=assay)


@pytest.fixture(scope="module")
def target():
    """Three patients: one laboratory is shared by two, one is a patient's own; and a kit."""
    return written_down(
        (hct(1.0, "a"), hct(2.0, "b"), at(1.0, "ang2", 5.0, assay="a")),
        (hct(1.0, "a"), at(2.0, "albumin", 28.0, assay="a")),
        (HCT,),
    )


def test_an_assay_is_of_one_variable(target):
    assert [(a.variable, a.name, a.sd, a.relative) for a in target.plan.assays] == [
        ("hematocrit", "a", SD_HCT, False),
        ("hematocrit", "b", SD_HCT, False),
        ("ang2", "a", LOG_SD_ANG2, True),
        ("albumin", "a", SD_ALB, False),
    ]
    assert target.plan.chart.assay.tolist() == [[1, 2, 3], [1, 4, 0], [0, 0, 0]]


def test_patients_share_the_offset_of_an_assay_that_several_have(target):
    slots = {slot.name: slot for slot in target.pooling.slots if slot.is_offset}
    assert {name: (slot.scope, slot.size, slot.unit) for name, slot in slots.items()} == {
        "offset_hematocrit[a]": ("shared", 1, "1"),
        "offset_hematocrit[b]": ("patient", 3, "1"),
        "offset_ang2[a]": ("patient", 3, "1"),
        "offset_albumin[a]": ("patient", 3, "g/L"),
    }
    labels = target.pooling.labels()
    assert len(labels) == len(set(labels)) == target.pooling.dimension
    assert labels[0] == "offset_hematocrit[a]" and labels[1] == "offset_hematocrit[b][P1]"


def test_an_offset_is_its_coordinate_times_its_spread(target):
    z = jnp.asarray(np.random.default_rng(1).standard_normal(target.pooling.dimension))
    found = target.pooling.offsets(target.pooling.coordinates(z))
    np.testing.assert_allclose(found[:, 0], SD_HCT * z[0], rtol=1e-14)
    np.testing.assert_allclose(found[:, 1], [SD_HCT * z[1], 0, 0], rtol=1e-14)  # nobody else has it
    np.testing.assert_allclose(found[:, 3], [0, SD_ALB * z[8], 0], rtol=1e-14)


def of(*charts):
    """The target of patients with these charts."""
    patients = tuple(Patient(f"P{n}", {}, chart, ()) for n, chart in enumerate(charts, start=1))
    return posterior(MODEL, Cohort("made", patients, ""))


def test_patients_who_share_an_offset_are_fitted_together():
    assert are_apart(of((HCT,), (HCT,)))
    assert not are_apart(of((hct(1.0, "a"),), (hct(1.0, "a"),), (HCT,)))


def test_patients_of_different_assays_are_fitted_apart():
    assert are_apart(of((hct(1.0, "a"),), (at(1.0, "albumin", 30.0, assay="a"),)))
    whole = of((hct(1.0, "a"),), (hct(1.0, "b"),))
    assert are_apart(whole)
    assert of_patients(whole, [1]).pooling.labels() == ["offset_hematocrit[b][P2]"]


def test_without_an_assay_there_is_no_offset():
    target = written_down((HCT,), (HCT,))
    assert target.pooling.dimension == 0 and target.plan.assays == ()
    assert target.pooling.offsets(target.pooling.coordinates(jnp.zeros(0))).shape == (2, 0)


def test_an_assay_of_what_the_model_does_not_predict_is_no_parameter():
    assert written_down((HCT, at(1.0, "sodium", 140.0, assay="a"))).pooling.dimension == 0


def test_a_lane_has_the_offsets_of_its_patient(target):
    """Any list of patients, one lane each: a patient twice, another not at all."""
    z = jnp.asarray(np.random.default_rng(2).standard_normal(target.pooling.dimension))
    coordinates, lanes = target.pooling.coordinates(z), np.array([1, 0, 1])
    each, some = target.by_patient(coordinates), target.by_patient(coordinates[lanes], lanes)
    np.testing.assert_allclose(some.log_likelihood, each.log_likelihood[lanes], rtol=1e-12)
    without = target.by_patient(target.pooling.coordinates(0 * z)).log_likelihood
    assert np.all(np.asarray(each.log_likelihood[:2]) != np.asarray(without[:2]))
