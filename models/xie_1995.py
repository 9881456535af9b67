"""Plasma and interstitium with albumin alone, lymph linear in pressure: the published human model.

Xie, Reed, Bowen and Bert (1995, Am J Physiol), with its own constants as `physiology.md` 4.2 gives them. They
agree to 0.3 % in health, and one set must give way: the wall, the lymph flow, plasma and interstitial pressure
are the published numbers exactly; interstitial albumin and capillary pressure follow from them, 140.9 g where
141.1 is printed and 10.997 mmHg where 11.0 is. Lymph carries the concentration of the whole interstitium.

Neither kidney nor turnover: what is given stays until it is charted as removed. Red cells, of a constant volume,
are added for the chart's haematocrit. Flux is positive from plasma to interstitium.

Without oncotic pressure and knee its volumes are those of `volume_kinetics`: k_12 = K_F / C_c,
k_21 = (K_F + LS) m_lo, k_10 = 0.
"""

from typing import Any, NamedTuple

from cls_infer.model import (
    Derived,
    Model,
    Observable,
    Parameter,
    State,
    fixed,
    logit_normal,
    lognormal,
    normal,
    normal_noise,
)
from cls_infer.model.chart import bedside_chart, blood_chart, protein_chart, research_chart
from cls_infer.model.reference import healthy_albumin, healthy_hematocrit, weight
from cls_infer.physiology import (
    fluid_flux,
    haematocrit,
    haemoglobin,
    linear_lymph_flow,
    pressure_of_tissue,
    red_cell_volume,
    solute_flux,
    steady_interstitial_ratio,
    unidirectional_clearance,
)


def albumin_before(patient):
    """The patient's own, else the published 126.1 g in 3.2 L."""
    return healthy_albumin(patient) if "baseline_albumin" in patient else normal(126.1 / 3.2, 3.0)


parameters = {
    # the wall
    "K_F": Parameter("L/h/mmHg", lognormal(0.12105, 0.5), "121.05 mL/h/mmHg, physiology.md 4.2 [M]"),
    "sigma": Parameter("1", logit_normal(0.9888, 0.5), "physiology.md 4.2 [M], spread [A]"),
    "PS": Parameter("L/h", lognormal(0.07301, 0.4), "73.01 mL/h, physiology.md 4.2 [M], spread [A]"),
    "k_pi": Parameter("mmHg/(g/L)", fixed(0.657), "physiology.md 2 and 4.2 [M]"),
    # lymph
    "J_L0": Parameter("L/h", lognormal(0.07574, 0.4), "75.74 mL/h, physiology.md 4.2 [M], spread as 14.1"),
    "LS": Parameter("L/h/mmHg", lognormal(0.04308, 0.5), "43.08 mL/h/mmHg, physiology.md 4.2 [M], spread as 14.1"),
    "w_lymph": Parameter("L/h", fixed(0.005), "rounded corner at no flow [A]"),
    # volumes and plasma
    "BW": Parameter("kg", weight, "reference 70 kg; unknown adult [A]", reference=70.0),
    "V_p0": Parameter("L", lognormal(3.2, 0.12), "physiology.md 4.2 [M]", proportional_to="BW"),
    "V_i0": Parameter("L", lognormal(8.4, 0.15), "physiology.md 4.2 [M]", proportional_to="BW"),
    "f_ex": Parameter("1", fixed(0.25), "V_ex 2.1 of 8.4 L, physiology.md 4.2 [M]"),
    "C_A0": Parameter("g/L", albumin_before, "126.1 g in 3.2 L, physiology.md 4.2 [M]"),
    "Hct0": Parameter("1", healthy_hematocrit, "by sex, physiology.md 13", reference=0.42),
    "F_cell": Parameter("1", fixed(0.91), "F-cell ratio with isotope plasma volume [F]"),
    "MCHC": Parameter("g/L", fixed(333.0), "physiology.md 12"),
    "rho_w": Parameter("kg/L", fixed(1.0), "density of gained fluid"),
    # pressures
    "C_c": Parameter(
        "L/mmHg", lognormal(0.10, 0.4), "unprinted; between 0.064 [M] and 0.17 [D], physiology.md 5.2 [A]"
    ),
    "P_i0": Parameter("mmHg", normal(-0.7, 0.8), "physiology.md 4.2 [M], spread as 14.1"),
    "m_lo": Parameter("mmHg/L", fixed(1.82), "Chapple 1993 fig. A2, as coded by others [F]"),
    "m_hi": Parameter("mmHg/L", fixed(0.05), "same"),
    "f_knee": Parameter("1", fixed(1.20), "same: its two breaks as one knee, within 0.1 mmHg up to 14 L [D]"),
    "w_knee": Parameter("L", fixed(0.25), "same"),
    "f_stiff": Parameter("1", fixed(2.4), "no matter without m_stiff"),
    "m_stiff": Parameter("mmHg/L", fixed(0.0), "the published curve has no stiff limit"),
    "w_stiff": Parameter("L", fixed(0.8), "no matter without m_stiff"),
}

