"""What every model with several tissues has in common: states, chart and quantities over time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..physiology.tissue import tissue_body_rates
from ..types import Scalar
from .onset import reported_onset
from .prior import Prior
from .spec import Covariates, Derived, Model, Parameter, State
from .two_pore import two_pore_chart, two_pore_model, two_pore_over_time, two_pore_states
from .within import within


def tissue_states(shares: Mapping[str, Callable[[Any], Scalar]]) -> dict[str, State]:
    """Return the states: plasma's and blood's as they are, the interstitium's once for each tissue's share of it."""
    states = {name: state for name, state in two_pore_states.items() if not name.endswith("_i")}
    for tissue, share in shares.items():
        for what in ("V", "A", "G"):
            states[f"{what}_{tissue}"] = _share_of(two_pore_states[f"{what}_i"], share, tissue)
    return states


def _share_of(whole: State, share: Callable[[Any], Scalar], tissue: str) -> State:
    """Return a tissue's part of a state; it may be small, so that nothing but 0 bounds it."""
    return replace(whole, in_health=lambda p, h: share(p) * whole.in_health(p, h), floor=0.0, place=tissue)


tissue_chart = within("body", two_pore_chart)


def tissues_over_time(tissues: Sequence[str]) -> dict[str, Derived]:
    """Return the body's quantities over time, and each tissue's oedema, pressure and leak."""
    over_time = within("body", two_pore_over_time)
    for tissue in tissues:
        over_time[f"gained_{tissue}"] = Derived("L", lambda f, of=tissue: f.tissues[of].gained)
        over_time[f"pressure_{tissue}"] = Derived("mmHg", lambda f, of=tissue: f.tissues[of].P_i)
        over_time[f"m_L_{tissue}"] = Derived("1", lambda f, of=tissue: f.tissues[of].m_L)
    return over_time


def hour_of_injury(patient: Covariates) -> Prior:
    """The charted onset, else time 0; an accident's hour is known to a quarter of one unless the chart says how."""
    return reported_onset({"onset_sd": 0.25, **patient})


def tissue_model(
    about: str,
    parameters: Mapping[str, Parameter],
    shares: Mapping[str, Callable[[Any], Scalar]],
    flows: Callable[..., Any],
    *,
    begins: str = "",
    lead_in: float = 0.0,
) -> Model:
    """Return a model of the two-pore body with these tissues, each with its share of the interstitium."""
    return two_pore_model(
        about,
        parameters,
        flows,
        states=tissue_states(shares),
        rates=tissue_body_rates,
        observables=tissue_chart,
        derived=tissues_over_time(list(shares)),
        begins=begins,
        lead_in=lead_in,
    )
