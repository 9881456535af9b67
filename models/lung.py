"""Two-pore body with a lung (M6): oedema of the lung by pressure and by leak.

The lung lies beside the body's tissue, on the same plasma: a wall, an interstitium and lymph of its own, and
alveoli that flood when the interstitium is full and clear water faster than protein, after `physiology.md` 13 and
14.1. From time 0 on its capillaries have the pressure `P_cl` and `m_Ll` times the healthy number of large pores.
`P_cl` is given, not tied to the body's circulation. Flux is positive from plasma to interstitium.

Where the lung exchanges nothing, its `LpS_l` and `J_Ll0` near 0, it is `two_pore`.
"""

from cls_infer.model import (
    Derived,
    HealthyRange,
    Observable,
    Parameter,
    State,
    fixed,
    healthy_two_pore_lung,
    lognormal,
    normal,
    normal_noise,
    peak_leak,
    two_pore_lung_imbalance,
)
from cls_infer.model.two_pore import (
    two_pore_chart,
    two_pore_healthy_ranges,
    two_pore_model,
    two_pore_over_time,
    two_pore_parameters,
    two_pore_states,
)
from cls_infer.model.within import within
from cls_infer.physiology import treated_leak, two_pore_lung_flows, two_pore_lung_rates


def lung_leak(patient):
    """ARDS leaks in the lung; any other illness may."""
    if patient.get("cause") == "ards":
        return lognormal(5.0, 0.7, shift=1.0)
    return lognormal(0.5, 1.2, shift=1.0)


def fluid_clearance(patient):
    """ARDS halves what alveoli clear."""
    return lognormal(0.06, 0.6) if patient.get("cause") == "ards" else lognormal(0.12, 0.4)


parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    # the illness of the lung
    "m_Ll": Parameter("1", lung_leak, "ARDS 5-12, physiology.md 13, its script [D]; else [A]", reference=1.0),
    "P_cl": Parameter("mmHg", lognormal(11.0, 0.4), "healthy 9, failing heart 15-30 [A]", reference=9.0),
    "AFC": Parameter("1/h", fluid_clearance, "ARDS 0.06, else 0.12-0.13; Ware & Matthay 2001 [F]", reference=0.12),
    **two_pore_parameters,
    # wall and lymph of the lung
    "LpS_l": Parameter("L/h/mmHg", lognormal(0.004, 0.4), "sheep 1.1-1.6 mL/h/mmHg, scaled [F], physiology.md 14.1"),
    "alpha_Ll": Parameter("1", lognormal(0.15, 0.3), "physiology.md 14.1 [A]"),
    "r_Sl": Parameter("nm", fixed(5.0), "physiology.md 13 [A]"),
    "r_Ll": Parameter("nm", fixed(25.0), "as in the body [F]"),
    "P_cl0": Parameter("mmHg", fixed(9.0), "physiology.md 13 [A]"),
    "J_Ll0": Parameter("L/h", lognormal(0.011, 0.4), "physiology.md 14.1 [A]"),
    "J_max_ratio_l": Parameter("1", fixed(12.0), "physiology.md 13; sheep 10 [F Brigham]"),
    "lambda_Ll": Parameter("1/mmHg", fixed(0.25), "physiology.md 13 [A]"),
    # interstitium of the lung
    "V_l0": Parameter("L", lognormal(0.20, 0.15), "physiology.md 14.1 [A]", proportional_to="BW"),
    "V_cell": Parameter("L", lognormal(0.25, 0.15), "cells, physiology.md 14.1 [A]", proportional_to="BW"),
    "f_ex_l": Parameter("1", fixed(0.25), "physiology.md 13 [A]; rabbit 0.66, less in oedema [F]"),
    "m_lo_l": Parameter("mmHg/L", fixed(40.0), "slope below the knee, physiology.md 13 [A]"),
    "m_hi_l": Parameter("mmHg/L", fixed(6.0), "slope above it, same"),
    "f_knee_l": Parameter("1", fixed(1.35), "same"),
    "w_knee_l": Parameter("L", fixed(0.02), "same"),
    # alveoli
    "k_flood": Parameter("1/h", fixed(3.0), "physiology.md 13 [A]"),
    "f_flood": Parameter("1", fixed(1.45), "same"),
    "w_flood": Parameter("L", fixed(0.01), "same"),
    "k_clear": Parameter("1/h", fixed(0.013), "protein: 6 % of albumin in 5 h, dog lung [F]; physiology.md: 0"),
    "V_sample": Parameter("L", fixed(0.001), "interstitial fluid in a sample of oedema fluid [A]"),
    "mL_per_L": Parameter("mL/L", fixed(1000.0), "lung water is charted in mL/kg"),
}

states = {
    **two_pore_states,
    "V_l": State("L", lambda p, h: p.V_l0, floor=0.01, what="volume", place="lung"),
    "A_l": State("g", lambda p, h: h.lung.C_lA0 * (p.V_l0 - h.lung.V_ex), what="albumin", place="lung"),
    "G_l": State("g", lambda p, h: h.lung.C_lG0 * (p.V_l0 - h.lung.V_ex), what="other protein", place="lung"),
    # beyond the lining of health
    "V_a": State("L", lambda p, h: 0.0 * p.V_l0, what="volume", place="alveoli"),
    "A_a": State("g", lambda p, h: 0.0 * h.lung.C_lA0, what="albumin", place="alveoli"),
    "G_a": State("g", lambda p, h: 0.0 * h.lung.C_lG0, what="other protein", place="alveoli"),
}


def flows(t, y, p, h, u):
    m_L, m_Ll = treated_leak(p.m_L, u, p), treated_leak(p.m_Ll, u, p)
    return two_pore_lung_flows(y, p, h, u, m_L=m_L, intake=u.intake, P_cl=p.P_cl, m_Ll=m_Ll)


lung_chart = {
    "evlwi": Observable("mL/kg", lambda f: f.lung.EVLWI, normal_noise(1.5)),
    "oedema_to_plasma_protein": Observable("1", lambda f: f.lung.oedema_to_plasma, normal_noise(0.06)),
    "lung_lymph_to_plasma_protein": Observable("1", lambda f: f.lung.lymph_to_plasma, normal_noise(0.05)),
}

lung_over_time = {
    "lung_interstitial_volume": Derived("L", lambda f: f.lung.V_l),
    "lung_interstitial_pressure": Derived("mmHg", lambda f: f.lung.P_l),
    "lung_lymph_flow": Derived("L/h", lambda f: f.lung.J_lymph),
    "alveolar_fluid": Derived("L", lambda f: f.lung.V_a),
}

lymph_in_health = {
    "lung_lymph_to_plasma_protein": HealthyRange(
        "1",
        lambda p, h: (h.lung.C_lA0 + h.lung.C_lG0) / (p.C_A0 + p.C_G0),
        normal(0.65, 0.08),
        "sheep 0.69 [F Staub 1975], reference adult 0.59 [D]; physiology.md 10",
    ),
}

model = two_pore_model(
    __doc__,
    parameters,
    flows,
    states=states,
    health=healthy_two_pore_lung,
    rates=two_pore_lung_rates,
    observables=within("body", two_pore_chart) | lung_chart,
    derived=within("body", two_pore_over_time) | lung_over_time,
    healthy_ranges=two_pore_healthy_ranges | lymph_in_health,
    imbalance=two_pore_lung_imbalance,
)
