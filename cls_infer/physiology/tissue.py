"""The two-pore body whose interstitium is divided among tissues with one circulation.

Model M8 of `physiology.md` 13: conductance, lymph and volume of a tissue are its share of the whole body's, and
its pressure follows the body's curve at the volume per share. What disturbs a tissue comes from the model.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from ..types import Scalar
from .inputs import Inputs
from .interstitium import pressure_of_tissue
from .lymph import lymph_flow
from .two_pore import WallFlux, wall_flux
from .two_pore_body import TwoPoreFlows, TwoPoreHealth, two_pore_flows, two_pore_rates


class Tissue(NamedTuple):
    """One tissue's share of the body, and what disturbs it at an instant; the defaults are health."""

    share: Scalar
    """of the interstitium, its capillaries and its lymphatics [1], above 0"""
    m_L: Scalar = 1.0
    """large pores relative to health [1]"""
    dP_i: Scalar = 0.0
    """pressure added to the interstitium's [mmHg]; below 0 it sucks fluid in"""
    evaporation: Scalar = 0.0
    """water lost through the tissue's surface [L/h]"""
    lymph: Scalar = 1.0
    """lymph flow relative to that of sound vessels [1]"""


class Contents(NamedTuple):
    """What a tissue holds: interstitial fluid [L], albumin and all other protein in it [g]."""

    V: Scalar
    A: Scalar
    G: Scalar


class TissueFlows(NamedTuple):
    """Concentrations, pressure and fluxes of one tissue; canonical units."""

    gained: Scalar
    C_A: Scalar
    C_G: Scalar
    P_i: Scalar
    m_L: Scalar
    wall: WallFlux
    J_lymph: Scalar
    evaporation: Scalar


class TissueBodyFlows(NamedTuple):
    """The body with its tissues taken together, and each tissue by name."""

    body: TwoPoreFlows
    tissues: Mapping[str, TissueFlows]


class Whole(NamedTuple):
    """States of the two-pore body, its tissues taken together."""

    V_p: Scalar
    V_i: Scalar
    A_p: Scalar
    A_i: Scalar
    G_p: Scalar
    G_i: Scalar
    V_r: Scalar
    U: Scalar


def tissue_flows(
    contents: Contents, tissue: Tissue, C_pA: Scalar, C_pG: Scalar, P_c: Scalar, h: TwoPoreHealth, p: Any
) -> TissueFlows:
    r"""Return the flows of a tissue with share f of the body.

    $$J_{s,v} = f\,\mathrm{wall}(P_c - P_i,\ m_L), \qquad P_i = P_{curve}(V/f) + \Delta P_i, \qquad
      J_{lymph} = f\, f_L\, \mathrm{lymph}(P_{curve}(V/f))$$

    The added pressure acts on the wall alone: it stands for matrix that swells, and lymphatics take up free fluid.

    Args:
        contents: what the tissue holds.
        tissue: its share f, leak m_L, added pressure, and lymph factor f_L.
        C_pA: albumin in plasma [g/L].
        C_pG: all other protein in plasma [g/L].
        P_c: capillary pressure, the same for all tissues [mmHg].
        h: the healthy body.
        p: parameters.

    Reference:
        Shares of one curve [A]; tissues of burns after Bert and Bowen [M], `physiology.md` 4.4 and 13.
    """
    f = tissue.share
    V_av = contents.V - f * h.loop.V_ex
    C_A, C_G = contents.A / V_av, contents.G / V_av
    P_curve = pressure_of_tissue(contents.V / f, p)
    P_i = P_curve + tissue.dP_i
    wall = wall_flux(P_c - P_i, C_pA, C_pG, C_A, C_G, tissue.m_L, h.sieve, p)
    return TissueFlows(
        gained=contents.V - f * p.V_i0,
        C_A=C_A,
        C_G=C_G,
        P_i=P_i,
        m_L=tissue.m_L,
        wall=WallFlux(*(f * flux for flux in wall)),
        J_lymph=f * tissue.lymph * lymph_flow(P_curve, p.P_i0, p.J_L0, p.J_max_ratio, p.lambda_L),
        evaporation=tissue.evaporation,
    )


def tissue_body_flows(
    y: Any, tissues: Mapping[str, Tissue], p: Any, h: TwoPoreHealth, u: Inputs, *, intake: Scalar
) -> TissueBodyFlows:
    """Return the flows at states y = (V_p, A_p, G_p, V_r, U, H and V_, A_, G_ of each tissue).

    The shares sum to 1. Taken together, the tissues have the mean leak and the mean interstitial pressure by
    share, and the concentrations of their mixed fluid.
    """
    held = {name: Contents(*(getattr(y, f"{what}_{name}") for what in Contents._fields)) for name in tissues}
    V_i, A_i, G_i = (sum(amounts) for amounts in zip(*held.values(), strict=True))
    m_L = sum(tissue.share * tissue.m_L for tissue in tissues.values())
    whole = Whole(V_p=y.V_p, V_i=V_i, A_p=y.A_p, A_i=A_i, G_p=y.G_p, G_i=G_i, V_r=y.V_r, U=y.U)
    body = two_pore_flows(whole, p, h, u, m_L=m_L, intake=intake)
    found = {
        name: tissue_flows(
            held[name],
            tissue._replace(lymph=tissue.lymph * u.lymph_patency),
            body.C_pA,
            body.C_pG,
            body.circulation.P_c,
            h,
            p,
        )
        for name, tissue in tissues.items()
    }
    P_i = sum(tissues[name].share * f.P_i for name, f in found.items())
    return TissueBodyFlows(_fed_by(body, list(found.values()), P_i), found)


def _fed_by(body: TwoPoreFlows, found: list[TissueFlows], P_i: Scalar) -> TwoPoreFlows:
    """Return the body's flows with what its tissues exchange in place of one interstitium's."""
    wall = WallFlux(*(sum(fluxes) for fluxes in zip(*(f.wall for f in found), strict=True)))
    return body._replace(
        circulation=body.circulation._replace(P_i=P_i, J_lymph=sum(f.J_lymph for f in found)),
        wall=wall,
        TER=wall.clearance_A / body.V_p,
    )


def tissue_body_rates(f: TissueBodyFlows, y: Any, p: Any, h: TwoPoreHealth, u: Inputs) -> dict[str, Scalar]:
    """Return the derivatives of all states: of the two-pore body, each tissue's in place of the interstitium's."""
    rates = two_pore_rates(f.body, y, p, h, u)
    # each tissue's lymph carries its own concentrations, not those of their mixed fluid
    mixed = f.body.circulation.J_lymph
    rates["A_p"] += sum(tissue.J_lymph * tissue.C_A for tissue in f.tissues.values()) - mixed * f.body.C_iA
    rates["G_p"] += sum(tissue.J_lymph * tissue.C_G for tissue in f.tissues.values()) - mixed * f.body.C_iG
    for what in ("V_i", "A_i", "G_i"):
        del rates[what]
    for name, tissue in f.tissues.items():
        wall, J_lymph = tissue.wall, tissue.J_lymph
        rates[f"V_{name}"] = wall.J_S + wall.J_L - J_lymph - tissue.evaporation
        rates[f"A_{name}"] = wall.Js_A - J_lymph * tissue.C_A
        rates[f"G_{name}"] = wall.Js_G - J_lymph * tissue.C_G
    return rates
