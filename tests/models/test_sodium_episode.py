"""Sodium in an attack: the attack without sodium, sodium without an attack, what is conserved, what fluids do."""

import numpy as np
import pytest
from courses import Lane, courses, give

HOURS = np.array([0.0, 12.0, 24.0, 30.0, 36.0, 48.0, 60.0, 72.0, 96.0, 144.0])
ATTACK = {"M": 10.0, "t_0": 24.0, "D": 30.0, "intake_attack": 0.3}
SALT = [
    give("saline_0.45", 26.0, 36.0, 2.0),
    give("saline_3", 40.0, 42.0, 0.3),
    give("albumin_20", 42.0, 44.0, 0.2),
    give("ringer", 48.0, 60.0, 1.0),
]
SALT_LOST = [*SALT, give("bleeding", 50.0, 51.0, 0.3), give("crrt_ultrafiltrate", 72.0, 90.0, 1.0)]
ISOTONIC = [
    give("crystalloid", 26.0, 36.0, 3.0),
    give("bleeding", 50.0, 51.0, 0.3),
    give("crrt_ultrafiltrate", 72.0, 90.0, 1.0),
]
CLOSED_CELLS = {"k_c": 0.0, "k_free": 0.0}
# urine and drink as plasma, and no pure water lost
ALL_ISOTONIC = {"J_ev": 0.0, "Na_u0": 140.0, "k_tonic": 0.0, "k_filling": 0.0}
SAME_SALT_IN_URINE = {"k_free": 0.0, "k_tonic": 0.0, "k_filling": 0.0}
# sets in at once and never ends, as in the limits of `clarkson_episode`
NO_END = {"M": 8.0, "t_0": 1.0, "w_on": 1e-4, "D": 1e4, "e_p": 0.0, "w_corner": 0.0, "intake_attack": 1.0}
NIL_BY_MOUTH = give("oral_intake", 24.0, 200.0, 0.0)


@pytest.fixture(scope="module")
def solved():
    dry, watered = {**ATTACK, "J_ev": 0.0}, give("dextrose_5", 26.0, 36.0, 3.0)
    return courses(
        "sodium_episode",
        [
            Lane(HOURS, {**ATTACK, **CLOSED_CELLS}, SALT_LOST),
            Lane(HOURS, {**ATTACK, **ALL_ISOTONIC}, ISOTONIC),
            Lane(np.add(HOURS, 1.0), NO_END, [give("saline_3", 5.0, 6.0, 0.3)]),
            Lane(HOURS, {**ATTACK, **SAME_SALT_IN_URINE}, SALT),
            Lane(HOURS, dry, [NIL_BY_MOUTH]),
            Lane(HOURS, dry, [NIL_BY_MOUTH, watered]),
            Lane(HOURS, dry, [NIL_BY_MOUTH, watered, give("saline_3", 50.0, 52.0, 0.5)]),
            Lane(HOURS, dry, [NIL_BY_MOUTH, give("saline_0.9", 26.0, 36.0, 3.0)]),
        ],
    )


@pytest.fixture(scope="module")
def without_sodium():
    lanes = [Lane(HOURS, ATTACK, SALT_LOST), Lane(HOURS, {**ATTACK, "J_ev": 0.0}, ISOTONIC)]
    return courses("clarkson_episode", lanes)


@pytest.mark.parametrize(("lane", "what"), [(0, "closed cells"), (1, "isotonic fluids")])
def test_without_exchange_with_cells_it_is_the_attack(solved, without_sodium, lane, what):
    course, attack = solved[lane], without_sodium[lane]
    assert course.status == attack.status == "ok"
    assert attack.y["V_p"].min() < 2.0  # the leak is real
    for name in attack.y:
        # the same equations, solved to 1e-9 a step on the way through other steps
        np.testing.assert_allclose(course.y[name], attack.y[name], rtol=1e-7, atol=1e-9, err_msg=f"{what}, {name}")
    for seen in attack.seen:
        np.testing.assert_allclose(course.seen[seen], attack.seen[seen], rtol=1e-6, atol=1e-7, err_msg=seen)


