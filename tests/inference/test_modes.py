"""Modes are found, told apart, and impossible patients named."""

from dataclasses import replace

import numpy as np
import pytest
from inference.conftest import simulated

from cls_infer.cohort.records import Cohort, Event
from cls_infer.errors import InputError
from cls_infer.inference.apart import Apart
from cls_infer.inference.modes import Modes, find_modes
from cls_infer.inference.start import find_start
from cls_infer.inference.unsolved import unsolved
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.solve.lanes import Tolerance


def test_the_search_ends_where_the_joint_search_does(target):
    modes = find_modes(Apart(target), [0], seed=1)
    start = find_start(target, seed=1, starts=3)
    # both stop where an iteration gains less than a hundredth of a nat
    np.testing.assert_allclose(modes.log_posterior[0, 0], start.log_posterior.max(), atol=0.03)
    np.testing.assert_allclose(np.sqrt(np.diag(modes.covariance[0, 0])), np.sqrt(np.diag(start.covariance)), rtol=0.1)
    assert modes.distinct(0) == [0]
    assert np.all(np.diff(modes.log_posterior[0]) <= 0)


def test_a_patient_has_the_same_modes_in_any_company():
    model = load_model("volume_kinetics")
    cohort = simulated(("P1", "P2", "P3"), seed=5)
    three = Apart(posterior(model, cohort, per_patient=tuple(model.parameters)))
    np.testing.assert_array_equal(
        find_modes(three, [0, 1, 2], seed=1).points[2], find_modes(three, [2], seed=1).points[0]
    )


def ends(values, points, arrived):
    """Searches of one patient that ended at these points of one coordinate, of unit curvature."""
    n = len(values)
    return Modes(
        np.array(points, float).reshape(1, n, 1), np.array([values], float), np.ones((1, n, 1, 1)), np.array([arrived])
    )


def test_ends_far_from_one_another_are_modes_of_their_own():
    found = ends([0.0, -0.1, -2.0, -4.0, -30.0], [0.0, 0.2, 5.0, 9.0, 20.0], [True, True, True, False, True])
    # the second is the first again, the fourth was still on its way, the last weighs nothing
    assert found.distinct(0) == [0, 2]


def test_a_patient_who_cannot_be_solved_is_named():
    model = load_model("volume_kinetics")
    cohort = simulated(("P1", "P2"), seed=5)
    target = posterior(model, cohort, per_patient=tuple(model.parameters))
    hopeless = Apart(replace(target, tolerance=Tolerance(max_steps=2)))
    with pytest.raises(InputError) as raised:
        find_modes(hopeless, [0, 1], seed=1)
    text = str(raised.value)
    assert "`P1`" in text and "`P2`" in text and "step limit" in text
    assert text.count("the longest course ends at or before `hematocrit`") == 2


def test_what_mends_a_patient_is_told():
    """Drained of 1.3 L, a central space falls below its floor unless the tissue refills it faster."""
    model = load_model("volume_kinetics")
    central = replace(model.states["x_c"], floor=-0.5)
    bounded = replace(model, states={**model.states, "x_c": central})
    (patient,) = simulated(("P1",), seed=5).patients
    drained = replace(patient, therapy=(Event("crrt_ultrafiltrate", 0.0, 0.5, 1.3, 1),))
    target = posterior(bounded, Cohort("drained", (drained,), ""), per_patient=tuple(model.parameters))
    (problem,) = unsolved(target, [0], np.zeros((1, 1, len(target.pooling.slots))))
    assert problem.where == "patient `P1`" and "state out of bounds" in problem.message
    assert f"ends at or before `hematocrit` {drained.measurements[2].value:.3g} at 0.5 h" in problem.message
    assert "`k_12`" in problem.remedy
