"""Two-pore wall in open loop (M2): experiments at a prescribed capillary pressure.

The wall, interstitium and lymph of `two_pore` without circulation, kidney and intake (`physiology.md` 8 and 13).
Capillary pressure stays at its healthy value, plus `dP_c` from `t_step` on, plus what raised venous pressure
passes on. From the weight of the tissue come K_f, sigma and the isogravimetric pressure; from its lymph, the
wash-down of protein; from labelled albumin given at time 0, the transcapillary escape rate.

Nothing lowers the pressure as plasma is lost: behind a leak of `m_L` > 1, from time 0 on, the plasma of one body
drains within hours. With a large `V_p0` it is a reservoir that hardly changes. Flux is positive from plasma to
interstitium.
"""

from typing import Any, NamedTuple

from cls_infer.model import Derived, Model, Observable, Parameter, State, fixed, normal_noise
from cls_infer.model.chart import blood_chart, protein_chart, research_chart, wall_over_time
from cls_infer.model.reference import blood, globulin, interstitium, lymph, oncotic, protein, two_pore_wall
from cls_infer.model.steady import balanced_wall, two_pore_imbalance
from cls_infer.model.two_pore import two_pore_healthy_ranges, two_pore_states
from cls_infer.physiology import (
    lymph_flow,
    net_turnover,
    pressure_of_tissue,
    risen,
    total_pressure,
    tracer_flux,
    wall_flux,
    whole_wall,
)

parameters = {
    # the experiment
    "m_L": Parameter("1", fixed(1.0), "number of large pores over that of health, imposed, physiology.md 1.4"),
    "dP_c": Parameter("mmHg", fixed(0.0), "step of capillary pressure, imposed, physiology.md 8.4"),
    "t_step": Parameter("h", fixed(1.0), "its time, imposed, physiology.md 8.4"),
    "w_step": Parameter("h", fixed(1e-3), "its rise, within seconds [A]"),
    "g_cv": Parameter("1", fixed(0.92), "share of venous pressure passed on, 1 - rho of physiology.md 5.2 [D]"),
    "T_0": Parameter("1", fixed(1.0), "tracer in plasma at time 0, share of the dose, physiology.md 8.1"),
    # wall, plasma, interstitium and lymph
    **two_pore_wall,
    **oncotic,
    **{name: blood[name] for name in ("BW", "V_p0", "rho_w")},
    **protein,
    **globulin,
    **interstitium,
    **lymph,
}

states = {
    **{name: two_pore_states[name] for name in ("V_p", "V_i", "A_p", "A_i", "G_p", "G_i")},
    # labelled albumin as a share of the dose
    "T_p": State("1", lambda p, h: p.T_0, what="labelled albumin", place="plasma"),
    "T_i": State("1", lambda p, h: 0.0 * p.T_0, what="labelled albumin", place="interstitium"),
}


class Held(NamedTuple):
    """What takes the place of the closed loop's constants."""

    P_c0: Any
    V_ex: Any


class Health(NamedTuple):
    loop: Held
    sieve: Any
    C_iA0: Any
    C_iG0: Any
    TER_0: Any


class Flows(NamedTuple):
    V_p: Any
    V_i: Any
    C_pA: Any
    C_pG: Any
    C_iA: Any
    C_iG: Any
    P_c: Any
    P_i: Any
    pi_p: Any
    pi_i: Any
    m_L: Any
    wall: Any
    J_v: Any
    J_lymph: Any
    LpS: Any
    sigma_A: Any
    PS_A: Any
    K_L: Any
    TER: Any
    tracer_seen: Any
    C_iT: Any
    J_tracer: Any
    tissue_weight: Any


def health(p):
    b = balanced_wall(p)
    held = Held(P_c0=p.P_i0 + b.dP, V_ex=p.f_ex * p.V_i0)
    return Health(held, b.sieve, b.C_iA, b.C_iG, b.flux.clearance_A / p.V_p0)


