"""One pore population, plasma and interstitium (M1): the smallest mechanistic leak model.

Starling and Patlak with a single reflection coefficient, albumin alone, all other protein following it
(`physiology.md` 1.1, 1.3, 1.6, 13). The leak `m` from time 0 on moves K_f, sigma and PS together along the
coupling curve of the two-pore wall; it follows `two_pore` within 0.032 of haematocrit and 2.2 g/L of albumin
over a day for m of 2 to 15. `x_Kf`, `x_sigma` and `x_PS` move them apart, which routine data cannot tell.
"""

from typing import Any, NamedTuple

from cls_infer.model import (
    Model,
    Parameter,
    State,
    fixed,
    healthy_one_pore,
    lognormal,
    normal,
    one_pore_imbalance,
    peak_leak,
)
from cls_infer.model.chart import bedside_chart, blood_chart, body_over_time
from cls_infer.model.reference import (
    blood,
    capillary_pressure_in_health,
    circulation,
    interstitium,
    kidney,
    leak_treatments,
    lymph,
    oncotic,
    protein,
)
from cls_infer.model.spec import Derived
from cls_infer.model.two_pore import body_channels
from cls_infer.physiology import (
    central_venous_pressure,
    circulate,
    external_balance,
    fluid_flux,
    haemoglobin,
    net_turnover,
    plasma_lost,
    red_cell_balance,
    solute_flux,
    total_pressure,
    treated_leak,
    unidirectional_clearance,
)

parameters = {
    # the wall in health and its leak
    "m": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    "K_f": Parameter("L/h/mmHg", lognormal(0.21, 0.5), "literature spread factor 5, physiology.md 1.1"),
    "sigma_0": Parameter("1", normal(0.91, 0.02), "homoporous, total protein, 0.80-0.99, physiology.md 1.1"),
    "TER_0": Parameter("1/h", lognormal(0.05, 0.2), "5-6.2 %/h [F]"),
    "alpha": Parameter("1", fixed(0.042), "large-pore share of the coupling curve, physiology.md 13"),
    "sigma_S": Parameter("1", fixed(0.9609), "its small pores, 70 % albumin and 30 % globulin [D]"),
    "sigma_L": Parameter("1", fixed(0.1398), "its large pores [D]"),
    "k_PS": Parameter("1", fixed(0.75), "gain of PS with m, physiology.md 13 [D]"),
    "x_Kf": Parameter("1", fixed(1.0), "expert: extra factor on K_f"),
    "x_sigma": Parameter("1", fixed(1.0), "expert: extra factor on sigma"),
    "x_PS": Parameter("1", fixed(1.0), "expert: extra factor on PS"),
    "R_p": Parameter("1", fixed(26 / 42), "globulin to albumin in plasma, physiology.md 13"),
    "R_i": Parameter("1", fixed(0.42), "globulin to albumin in interstitium, physiology.md 13"),
    **oncotic,
    **blood,
    **protein,
    **interstitium,
    **lymph,
    "J_L0": Parameter("L/h", lognormal(0.20, 0.2), "reference of M1, physiology.md 13"),
    **circulation,
    **kidney,
    **leak_treatments,
}

states = {
    "V_p": State("L", lambda p, h: p.V_p0, floor=0.05, what="volume", place="plasma"),
    "V_i": State("L", lambda p, h: p.V_i0, floor=0.05, what="volume", place="interstitium"),
    "A_p": State("g", lambda p, h: p.C_A0 * p.V_p0, what="albumin", place="plasma"),
    # in the accessible part of the interstitium
    "A_i": State("g", lambda p, h: h.C_i0 * (p.V_i0 - h.loop.V_ex), what="albumin", place="interstitium"),
    "V_r": State("L", lambda p, h: h.loop.V_r0, what="volume", place="red cells"),
    "U": State("L", lambda p, h: 0.0 * p.V_p0, what="volume", place="urine"),  # since the start
}


class Flows(NamedTuple):
    V_p: Any
    V_i: Any
    U: Any
    C_pA: Any
    C_iA: Any
    circulation: Any
    J_v: Any
    J_s: Any
    K_f: Any
    sigma: Any
    PS: Any
    TER: Any
    hemoglobin: Any
    CVP: Any
    weight_change: Any


def flows(t, y, p, h, u):
    c = circulate(y.V_p, y.V_i, y.V_r, u, h.loop, p)
    C_pA, C_iA = y.A_p / y.V_p, y.A_i / (y.V_i - h.loop.V_ex)
    m = treated_leak(p.m, u, p)
    K_f = p.x_Kf * p.K_f * (1 + p.alpha * (m - 1))
    large = p.alpha * m
    open_sigma = ((1 - p.alpha) * p.sigma_S + large * p.sigma_L) / (1 - p.alpha + large)
    shut_sigma = (1 - p.alpha) * p.sigma_S + p.alpha * p.sigma_L
    sigma = p.x_sigma * p.sigma_0 * open_sigma / shut_sigma
    PS = p.x_PS * h.PS_0 * (1 + p.k_PS * (m - 1))
    dpi = total_pressure(C_pA, p.R_p * C_pA, p) - total_pressure(C_iA, p.R_i * C_iA, p)
    J_v = fluid_flux(K_f, c.P_c - c.P_i, sigma * dpi)
    return Flows(
        V_p=y.V_p,
        V_i=y.V_i,
        U=y.U,
        C_pA=C_pA,
        C_iA=C_iA,
        circulation=c,
        J_v=J_v,
        J_s=solute_flux(J_v, sigma, PS, C_pA, C_iA),
        K_f=K_f,
        sigma=sigma,
        PS=PS,
        TER=unidirectional_clearance(J_v, sigma, PS) / y.V_p,
        hemoglobin=haemoglobin(c.hematocrit, p.MCHC),
        CVP=central_venous_pressure(c.P_v, h.loop.P_v0, p.CVP0, p.g_CVP),
        weight_change=p.rho_w * (y.V_p + y.V_i + y.V_r - p.V_p0 - p.V_i0 - h.loop.V_r0),
    )


def rates(f, y, p, h, u):
    c = f.circulation
    lost, returned = plasma_lost(c, u), c.J_lymph * f.C_iA
    turnover = net_turnover(y.A_p, p.C_A0 * p.V_p0, p.k_deg_A, u.albumin_synthesis)
    return {
        "V_p": -f.J_v + c.J_lymph + external_balance(c, u.intake, u, p),
        "V_i": f.J_v - c.J_lymph,
        "A_p": -f.J_s + returned + turnover + u.albumin - (lost + u.albuminuria) * f.C_pA,
        "A_i": f.J_s - returned,
        "V_r": red_cell_balance(c, u),
        "U": c.J_urine,
    }


model = Model(
    __doc__,
    parameters,
    states,
    healthy_one_pore,
    flows,
    rates,
    observables=blood_chart | bedside_chart,
    derived={
        "sigma": Derived("1", lambda f: f.sigma),
        "K_f": Derived("L/h/mmHg", lambda f: f.K_f),
        "PS": Derived("L/h", lambda f: f.PS),
        "TER": Derived("1/h", lambda f: f.TER),
        "plasma_volume": Derived("L", lambda f: f.V_p),
        **body_over_time,
    },
    channels=tuple(channel for channel in body_channels if channel != "globulin"),
    healthy_ranges=capillary_pressure_in_health,
    imbalance=one_pore_imbalance,
)
