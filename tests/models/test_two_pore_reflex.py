"""The body with a reflex and late lymph: `two_pore` as its limit, what each of the two does, balances, oedema.

No reference script has this body: its values are calibrated (`docs/evidence/misses.md`), and what they give of the
published rows is pinned in `data/validation`.
"""

import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.model import load_model
from cls_infer.physiology import constricted_fraction, lymph_lag

HOURS = (0.0, 0.5, 1.0, 2.0, 6.0, 12.0, 24.0)
NIL_BY_MOUTH = give("oral_intake", 0.0, 24.0, 0.0)
THERAPY = [
    NIL_BY_MOUTH,
    give("ringer", 0.5, 1.0, 1.0),
    give("bleeding", 6.0, 6.5, 0.4),
    give("albumin_20", 8.0, 9.0, 0.1),
]
BLEED = [give("bleeding", 0.0, 1 / 3, 0.7)]
BLEED_HOURS = (0.0, 1 / 3, 1.0, 4.0, 10.0)
VEINS = [give("venous_pressure", 0.0, 500.0, 6.0)]
NO_TURNOVER = {"k_deg_A": 0.0, "k_deg_G": 0.0}
PLAIN, SLOW = {"m_L": 3.0, "k_rho": 0.0}, {"tau_L": 8.0}
OWN = ("LpS", "alpha_L0", "J_L0", "C_v", "J_u0", "k_u")
"""What this body has calibrated anew."""


@pytest.fixture(scope="module")
def calibrated():
    model = load_model("two_pore_reflex")
    return {name: model.reference_value(name) for name in OWN}


@pytest.fixture(scope="module")
def solved():
    lanes = {
        "quick": Lane(HOURS, {**PLAIN, "tau_L": 0.02}, THERAPY),
        "quicker": Lane(HOURS, {**PLAIN, "tau_L": 0.01}, THERAPY),
        "kept": Lane(HOURS, {"m_L": 6.0, **NO_TURNOVER}, THERAPY),
        "reflex": Lane(BLEED_HOURS, {}, BLEED),
        "no reflex": Lane(BLEED_HOURS, {"k_rho": 0.0}, BLEED),
        "saline": Lane(HOURS, {}, [NIL_BY_MOUTH, give("saline_0.9", 0.0, 1.0, 2.0)]),
        "later": Lane(HOURS, SLOW, [NIL_BY_MOUTH, give("saline_0.9", 0.0, 1.0, 2.0)]),
        "veins": Lane((0.0, 500.0), {}, VEINS),
    }
    found = courses("two_pore_reflex", list(lanes.values()))
    assert {one.status for one in found} == {"ok"}
    return dict(zip(lanes, found, strict=True))


@pytest.fixture(scope="module")
def plain(calibrated):
    return courses(
        "two_pore",
        [Lane(HOURS, {**calibrated, "m_L": 3.0}, THERAPY), Lane((0.0, 500.0), calibrated, VEINS)],
    )


def test_health_is_that_of_the_two_pore_body(calibrated):
    model, other = load_model("two_pore_reflex"), load_model("two_pore")
    ours, theirs = model.health(model.reference()), other.health(other.reference(calibrated))
    assert [float(a) for a in (*ours.loop, ours.C_iA0, ours.TER_0)] == pytest.approx(
        [float(a) for a in (*theirs.loop, theirs.C_iA0, theirs.TER_0)], rel=1e-14
    )


def test_without_reflex_and_lag_it_is_two_pore(solved, plain):
    for state, trace in plain[0].y.items():
        quick, quicker = solved["quick"].y[state], solved["quicker"].y[state]
        np.testing.assert_allclose(quicker, trace, rtol=5e-3, atol=1e-4, err_msg=state)
        # what a lag changes is proportional to it: without it nothing is left but its square
        np.testing.assert_allclose(2 * quicker - quick, trace, rtol=1e-4, atol=1e-6, err_msg=state)
    assert np.ptp(plain[0].y["V_p"]) > 0.3


def test_the_reflex_regains_more_of_the_blood_lost(solved):
    on, off = (solved[name].seen["blood_volume"] for name in ("reflex", "no reflex"))
    regained = on - off
    assert np.all(regained[2:] > 0.05)  # L; how much is pinned in data/validation
    pressure = [solved[name].seen["capillary_pressure"][1] for name in ("reflex", "no reflex")]
    assert pressure[0] < pressure[1]
    # rho falls with the loss and comes back with the blood
    rho = solved["reflex"].seen["arteriolar_fraction"]
    assert rho[1] < rho[-1] < rho[0]


def test_the_reflex_is_none_in_health_and_next_to_none_above_it():
    rho = [float(constricted_fraction(V_b, 4.856, 0.08, 2.5, 0.01)) for V_b in (4.856, 1.2 * 4.856, 0.8 * 4.856)]
    assert rho[0] == 0.08
    assert rho[1] == pytest.approx(0.08 * 2 ** (2.5 * 0.01), rel=1e-9)  # ln 2 of the width
    # far from the corner a straight line in the logarithm
    assert rho[2] == pytest.approx(0.08 * np.exp(-2.5 * 0.2) * 2 ** (2.5 * 0.01), rel=1e-9)


def test_late_lymph_lags_what_its_pressure_asks_for(solved):
    flow, due = (solved["saline"].seen[name] for name in ("lymph_flow", "lymph_due"))
    at = list(HOURS).index(1.0)
    assert flow[0] == pytest.approx(due[0], rel=1e-12)
    assert due[at] > 1.2 * flow[at]  # it rises while saline runs
    assert flow[-2] > due[-2]  # and falls behind when tissue empties
    assert float(lymph_lag(0.5, 0.3, 4.0)) == pytest.approx(0.05)


def test_albumin_comes_back_later_with_later_lymph(solved):
    at = list(HOURS).index(6.0)
    assert solved["later"].seen["albumin"][at] < solved["saline"].seen["albumin"][at]


def test_oedema_is_that_of_the_two_pore_body(solved, plain):
    """In a steady state no lag is left: lymph guards against full veins as well as before."""
    reflex, two_pore = (one.seen["interstitial_volume"][1] / 11 for one in (solved["veins"], plain[1]))
    assert reflex == pytest.approx(two_pore, rel=2e-3)  # the reflex sees a slightly fuller circulation
    assert reflex < 1.2


def test_water_and_protein_are_neither_made_nor_lost(solved):
    y, hours = solved["kept"].y, np.array(HOURS)
    held = y["V_p"] + y["V_i"] + y["V_r"] + y["U"]
    ringer = 1.0 * np.clip((hours - 0.5) / 0.5, 0, 1)
    albumin = np.clip(hours - 8.0, 0, 1)
    bled = 0.4 * np.clip((hours - 6.0) / 0.5, 0, 1)
    # one-step methods keep what is linear in the states to rounding
    np.testing.assert_allclose(held - held[0], ringer + 0.1 * albumin - bled - 0.035 * hours, atol=1e-9)
    before = hours <= 6.0  # bleeding takes protein
    for protein in ("A", "G"):
        total = (y[f"{protein}_p"] + y[f"{protein}_i"])[before]
        np.testing.assert_allclose(total, total[0], rtol=1e-10, err_msg=protein)
