"""The published model keeps its own steady state, its balances, and turns into volume kinetics."""

import numpy as np
import pytest
from courses import Lane, courses, give
from scipy.integrate import solve_ivp

from cls_infer.model import load_model
from cls_infer.physiology import solute_flux
from cls_infer.physiology.inputs import REST

HOURS = np.array([0.0, 0.25, 0.5, 1.0, 2.0, 5.0, 12.0, 48.0])


@pytest.fixture(scope="module")
def healthy():
    model = load_model("xie_1995")
    p = model.reference()
    h = model.health(p)
    y = model.initial(p, h)
    return p, h, y, model.flows(0.0, y, p, h, REST)


def test_the_published_fluxes_balance_in_health(healthy):
    _, _, _, f = healthy
    np.testing.assert_allclose(f.J_v, 75.74e-3, rtol=1e-12)  # a closed form: rounding
    np.testing.assert_allclose(f.J_lymph, 75.74e-3, rtol=1e-12)
    np.testing.assert_allclose(f.J_s, f.returned, rtol=1e-12)
    np.testing.assert_allclose(f.J_s, 1.27, atol=0.005)  # g/h both ways; half of the last printed digit
    np.testing.assert_allclose(f.TER, 0.023, atol=0.0005)


def test_what_is_exact_is_as_printed_and_what_follows_lies_near(healthy):
    p, h, y, f = healthy
    exact = {"V_p": 3.2, "V_i": 8.4, "A_p": 126.1}
    for state, printed in exact.items():
        np.testing.assert_allclose(getattr(y, state), printed, rtol=1e-12, err_msg=state)
    np.testing.assert_allclose((h.V_ex, f.P_i), (2.1, -0.7), rtol=1e-12)
    np.testing.assert_allclose(f.pi_p, 25.9, atol=0.05)
    np.testing.assert_allclose(p.k_pi * f.C_iA, 14.7, atol=0.05)
    # the published set misses its own albumin balance by 0.3 %: interstitial albumin gives way by half of it
    np.testing.assert_allclose(y.A_i, 141.1, rtol=0.002)
    np.testing.assert_allclose(f.P_c, 11.0, atol=0.05)


def test_the_printed_numbers_themselves_are_apart(healthy):
    """Why interstitial albumin cannot be 141.1 g: physiology.md 4.2 has 1.268 g/h out and 1.272 g/h back."""
    out = solute_flux(75.74e-3, 0.9888, 73.01e-3, 126.1 / 3.2, 141.1 / 6.3)
    np.testing.assert_allclose(out, 1.268, atol=0.0005)
    np.testing.assert_allclose(75.74e-3 * 141.1 / 8.4, 1.272, atol=0.0005)


def test_the_printed_pressures_give_the_printed_filtration():
    # 121.05 mL/h/mmHg (11.7 - 0.9888 * 11.2 mmHg) = 75.71 mL/h: pressures to 0.1 mmHg, hence 0.04 % by luck
    np.testing.assert_allclose(121.05 * (11.7 - 0.9888 * (25.9 - 14.7)), 75.71, atol=0.005)


def test_the_interstitial_curve_is_that_of_the_source():
    model = load_model("xie_1995")
    p = model.reference()
    h = model.health(p)
    y = model.initial(p, h)
    for V in (7.0, 8.4, 9.0, 9.5, 9.9, 10.3, 11.0, 14.0):
        pieces = -7.2 + 1.82 * (V - 5) if V < 9.5 else 1 + 1.25 * (V - 9.5) if V < 10.3 else 2 + 0.05 * (V - 10.3)
        P_i = model.flows(0.0, y._replace(V_i=V), p, h, REST).P_i
        # Chapple's is -1.012 mmHg at 8.4 L where Xie's is -0.7; one smooth knee for two corners, 0.1 mmHg
        np.testing.assert_allclose(P_i + 0.7, pieces + 1.012, atol=0.1)