def test_isotonic_fluids_and_the_leak_move_no_sodium_concentration(solved):
    np.testing.assert_allclose(solved[1].seen["sodium"], 140.0, rtol=1e-9)  # the solver's 1e-9 a step
    assert np.ptp(solved[1].y["N_e"]) > 50


def test_an_attack_that_never_ends_is_a_constant_leak(solved):
    (leak,) = courses("sodium", [Lane(HOURS, {"m_L": 8.0}, [give("saline_3", 4.0, 5.0, 0.3)])])
    assert solved[2].status == leak.status == "ok"
    for state in set(leak.y) - {"U", "H"}:
        # past the onset what the logistic leaks early and late cancels to second order of its width
        np.testing.assert_allclose(solved[2].y[state][1:], leak.y[state][1:], rtol=1e-7, err_msg=state)


def given(amount: float, start: float, end: float) -> np.ndarray:
    """What has been given by each time."""
    return amount * np.clip((HOURS - start) / (end - start), 0, 1)


def test_every_litre_and_every_millimole_is_accounted_for(solved):
    y = solved[3].y
    assert solved[3].status == "ok"
    # what was drunk is what the balance of water leaves; food and drink hold 100 mmol in each 0.06 of its 0.095 L
    water = y["V_p"] + y["V_i"] + y["V_r"] + y["V_c"]
    into = given(2.0, 26, 36) + given(0.3, 40, 42) + given(0.2, 42, 44) + given(1.0, 48, 60)
    drunk = water - water[0] - into + y["U"] + 0.035 * HOURS
    salt = given(154.0, 26, 36) + given(153.9, 40, 42) + given(29.0, 42, 44) + given(130.0, 48, 60)
    eaten = drunk / 0.095 * 6.0
    # one-step methods keep what is linear in the states to rounding, whatever their tolerance
    np.testing.assert_allclose(y["N_e"] - y["N_e"][0], salt + eaten - 100 * y["U"], atol=1e-10 * y["N_e"][0])
    np.testing.assert_allclose(solved[3].seen["weight_change"], water - water[0], atol=1e-12)
    # healthy intake but for the attack: 0.3 of it from the onset to a day after the leak begins to close, edges apart
    assert drunk[-1] == pytest.approx(0.095 * (144 - 0.7 * 54), rel=1e-3)
    assert np.ptp(y["V_c"]) > 0.5


def test_sodium_follows_what_is_given_not_the_leak(solved):
    untouched, watered, corrected, salted = (course.seen["sodium"] for course in solved[4:])
    at = {hour: i for i, hour in enumerate(HOURS)}
    # nothing in: only urine moves it, and there is next to none
    assert np.ptp(untouched[at[24.0] : at[60.0]]) < 0.5
    # 3 L of water in a closed body, physiology.md 5.7
    assert watered[at[48.0]] == pytest.approx(130.0, abs=0.5)
    assert salted[at[48.0]] == pytest.approx(141.0, abs=0.5)  # 462 mmol and 3 L more
    # 256.5 mmol and half a litre into what is there
    water = sum(solved[5].y[name][at[60.0]] for name in ("V_p", "V_i", "V_c"))
    risen = (water * watered[at[60.0]] + 256.5) / (water + 0.5) - watered[at[60.0]]
    assert corrected[at[60.0]] - watered[at[60.0]] == pytest.approx(risen, rel=0.02)


def test_hypertonic_saline_takes_water_out_of_cells_and_little_of_it_stays_in_plasma(solved):
    watered, corrected = (course.y for course in solved[5:7])
    at = list(HOURS).index(60.0)
    out = watered["V_c"][at] - corrected["V_c"][at]
    plasma = corrected["V_p"][at] - watered["V_p"][at]
    assert 0.6 < out < 1.3
    assert 0 < plasma < 0.3 * (0.5 + out)