def flows(t, y, p, h, u):
    V_av = y.V_i - h.loop.V_ex
    C_pA, C_pG, C_iA, C_iG = y.A_p / y.V_p, y.G_p / y.V_p, y.A_i / V_av, y.G_i / V_av
    P_c = h.loop.P_c0 + p.g_cv * u.venous_pressure + p.dP_c * risen(t, p.t_step, p.w_step)
    P_i = pressure_of_tissue(y.V_i, p)
    wall = wall_flux(P_c - P_i, C_pA, C_pG, C_iA, C_iG, p.m_L, h.sieve, p)
    LpS, sigma_A, PS_A = whole_wall(p.m_L, h.sieve, p)
    return Flows(
        V_p=y.V_p,
        V_i=y.V_i,
        C_pA=C_pA,
        C_pG=C_pG,
        C_iA=C_iA,
        C_iG=C_iG,
        P_c=P_c,
        P_i=P_i,
        pi_p=total_pressure(C_pA, C_pG, p),
        pi_i=total_pressure(C_iA, C_iG, p),
        m_L=p.m_L,
        wall=wall,
        J_v=wall.J_S + wall.J_L,
        J_lymph=lymph_flow(P_i, p.P_i0, p.J_L0, p.J_max_ratio, p.lambda_L),
        LpS=LpS,
        sigma_A=sigma_A,
        PS_A=PS_A,
        K_L=p.LpS * p.alpha_L0 * p.m_L,
        TER=wall.clearance_A / y.V_p,
        tracer_seen=y.T_p * p.V_p0 / y.V_p,
        C_iT=y.T_i / V_av,
        J_tracer=tracer_flux(wall, y.T_p / y.V_p, y.T_i / V_av, h.sieve),
        tissue_weight=p.rho_w * (y.V_i - p.V_i0),
    )


def rates(f, y, p, h, u):
    # labelled albumin is broken down as albumin is, but not made
    turnover_A = net_turnover(y.A_p, p.C_A0 * p.V_p0, p.k_deg_A)
    turnover_G = net_turnover(y.G_p, p.C_G0 * p.V_p0, p.k_deg_G)
    return {
        "V_p": -f.J_v + f.J_lymph + u.water,
        "V_i": f.J_v - f.J_lymph,
        "A_p": -f.wall.Js_A + f.J_lymph * f.C_iA + turnover_A + u.albumin,
        "A_i": f.wall.Js_A - f.J_lymph * f.C_iA,
        "G_p": -f.wall.Js_G + f.J_lymph * f.C_iG + turnover_G + u.globulin,
        "G_i": f.wall.Js_G - f.J_lymph * f.C_iG,
        "T_p": -f.J_tracer + f.J_lymph * f.C_iT - p.k_deg_A * y.T_p,
        "T_i": f.J_tracer - f.J_lymph * f.C_iT,
    }


model = Model(
    __doc__,
    parameters,
    states,
    health,
    flows,
    rates,
    observables={
        "albumin": blood_chart["albumin"],
        **protein_chart,
        **research_chart,
        "tracer_in_plasma": Observable("1", lambda f: f.tracer_seen, normal_noise(0.005, relative=0.01)),
        "lymph_flow": Observable("L/h", lambda f: f.J_lymph, normal_noise(0.01, relative=0.10)),
        "tissue_weight_change": Observable("kg", lambda f: f.tissue_weight, normal_noise(0.02)),
    },
    derived={
        **wall_over_time,
        "capillary_pressure": Derived("mmHg", lambda f: f.P_c),
        "interstitial_pressure": Derived("mmHg", lambda f: f.P_i),
        "interstitial_oncotic_pressure": Derived("mmHg", lambda f: f.pi_i),
        "isogravimetric_pressure": Derived("mmHg", lambda f: f.P_c - f.J_v / f.LpS),
        "filtration": Derived("L/h", lambda f: f.J_v),
        "lymph_to_plasma": Derived("1", lambda f: (f.C_iA + f.C_iG) / (f.C_pA + f.C_pG)),
        "globulin_escape_rate": Derived("1/h", lambda f: f.wall.clearance_G / f.V_p),
        "interstitial_volume": Derived("L", lambda f: f.V_i),
    },
    channels=("water", "albumin", "globulin", "venous_pressure"),
    healthy_ranges=two_pore_healthy_ranges,
    imbalance=two_pore_imbalance,
)
