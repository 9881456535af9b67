"""What every model with a two-pore wall shares: states, parameters, chart, therapy channels, the rest of a model."""

from collections.abc import Callable, Mapping
from typing import Any

from ..physiology.two_pore_body import two_pore_rates
from ..types import Scalar
from .chart import bedside_chart, blood_chart, body_over_time, protein_chart, research_chart, wall_over_time
from .reference import (
    blood,
    capillary_pressure_in_health,
    circulation,
    escape_in_health,
    globulin,
    interstitium,
    kidney,
    leak_treatments,
    lymph,
    oncotic,
    protein,
    survival,
    two_pore_wall,
)
from .spec import Derived, HealthyRange, Model, Observable, Parameter, State
from .steady import healthy_two_pore, two_pore_imbalance

two_pore_parameters = {
    **two_pore_wall,
    **oncotic,
    **blood,
    **protein,
    **globulin,
    **interstitium,
    **lymph,
    **circulation,
    **kidney,
    **survival,
    **leak_treatments,
}

two_pore_states = {
    # a tenth of healthy plasma carries no circulation
    "V_p": State("L", lambda p, h: p.V_p0, floor=0.3, what="volume", place="plasma"),
    "V_i": State("L", lambda p, h: p.V_i0, floor=0.05, what="volume", place="interstitium"),
    "A_p": State("g", lambda p, h: p.C_A0 * p.V_p0, what="albumin", place="plasma"),
    # in the accessible part of the interstitium
    "A_i": State("g", lambda p, h: h.C_iA0 * (p.V_i0 - h.loop.V_ex), what="albumin", place="interstitium"),
    "G_p": State("g", lambda p, h: p.C_G0 * p.V_p0, what="other protein", place="plasma"),
    "G_i": State("g", lambda p, h: h.C_iG0 * (p.V_i0 - h.loop.V_ex), what="other protein", place="interstitium"),
    "V_r": State("L", lambda p, h: h.loop.V_r0, what="volume", place="red cells"),
    "U": State("L", lambda p, h: 0.0 * p.V_p0, what="volume", place="urine"),  # since the start
    "H": State("1", lambda p, h: 0.0, what="hazard of death"),  # so far
}


def log_survival(y):
    """The patient lived to the end of the chart."""
    return -y.H


two_pore_chart = blood_chart | protein_chart | bedside_chart | research_chart
two_pore_healthy_ranges = capillary_pressure_in_health | escape_in_health
two_pore_over_time = wall_over_time | body_over_time

body_channels = (
    "water",
    "albumin",
    "globulin",
    "red_cells",
    "bleeding",
    "ultrafiltration",
    "intake",
    "norepinephrine",
    "venous_pressure",
    "diuresis",
    "venodilation",
    "arterial_tone",
    "evaporation",
    "albumin_synthesis",
    "albuminuria",
    "lymph_patency",
    "plasma_removed",
    "furosemide",
    "temperature",
    "steroid",
    "immunoglobulin",
    "aminophylline_terbutaline",
    "anti_ang2",
)


def two_pore_model(
    about: str,
    parameters: Mapping[str, Parameter],
    flows: Callable[..., Any],
    *,
    states: Mapping[str, State] = two_pore_states,
    health: Callable[[Any], Any] = healthy_two_pore,
    rates: Callable[..., Any] = two_pore_rates,
    observables: Mapping[str, Observable] = two_pore_chart,
    derived: Mapping[str, Derived] = two_pore_over_time,
    healthy_ranges: Mapping[str, HealthyRange] = two_pore_healthy_ranges,
    channels: tuple[str, ...] = body_channels,
    imbalance: Callable[[Any, Any], Scalar] = two_pore_imbalance,
    begins: str = "",
    lead_in: float = 0.0,
) -> Model:
    """Return a model of the two-pore body: what is not named is the body's own, as in `Model`."""
    return Model(
        about,
        parameters,
        states,
        health,
        flows,
        rates,
        observables=observables,
        derived=derived,
        channels=channels,
        healthy_ranges=healthy_ranges,
        log_survival=log_survival,
        imbalance=imbalance,
        begins=begins,
        lead_in=lead_in,
    )