states = {
    "V_p": State("L", lambda p, h: p.V_p0, floor=0.3, what="volume", place="plasma"),
    "V_i": State("L", lambda p, h: p.V_i0, floor=0.05, what="volume", place="interstitium"),
    "A_p": State("g", lambda p, h: p.C_A0 * p.V_p0, what="albumin", place="plasma"),
    # in the accessible part of the interstitium
    "A_i": State("g", lambda p, h: h.C_i0 * (p.V_i0 - h.V_ex), what="albumin", place="interstitium"),
}


class Health(NamedTuple):
    V_ex: Any
    V_r0: Any
    C_i0: Any
    P_c0: Any


class Flows(NamedTuple):
    V_p: Any
    V_i: Any
    C_pA: Any
    C_iA: Any
    P_c: Any
    P_i: Any
    J_v: Any
    J_s: Any
    J_lymph: Any
    returned: Any
    pi_p: Any
    TER: Any
    hematocrit: Any
    hemoglobin: Any
    weight_change: Any


def health(p):
    clearance, drag = unidirectional_clearance(p.J_L0, p.sigma, p.PS), p.J_L0 * (1 - p.sigma)
    C_i0 = p.C_A0 * steady_interstitial_ratio(clearance, drag, p.J_L0 * (1 - p.f_ex))
    P_c0 = p.P_i0 + p.sigma * p.k_pi * (p.C_A0 - C_i0) + p.J_L0 / p.K_F
    return Health(V_ex=p.f_ex * p.V_i0, V_r0=red_cell_volume(p.V_p0, p.Hct0, p.F_cell), C_i0=C_i0, P_c0=P_c0)


def flows(t, y, p, h, u):
    C_pA, C_iA = y.A_p / y.V_p, y.A_i / (y.V_i - h.V_ex)
    P_c = h.P_c0 + (y.V_p - p.V_p0) / p.C_c
    P_i = pressure_of_tissue(y.V_i, p)
    J_v = fluid_flux(p.K_F, P_c - P_i, p.sigma * p.k_pi * (C_pA - C_iA))
    J_lymph = linear_lymph_flow(P_i, p.P_i0, p.J_L0, p.LS, p.w_lymph)
    hematocrit = haematocrit(y.V_p, h.V_r0, p.F_cell)
    return Flows(
        V_p=y.V_p,
        V_i=y.V_i,
        C_pA=C_pA,
        C_iA=C_iA,
        P_c=P_c,
        P_i=P_i,
        J_v=J_v,
        J_s=solute_flux(J_v, p.sigma, p.PS, C_pA, C_iA),
        J_lymph=J_lymph,
        returned=J_lymph * y.A_i / y.V_i,
        pi_p=p.k_pi * C_pA,
        TER=unidirectional_clearance(J_v, p.sigma, p.PS) / y.V_p,
        hematocrit=hematocrit,
        hemoglobin=haemoglobin(hematocrit, p.MCHC),
        weight_change=p.rho_w * (y.V_p + y.V_i - p.V_p0 - p.V_i0),
    )


def rates(f, y, p, h, u):
    return {
        "V_p": f.J_lymph - f.J_v + u.water - u.ultrafiltration,
        "V_i": f.J_v - f.J_lymph,
        "A_p": f.returned - f.J_s + u.albumin,
        "A_i": f.J_s - f.returned,
    }


model = Model(
    __doc__,
    parameters,
    states,
    health,
    flows,
    rates,
    observables={
        "hematocrit": Observable("1", lambda f: f.hematocrit, normal_noise(0.01)),
        "hemoglobin": blood_chart["hemoglobin"],
        "albumin": blood_chart["albumin"],
        "oncotic_pressure": protein_chart["oncotic_pressure"],
        "weight_change": bedside_chart["weight_change"],
        **research_chart,
    },
    derived={
        "interstitial_volume": Derived("L", lambda f: f.V_i),
        "capillary_pressure": Derived("mmHg", lambda f: f.P_c),
        "interstitial_pressure": Derived("mmHg", lambda f: f.P_i),
        "lymph_flow": Derived("L/h", lambda f: f.J_lymph),
    },
    channels=("water", "albumin", "ultrafiltration"),
)
