"""The two-pore body with sodium and the water of cells: what flows and what changes.

Model M7 of `physiology.md` 13 and 5.7; the leak and the oral intake come from the model that uses it.
"""

from typing import Any, NamedTuple

from ..types import Scalar
from .body import plasma_lost
from .inputs import Inputs
from .sodium import cell_water_flux, dilution_factor, plasma_sodium, urine_sodium
from .two_pore_body import TwoPoreFlows, TwoPoreHealth, two_pore_flows, two_pore_rates


class SodiumFlows(NamedTuple):
    """The body's flows; sodium of plasma and of urine [mmol/L]; water into cells [L/h] and in them; sodium outside."""

    body: TwoPoreFlows
    Na: Scalar
    Na_u: Scalar
    J_c: Scalar
    V_c: Scalar
    N_e: Scalar


def sodium_flows(y: Any, p: Any, h: TwoPoreHealth, u: Inputs, *, m_L: Scalar, intake: Scalar) -> SodiumFlows:
    """Return the flows at the states of the two-pore body, the cells' water V_c and the sodium outside them N_e."""
    body = two_pore_flows(y, p, h, u, m_L=m_L, intake=intake)
    Na = plasma_sodium(y.N_e, y.V_p + y.V_i, y.V_c, p.Na_0, p.V_c0)
    tonicity, filling = Na / p.Na_0 - 1, (body.circulation.V_b - h.loop.V_b0) / p.V_p0
    J_u = body.circulation.J_urine
    diluted = dilution_factor(tonicity, J_u, p.J_u0, p.q_max, p.k_free)
    return SodiumFlows(
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


def sodium_rates(f: SodiumFlows, y: Any, p: Any, h: TwoPoreHealth, u: Inputs) -> dict[str, Scalar]:
    """Return the derivatives of the two-pore body's states, of the cells' water and of the sodium outside them."""
    body, c = two_pore_rates(f.body, y, p, h, u), f.body.circulation
    eaten = f.body.intake * p.J_u0 * p.Na_u0  # what urine loses in health
    lost = c.J_urine * f.Na_u + (u.ultrafiltration + plasma_lost(c, u)) * f.Na
    return {**body, "V_i": body["V_i"] - f.J_c, "V_c": f.J_c, "N_e": eaten + u.sodium - lost}
