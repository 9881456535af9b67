"""The models reproduce the reference trajectories, computed apart from this package by another solver.

`tests/data/oracle.json` holds values printed to five decimals.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from courses import Lane, courses, give

from cls_infer.model import load_model
from cls_infer.physiology.inputs import REST

ORACLE = json.loads((Path(__file__).parents[1] / "data" / "oracle.json").read_text())
PRINTED = 0.5e-5  # half of the last digit
STATES = {"Vp": "V_p", "Vi": "V_i"}
SEEN = {
    "Hct": "hematocrit",
    "cAp": "albumin",
    "cAi": "interstitial_albumin",
    "Pc": "capillary_pressure",
    "Pi": "interstitial_pressure",
    "MAP": "map",
    "Jl": "lymph_flow",
    "Ju": "urine_rate",
    "COPp": "oncotic_pressure",
    "TER": "transcapillary_escape_rate",
}
NIL_BY_MOUTH = give("oral_intake", 0.0, 1000.0, 0.0)
SCLS = {
    "M": 10.0,
    "t_0": 24.0,
    "D": 36.0,
    "w_on": 2.0,
    "t_off": 12.0,
    "e_p": 0.04,
    "prodrome_merge": 0.04,  # the reference takes the larger of attack and prodrome,
    "w_corner": 0.0,  # turns a hard corner,
    "intake_attack": 1.0,  # and charts what was drunk
}


def times(name: str) -> list[float]:
    return [float(t) for t in ORACLE[name]]


def experiments() -> dict[str, tuple[str, Lane]]:
    ringer, albumin = "M3_ringer_1.75L_30min_NPO", "M3_alb20_210mL_30min_NPO"
    bleed, leak, veins = "M3_bleed_900mL_20min", "M3_step_mL10", "M3_venous_plus6_40d"
    episode = [
        give("oral_intake", 18.0, 84.0, 0.5),
        give("crystalloid", 32.0, 38.0, 2.4),
        give("crystalloid", 38.0, 60.0, 3.3),
    ]
    return {
        ringer: ("two_pore", Lane(times(ringer), {}, [NIL_BY_MOUTH, give("ringer", 0.0, 0.5, 1.75)])),
        albumin: ("two_pore", Lane(times(albumin), {}, [NIL_BY_MOUTH, give("albumin_20", 0.0, 0.5, 0.21)])),
        bleed: ("two_pore", Lane(times(bleed), {}, [give("bleeding", 0.0, 1 / 3, 0.9)])),
        leak: ("two_pore", Lane(times(leak), {"m_L": 10.0})),
        veins: ("two_pore", Lane(times(veins), {}, [give("venous_pressure", 0.0, 2000.0, 6.0)])),
        "M4_SCLS_M10": ("clarkson_episode", Lane(times("M4_SCLS_M10"), SCLS, episode)),
        "M1_step_leak": (
            "one_pore",
            Lane(times("M1_step_leak"), {"m": 1.0, "x_Kf": 1.5, "x_PS": 4.0, "x_sigma": 0.8}),
        ),
    }


EXPERIMENTS = experiments()


@pytest.fixture(scope="module")
def solved():
    found = {}
    for model in {model for model, _ in EXPERIMENTS.values()}:
        names = [name for name, (of, _) in EXPERIMENTS.items() if of == model]
        found.update(zip(names, courses(model, [EXPERIMENTS[name][1] for name in names]), strict=True))
    return found


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_reference_trajectory_is_reproduced(solved, name):
    course, rows = solved[name], list(ORACLE[name].values())
    assert course.status == "ok"
    for printed in rows[0]:
        seen = "TER" if (printed, name) == ("TER", "M1_step_leak") else SEEN.get(printed)
        found = course.y[STATES[printed]] if printed in STATES else course.seen.get(seen)
        if found is None:  # M1 does not report it
            assert (printed, name) == ("cAi", "M1_step_leak")
            found = course.y["A_i"] / (course.y["V_i"] - 0.25 * 11.0)
        expected = [row[printed] for row in rows]
        # the reference was integrated at 1e-8 to 1e-10 a step over up to 40 days; after the bleeding, which
        # ends at 1/3 h, it was interpolated between points 0.1 h apart
        rtol = 2e-4 if name == "M3_bleed_900mL_20min" else 1e-4
        np.testing.assert_allclose(found, expected, rtol=rtol, atol=PRINTED, err_msg=printed)


def test_the_healthy_two_pore_body_is_that_of_the_reference():
    model, steady = load_model("two_pore"), ORACLE["M3_steady"]
    p = model.reference()
    h = model.health(p)
    f = model.flows(0.0, model.initial(p, h), p, h, REST)
    large = p.LpS * p.alpha_L0
    found = {
        "Pc0": h.loop.P_c0,
        "Pv0": h.loop.P_v0,
        "rho": h.loop.rho,
        "Vu": h.loop.V_u,
        "Vex": h.loop.V_ex,
        "Vb0": h.loop.V_b0,
        "Vr0": h.loop.V_r0,
        "cAi0": h.C_iA0,
        "cGi0": h.C_iG0,
        "Ai0": h.C_iA0 * (p.V_i0 - h.loop.V_ex),
        "JvS": f.wall.J_S,
        "JvL": f.wall.J_L,
        "TER_A": f.TER,
        "TER_G": f.wall.clearance_G / p.V_p0,
        "netA_gph": f.wall.Js_A,
        "fracLP": f.wall.Js_LA / f.wall.Js_A,
        "cop_p": f.pi_p,
        "cop_i": f.pi_i,
        "sig_eff": f.sigma_A,
        "PS_SA": (p.LpS - large) * h.sieve.PS_SA,
        "PS_LA": large * h.sieve.PS_LA,
    }
    for name, number in found.items():
        # both were solved to rounding, in different ways; 1e-12 was asked of the reference's root
        np.testing.assert_allclose(float(number), steady[name], rtol=1e-9, err_msg=name)


def test_the_healthy_one_pore_body_is_that_of_the_reference():
    model, steady = load_model("one_pore"), ORACLE["M1_steady"]
    p = model.reference()
    h = model.health(p)
    found = {
        "PS": h.PS_0,
        "cAi0": h.C_i0,
        "ratio": h.C_i0 / p.C_A0,
        "Pc0": h.loop.P_c0,
        "Pv0": h.loop.P_v0,
        "rho": h.loop.rho,
        "Vu": h.loop.V_u,
    }
    for name, number in found.items():
        np.testing.assert_allclose(float(number), steady[name], rtol=1e-12, err_msg=name)  # closed forms


# m_L, LpS relative to health, sigma_A, PS_A [L/h], initial TER [1/h]: physiology.md 1.4 as printed
LEAKS = [
    (1, 1.00, 0.908, 0.054, 0.051),
    (2, 1.04, 0.875, 0.082, 0.092),
    (4, 1.13, 0.816, 0.139, 0.174),
    (6, 1.21, 0.765, 0.195, 0.255),
    (10, 1.38, 0.682, 0.308, 0.419),
    (15, 1.59, 0.602, 0.449, 0.63),
    (20, 1.80, 0.542, 0.589, 0.828),
]


@pytest.mark.parametrize(("m_L", "LpS", "sigma", "PS", "TER"), LEAKS)
def test_the_number_of_large_pores_moves_the_wall_as_tabulated(m_L, LpS, sigma, PS, TER):
    model = load_model("two_pore")
    p = model.reference({"m_L": float(m_L)})
    h = model.health(p)
    f = model.flows(0.0, model.initial(p, h), p, h, REST)
    # half of the last printed digit, and a last digit that was cut rather than rounded
    assert abs(float(f.LpS) / p.LpS - LpS) < 0.006
    assert abs(float(f.sigma_A) - sigma) < 0.6e-3
    assert abs(float(f.PS_A) - PS) < 0.6e-3
    assert abs(float(f.TER) - TER) < (0.6e-3 if m_L != 15 else 7e-3)  # "~63 %/h"


# what the model says (physiology.md 10), not what was measured
PINNED = {
    "Ringer in plasma at the end of the infusion": 0.48,
    "Ringer in plasma 30 min later": 0.14,
    "largest expansion of plasma by albumin 20 %": 0.115,
    "litres refilled 12 h after 900 mL of bleeding": 0.510,
    "SCLS: haematocrit six hours into the attack": 0.608,
    "SCLS: albumin at the end of the attack": 23.5,
    "SCLS: plasma volume in convalescence": 3.70,
    "SCLS: urine rate in convalescence": 0.351,
}


@pytest.fixture(scope="module")
def responses(solved):
    name = "M3_ringer_1.75L_30min_NPO"
    ringer = dict(zip(times(name), solved[name].y["V_p"], strict=True))
    albumin = solved["M3_alb20_210mL_30min_NPO"].y["V_p"]
    name = "M3_bleed_900mL_20min"
    bled = dict(zip(times(name), solved[name].y["V_p"], strict=True))
    lost = 0.9 * 3.0 / 4.85594  # plasma in 0.9 L of healthy blood
    seen, hours = solved["M4_SCLS_M10"].seen, times("M4_SCLS_M10")
    return {
        "Ringer in plasma at the end of the infusion": (ringer[0.5] - 3) / 1.75,
        "Ringer in plasma 30 min later": (ringer[1.0] - 3) / 1.75,
        "largest expansion of plasma by albumin 20 %": albumin.max() / 3 - 1,
        "litres refilled 12 h after 900 mL of bleeding": bled[12.0] - (3 - lost),
        "SCLS: haematocrit six hours into the attack": seen["hematocrit"][hours.index(30.0)],
        "SCLS: albumin at the end of the attack": seen["albumin"][hours.index(60.0)],
        "SCLS: plasma volume in convalescence": seen["plasma_volume"][hours.index(120.0)],
        "SCLS: urine rate in convalescence": seen["urine_rate"][hours.index(120.0)],
    }


@pytest.mark.parametrize("what", PINNED)
def test_the_published_experiments_come_out_as_documented(responses, what):
    np.testing.assert_allclose(responses[what], PINNED[what], rtol=0.02)
