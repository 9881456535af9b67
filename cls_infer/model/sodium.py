"""What every model with sodium and the water of cells shares: parameters, states, chart, the rest of a model."""

from collections.abc import Callable, Mapping
from typing import Any

from ..physiology.sodium_body import sodium_rates
from .noise import normal_noise
from .prior import fixed, lognormal, truncated_normal
from .spec import Derived, Model, Observable, Parameter, State
from .two_pore import body_channels, two_pore_chart, two_pore_model, two_pore_over_time, two_pore_states
from .within import within

sodium_parameters = {
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

sodium_states = {
    **two_pore_states,
    "V_c": State("L", lambda p, h: p.V_c0, floor=1.0, what="volume", place="cells"),
    "N_e": State("mmol", lambda p, h: p.Na_0 * (p.V_p0 + p.V_i0), floor=1.0, what="sodium", place="extracellular"),
}

sodium_chart = {"sodium": Observable("mmol/L", lambda f: f.Na, normal_noise(1.5))}

sodium_over_time = {
    "cell_water": Derived("L", lambda f: f.V_c),
    "sodium_outside_cells": Derived("mmol", lambda f: f.N_e),
    "urine_sodium": Derived("mmol/L", lambda f: f.Na_u),
}


def sodium_model(
    about: str,
    parameters: Mapping[str, Parameter],
    flows: Callable[..., Any],
    *,
    begins: str = "",
    lead_in: float = 0.0,
) -> Model:
    """Return a model of the two-pore body with sodium, whose flows are `sodium_flows`."""
    return two_pore_model(
        about,
        parameters,
        flows,
        states=sodium_states,
        rates=sodium_rates,
        observables=within("body", two_pore_chart) | sodium_chart,
        derived=within("body", two_pore_over_time) | sodium_over_time,
        channels=(*body_channels, "sodium"),
        begins=begins,
        lead_in=lead_in,
    )