def test_without_oncotic_pressure_and_knee_it_is_volume_kinetics():
    # what remains is linear: k_12 = K_F / C_c, k_21 = (K_F + LS) m_lo
    linear = {"k_pi": 0.0, "f_knee": 3.0, "V_p0": 3.2, "V_i0": 8.4}
    k = {"k_12": 0.12105 / 0.10, "k_21": (0.12105 + 0.04308) * 1.82, "k_10": 0.0, "V_c": 3.2}
    therapy = [give("ringer", 0.0, 0.5, 0.8), give("crrt_ultrafiltrate", 2.0, 5.0, 0.4)]
    (xie,) = courses("xie_1995", [Lane(HOURS, linear, therapy)])
    (simple,) = courses("volume_kinetics", [Lane(HOURS, k, therapy)])
    # the rounded corner of lymph flow bends the line by e^-15 = 3e-7 of its slope
    np.testing.assert_allclose(xie.y["V_p"] - 3.2, simple.y["x_c"], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(xie.y["V_i"] - 8.4, simple.y["x_1"], rtol=1e-6, atol=1e-8)


def published_rates(y, water, albumin):
    """The equations of physiology.md 4.2 as they stand there, hard corner and all; the curve below its knee."""
    V_p, V_i, A_p, A_i = y
    pi_p, pi_i = 0.657 * A_p / V_p, 0.657 * A_i / (V_i - 2.1)
    # the capillary pressure in health at which fluid balances, 11.0 as printed
    C_i0 = 22.364627
    P_c0 = -0.7 + 0.9888 * 0.657 * (126.1 / 3.2 - C_i0) + 0.07574 / 0.12105
    P_c, P_i = P_c0 + (V_p - 3.2) / 0.10, -0.7 + 1.82 * (V_i - 8.4)
    J_v = 0.12105 * (P_c - P_i - 0.9888 * (pi_p - pi_i))
    Pe = J_v * (1 - 0.9888) / 0.07301
    J_s = J_v * (1 - 0.9888) * (A_p / V_p - A_i / (V_i - 2.1) * np.exp(-Pe)) / (1 - np.exp(-Pe))
    J_L = max(0.0, 0.07574 + 0.04308 * (P_i + 0.7))
    back = J_L * A_i / V_i
    return [J_L - J_v + water, J_v - J_L, back - J_s + albumin, J_s - back]


def test_the_equations_are_those_of_the_source():
    """An albumin infusion as another solver has it, from another writing of the same equations."""
    start = [3.2, 8.4, 126.1, 22.364627 * 6.3]
    first = solve_ivp(lambda t, y: published_rates(y, 0.2, 40.0), (0, 1), start, rtol=1e-10, atol=1e-10, method="LSODA")
    late = solve_ivp(
        lambda t, y: published_rates(y, 0.0, 0.0),
        (1, 48),
        first.y[:, -1],
        t_eval=HOURS[HOURS > 1],
        rtol=1e-10,
        atol=1e-10,
        method="LSODA",
    )
    # a knee far away leaves the straight line below it
    (course,) = courses("xie_1995", [Lane(HOURS, {"f_knee": 3.0}, [give("albumin_20", 0.0, 1.0, 0.2)])])
    for state, expected in zip(("V_p", "V_i", "A_p", "A_i"), late.y, strict=True):
        # C_i0 above to 8 figures; lymph's corner rounded to 1e-6
        np.testing.assert_allclose(course.y[state][HOURS > 1], expected, rtol=1e-5, err_msg=state)


def test_water_and_albumin_stay_until_removed():
    therapy = [
        give("ringer", 0.0, 0.5, 1.5),
        give("albumin_20", 1.0, 2.0, 0.2),
        give("crrt_ultrafiltrate", 5.0, 12.0, 0.7),
    ]
    (course,) = courses("xie_1995", [Lane(HOURS, {}, therapy)])
    assert course.status == "ok"
    y = course.y
    water = 1.5 * np.clip(HOURS / 0.5, 0, 1) + 0.2 * np.clip(HOURS - 1, 0, 1) - 0.7 * np.clip((HOURS - 5) / 7, 0, 1)
    # one-step methods keep what is linear in the states to rounding
    np.testing.assert_allclose(y["V_p"] + y["V_i"] - 11.6, water, atol=1e-10)
    protein = y["A_p"] + y["A_i"]
    np.testing.assert_allclose(protein - protein[0], 40.0 * np.clip(HOURS - 1, 0, 1), atol=1e-8)
    np.testing.assert_allclose(course.seen["weight_change"], water, atol=1e-10)


def test_an_infusion_dilutes_albumin_and_red_cells_then_leaves_for_the_tissue():
    (course,) = courses("xie_1995", [Lane(HOURS, {}, [give("saline_0.9", 0.0, 0.5, 1.75)])])
    gained = (course.y["V_p"] - 3.2) / 1.75
    end, late = list(HOURS).index(0.5), list(HOURS).index(5.0)
    assert 0.4 < gained[end] < 1 and 0 < gained[late] < gained[end]
    assert course.seen["hematocrit"][end] < 0.40 and course.seen["albumin"][end] < 35.0
