"""Two-pore body with sodium and the water of cells (M7): for hypertonic saline, dextrose, and a chart's sodium.

As `two_pore`, with the sodium outside cells and the cells' water as states (`physiology.md` 5.7 and 13). Cells take
water from the interstitium, or give it, until their solutes are as concentrated as sodium with its anions outside.
Fluids bring the sodium they hold, haemofiltrate and lost plasma take plasma's, insensible loss is pure water, and
food and drink hold what urine loses in health. The leak is isotonic: it moves no sodium concentration.

Urine flow follows blood volume and pressure, and the water of its usual solutes follows tonicity besides, as
vasopressin rules it: a litre of water is gone within hours. With blood missing it rules no more, and water is
retained, as in capillary leak. Flux is positive from plasma to interstitium, and into cells.
"""

from typing import Any, NamedTuple

from cls_infer.model import (
    Derived,
    Observable,
    Parameter,
    State,
    fixed,
    lognormal,
    normal_noise,
    peak_leak,
    truncated_normal,
)
from cls_infer.model.two_pore import (
    body_channels,
    two_pore_chart,
    two_pore_model,
    two_pore_over_time,
    two_pore_parameters,
    two_pore_states,
)
from cls_infer.model.within import within
from cls_infer.physiology import (
    cell_water_flux,
    dilution_factor,
    plasma_lost,
    plasma_sodium,
    treated_leak,
    two_pore_flows,
    two_pore_rates,
    urine_sodium,
)

parameters = {
    "m_L": Parameter("1", peak_leak("sepsis"), "by cause, else sepsis, physiology.md 1.4", reference=1.0),
    **two_pore_parameters,
    # sodium and cells
    "Na_0": Parameter("mmol/L", fixed(140.0), "physiology.md 5.7 and 14.1"),
    "V_c0": Parameter("L", lognormal(25.0, 0.0), "held, physiology.md 5.7 and 14.1", proportional_to="BW"),
    "k_c": Parameter("1/h", fixed(6.0), "physiology.md 5.7: minutes"),
    # the kidney's sodium
    "Na_u0": Parameter(
        "mmol/L",
        truncated_normal(100.0, 30.0, 20.0, 145.0),
        "20-150, physiology.md 5.7; 6 mmol/h eaten [A]",
        reference=100.0,
    ),
    "Na_u_max": Parameter("mmol/L", fixed(150.0), "physiology.md 5.7; before free water [A]"),
    "k_tonic": Parameter("1", fixed(36.0), "20 mmol/L at a plasma sodium of 130 [A]; range of physiology.md 5.7"),
    "k_filling": Parameter("1", fixed(9.0), "10 mmol/L in shock, physiology.md 5.7, at a litre of blood lost [A]"),
    # the kidney's free water
    "q_max": Parameter("1", lognormal(20.0, 0.3), "urine of 50 mOsm/kg at the least, 500 in health [M]"),
    "k_free": Parameter("1", lognormal(230.0, 0.4), "95 mOsm/kg of urine for each of plasma, Robertson [M]"),
}

states = {
    **two_pore_states,
    "V_c": State("L", lambda p, h: p.V_c0, floor=1.0, what="volume", place="cells"),
    "N_e": State("mmol", lambda p, h: p.Na_0 * (p.V_p0 + p.V_i0), floor=1.0, what="sodium", place="extracellular"),
}


class Flows(NamedTuple):
    body: Any
    Na: Any
    Na_u: Any
    J_c: Any
    V_c: Any
    N_e: Any


def flows(t, y, p, h, u):
    body = two_pore_flows(y, p, h, u, m_L=treated_leak(p.m_L, u, p), intake=u.intake)
    Na = plasma_sodium(y.N_e, y.V_p + y.V_i, y.V_c, p.Na_0, p.V_c0)
    tonicity, filling = Na / p.Na_0 - 1, (body.circulation.V_b - h.loop.V_b0) / p.V_p0
    J_u = body.circulation.J_urine
    diluted = dilution_factor(tonicity, J_u, p.J_u0, p.q_max, p.k_free)
    return Flows(
        body=body._replace(
            circulation=body.circulation._replace(J_urine=J_u * diluted),
            weight_change=body.weight_change + p.rho_w * (y.V_c - p.V_c0),
        ),
        Na=Na,
        # free water takes no sodium along
        Na_u=urine_sodium(tonicity, filling, p.Na_u0, p.Na_u_max, p.k_tonic, p.k_filling) / diluted,
        J_c=cell_water_flux(Na, y.V_c, p.Na_0, p.V_c0, p.k_c),
        V_c=y.V_c,
        N_e=y.N_e,
    )


def rates(f, y, p, h, u):
    body, c = two_pore_rates(f.body, y, p, h, u), f.body.circulation
    eaten = f.body.intake * p.J_u0 * p.Na_u0  # what urine loses in health
    lost = c.J_urine * f.Na_u + (u.ultrafiltration + plasma_lost(c, u)) * f.Na
    return {**body, "V_i": body["V_i"] - f.J_c, "V_c": f.J_c, "N_e": eaten + u.sodium - lost}


sodium_chart = {"sodium": Observable("mmol/L", lambda f: f.Na, normal_noise(1.5))}

sodium_over_time = {
    "cell_water": Derived("L", lambda f: f.V_c),
    "sodium_outside_cells": Derived("mmol", lambda f: f.N_e),
    "urine_sodium": Derived("mmol/L", lambda f: f.Na_u),
}

model = two_pore_model(
    __doc__,
    parameters,
    flows,
    states=states,
    rates=rates,
    observables=within("body", two_pore_chart) | sodium_chart,
    derived=within("body", two_pore_over_time) | sodium_over_time,
    channels=(*body_channels, "sodium"),
)
