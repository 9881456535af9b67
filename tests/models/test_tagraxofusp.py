"""The leak of tagraxofusp: the printed courses, its limits and its balances."""

import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.model import load_model

DOSES = [give("crystalloid", 24.0 * day, 24.0 * day + 1, 0.25) for day in range(5)]
DRINKING = give("oral_intake", 0.0, 1000.0, 1.1)
ALBUMIN = [give("albumin_20", 96.0 + 24 * day, 98.0 + 24 * day, 0.125) for day in range(5)]
HARD_CORNER = {"w_corner": 0.0}

# outputs/t12_misc.txt: albumin nadir [g/L] and its day, weight gained [kg] and the day of its peak,
# largest haematocrit, the first day below 33 g/L, the first day back at 35 g/L
PRINTED = {
    2.0: (33.6, 6.2, 1.8, 6.7, 0.323, None, 9.0),
    3.0: (30.9, 6.5, 3.8, 7.8, 0.335, 4.8, 10.0),
    4.0: (27.9, 6.7, 7.1, 9.5, 0.364, 4.0, 12.0),
    6.0: (24.5, 6.4, 11.2, 11.3, 0.408, 3.6, 14.5),
}


def around(day: float) -> set[float]:
    """The hours about a printed day: the reference looked every hour."""
    return {round(24 * day) + hour for hour in range(-3, 4)}


@pytest.fixture(scope="module")
def printed():
    lanes = []
    for M, (_, nadir, _, heaviest, _, fallen, back) in PRINTED.items():
        hours = set(np.arange(0.0, 400.0, 24.0)) | around(nadir) | around(heaviest) | around(back)
        hours |= around(fallen) if fallen else set()
        hours |= {126.0, 146.0, 147.0}  # where haematocrit peaks
        lanes.append(Lane(sorted(hours), {"M": M, **HARD_CORNER}, [DRINKING, *DOSES]))
    return dict(zip(PRINTED, courses("tagraxofusp", lanes), strict=True)), dict(zip(PRINTED, lanes, strict=True))


@pytest.mark.parametrize("M", PRINTED)
def test_the_printed_courses_are_reproduced(printed, M):
    nadir, nadir_day, gain, gain_day, highest, fallen_day, back_day = PRINTED[M]
    course, days = printed[0][M], np.array(printed[1][M].times) / 24
    assert course.status == "ok"
    albumin, weight = course.seen["albumin"], course.y["V_p"] + course.y["V_i"] - 14.0
    lowest = np.argmin(albumin)
    # half of the last printed digit; days besides to a rounding of a whole hour of the reference's grid
    np.testing.assert_allclose(albumin[lowest], nadir, atol=0.05)
    np.testing.assert_allclose(days[lowest], nadir_day, atol=0.0501)
    np.testing.assert_allclose(np.max(weight), gain, atol=0.05)
    np.testing.assert_allclose(days[np.argmax(weight)], gain_day, atol=0.0501)
    np.testing.assert_allclose(np.max(course.seen["hematocrit"]), highest, atol=0.0005)
    np.testing.assert_allclose(days[lowest + np.argmax(albumin[lowest:] >= 35.0)], back_day, atol=0.0501)
    if fallen_day:
        np.testing.assert_allclose(days[np.argmax(albumin <= 33.0)], fallen_day, atol=0.0501)
    else:
        assert np.all(albumin > 33.0)


def test_albumin_from_day_five_is_given_after_the_lowest_value():
    hours = np.arange(84.0, 380.0, 12.0)
    (course,) = courses("tagraxofusp", [Lane(hours, {"M": 3.0, **HARD_CORNER}, [DRINKING, *DOSES, *ALBUMIN])])
    albumin = course.seen["albumin"]
    # printed: nadir 34.5 on day 4.0, which is the moment before the first of it
    np.testing.assert_allclose(np.min(albumin), 34.5, atol=0.05)
    assert hours[np.argmin(albumin)] == 96.0


