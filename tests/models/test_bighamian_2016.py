"""Blood volume under a regulated fluid shift: closed forms, its twin in volume kinetics, red cells."""

import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.model import load_model

HOURS = np.array([0.0, 0.2, 0.5, 0.75, 1.0, 2.0, 4.0, 30.0])


def healthy_blood() -> float:
    model = load_model("bighamian_2016")
    return float(model.health(model.reference()).V_b0)


def gained(hours, rate, length, alpha, K):
    """Return the gain of blood volume [L] under an infusion [L/h] that ends after `length` hours."""
    during = np.minimum(hours, length)
    target = rate * during / (1 + alpha)
    above = rate / K * alpha / (1 + alpha) * -np.expm1(-K * during)  # dV_b - r grows towards its steady lag
    return target + above * np.exp(-K * np.maximum(hours - length, 0.0))


@pytest.mark.parametrize(("alpha", "K"), [(2.5, 2.5), (0.2, 1.0), (3.0, 6.0)])
def test_an_infusion_follows_its_closed_form_and_the_share_retained_tends_to_one_over_one_plus_alpha(alpha, K):
    (course,) = courses("bighamian_2016", [Lane(HOURS, {"alpha_u": alpha, "K": K}, [give("ringer", 0.0, 0.5, 1.75)])])
    assert course.status == "ok"
    dV_b = course.y["V_b"] - healthy_blood()
    np.testing.assert_allclose(dV_b, gained(HOURS, 3.5, 0.5, alpha, K), atol=1e-7)  # 1e-9 a step
    np.testing.assert_allclose(dV_b[-1] / 1.75, 1 / (1 + alpha), rtol=1e-6)


def test_a_bleeding_is_refilled_to_the_share_of_its_own_alpha():
    alpha, K = 0.8, 2.0
    therapy = [give("bleeding", 0.0, 0.5, 0.9)]
    (course,) = courses("bighamian_2016", [Lane(HOURS, {"alpha_v": alpha, "K": K}, therapy)])
    dV_b = course.y["V_b"] - healthy_blood()
    np.testing.assert_allclose(dV_b, -gained(HOURS, 1.8, 0.5, alpha, K), atol=1e-7)
    np.testing.assert_allclose(dV_b[-1], -0.9 / (1 + alpha), rtol=1e-6)


def test_without_alpha_all_of_it_stays():
    therapy = [give("ringer", 0.0, 0.5, 1.0), give("bleeding", 1.0, 2.0, 0.4)]
    (course,) = courses("bighamian_2016", [Lane(HOURS, {"alpha_u": 0.0, "alpha_v": 0.0}, therapy)])
    kept = np.clip(HOURS / 0.5, 0, 1) - 0.4 * np.clip(HOURS - 1, 0, 1)
    np.testing.assert_allclose(course.y["V_b"] - healthy_blood(), kept, atol=1e-10)


def test_it_is_volume_kinetics_without_urine():
    # both shift between two spaces at rates linear in the excess: alpha = k_12 / k_21, K = k_12 + k_21
    k = {"k_12": 3.6, "k_21": 0.9, "k_10": 0.0}
    therapy = [give("ringer", 0.0, 0.5, 1.75), give("ringer", 2.0, 3.0, 0.4)]
    (twin,) = courses("volume_kinetics", [Lane(HOURS, k, therapy)])
    (course,) = courses("bighamian_2016", [Lane(HOURS, {"alpha_u": 3.6 / 0.9, "K": 3.6 + 0.9}, therapy)])
    np.testing.assert_allclose(course.y["V_b"] - healthy_blood(), twin.y["x_c"], atol=1e-7)  # 1e-9 a step, each


def test_transfused_red_cells_stay_and_shift_nothing():
    (course,) = courses("bighamian_2016", [Lane(HOURS, {}, [give("red_cells", 0.0, 1.0, 0.36)])])
    given = 0.36 * np.clip(HOURS, 0, 1)
    np.testing.assert_allclose(course.y["V_b"] - healthy_blood(), given, atol=1e-12)
    np.testing.assert_allclose(course.y["V_r"] - course.y["V_r"][0], given, atol=1e-12)
    np.testing.assert_allclose(course.seen["plasma_volume"], 3.0, rtol=1e-12)


def test_bleeding_alone_does_not_change_the_haematocrit_but_the_refill_does():
    bleeding = [give("bleeding", 0.0, 0.5, 0.9)]
    shut, refilled = courses("bighamian_2016", [Lane(HOURS, change, bleeding) for change in ({"K": 0.0}, {})])
    np.testing.assert_allclose(shut.seen["hematocrit"], 0.42, rtol=1e-8)  # a share of two solved states
    assert refilled.seen["hematocrit"][-1] < 0.40
    np.testing.assert_allclose(refilled.seen["hemoglobin"], 333.0 * refilled.seen["hematocrit"], rtol=1e-12)


def test_every_litre_is_in_blood_or_has_shifted():
    """What leaves the blood by the shift is water given less water kept: V_b + shifted = in - out."""
    hours = np.linspace(0.0, 6.0, 49)
    (course,) = courses("bighamian_2016", [Lane(hours, {}, [give("ringer", 0.0, 1.0, 1.0)])])
    shift = course.seen["fluid_shift"]
    shifted = np.concatenate([[0.0], np.cumsum((shift[1:] + shift[:-1]) / 2 * np.diff(hours))])
    balance = course.y["V_b"] - healthy_blood() + shifted - np.clip(hours, 0, 1)
    np.testing.assert_allclose(balance, 0.0, atol=4e-3)  # the trapezium: h^2/12 times the change of slope, 2.5 L/h2