def test_the_rounded_corner_changes_albumin_by_less_than_its_noise():
    hours = np.arange(0.0, 400.0, 12.0)
    hard, rounded = courses("tagraxofusp", [Lane(hours, {"M": 3.0, **change}) for change in (HARD_CORNER, {})])
    far = np.max(np.abs(hard.seen["albumin"] - rounded.seen["albumin"]))
    assert 0.01 < far < 0.25  # noise 1.5 g/L


def test_a_drive_long_risen_that_never_closes_is_a_constant_leak():
    hours = (0.0, 1.0, 6.0, 24.0, 72.0)
    open_wide = {"M": 5.0, "t_half": -1e4, "D": 1e6, "f_syn": 1.0, "Hct0": 0.42, "C_A0": 42.0}
    (drug,) = courses("tagraxofusp", [Lane(hours, open_wide)])
    (leak,) = courses("two_pore", [Lane(hours, {"m_L": 5.0})])
    for state in leak.y:
        # the rounded corner, a million hours away, leaves w^2 / 4x / t_off = 1e-7 of the drive
        np.testing.assert_allclose(drug.y[state], leak.y[state], rtol=1e-6, err_msg=state)


def test_without_an_effect_the_patient_stays_as_before():
    (course,) = courses("tagraxofusp", [Lane((0.0, 50.0, 150.0, 400.0), {"M": 1.0, "f_syn": 1.0})])
    for state in set(course.y) - {"U", "H"}:
        np.testing.assert_allclose(course.y[state], course.y[state][0], rtol=1e-12, err_msg=state)


def test_what_is_not_made_is_missing_from_the_albumin_of_the_body():
    """Without breakdown to follow it, the pool lacks the integral of the shortfall."""
    hours = np.linspace(0.0, 300.0, 31)
    (course,) = courses("tagraxofusp", [Lane(hours, {"M": 1.0, "f_syn": 0.5, **HARD_CORNER})])
    pool, plasma = course.y["A_p"] + course.y["A_i"], course.y["A_p"]
    # dP/dt = k (A_0 - A_p) - (1 - f) E k A_0, both integrals by the trapezium every 10 h
    change = 0.004 * (plasma[0] - plasma) - 0.5 * course.seen["drive"] * 0.004 * plasma[0]
    total = np.concatenate([[0.0], np.cumsum((change[1:] + change[:-1]) / 2 * np.diff(hours))])
    assert pool[-1] < pool[0] - 10.0
    # the trapezium's error, h^2/12 times the change of slope of the shortfall: 0.23 g/h over 18 h, at most 0.1 g
    np.testing.assert_allclose(pool - pool[0], total, atol=0.1)


def test_every_litre_is_accounted_for():
    hours = np.arange(0.0, 300.0, 20.0)
    (course,) = courses("tagraxofusp", [Lane(hours, {"M": 6.0}, DOSES)])
    y = course.y
    given = 0.25 * sum(np.clip(hours - 24.0 * day, 0, 1) for day in range(5))
    held = y["V_p"] + y["V_i"] + y["V_r"]
    np.testing.assert_allclose(held - held[0], given + 0.060 * hours - y["U"], atol=1e-9)


def test_a_charted_onset_moves_the_drive():
    half = load_model("tagraxofusp").parameters["t_half"]
    assert (half.prior_of({}).mean, half.prior_of({"onset": 130.0, "onset_sd": 12.0}).mean) == (96.0, 130.0)
    np.testing.assert_allclose(half.prior_of({"onset": -20.0, "onset_gsd": 1.5}).median, -20.0)


def test_the_leak_is_that_of_the_drug_unless_the_chart_names_another():
    M = load_model("tagraxofusp").parameters["M"]
    assert (M.prior_of({}).median, M.prior_of({}).log_sd, M.prior_of({}).shift) == (2.0, 0.6, 1.0)
    assert M.prior_of({"cause": "clarkson"}).median == 9.0
