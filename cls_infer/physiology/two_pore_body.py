"""The closed-loop body behind a two-pore wall: what is constant, what flows, what changes.

Model M3 of `physiology.md` 13; the leak `m_L` and the oral intake come from the model that uses it.
"""

from typing import Any, NamedTuple

from ..types import Scalar
from .blood import haemoglobin
from .body import (
    Circulation,
    Loop,
    circulate,
    external_balance,
    loop_in_health,
    plasma_lost,
    red_cell_balance,
)
from .circulation import central_venous_pressure
from .inputs import Inputs
from .survival import hazard_of_death
from .turnover import net_turnover
from .two_pore import NOTHING_BESIDE, Beside, Sieve, WallFlux, total_pressure, wall_flux, whole_wall


class TwoPoreHealth(NamedTuple):
    """What follows from the parameters alone."""

    loop: Loop
    sieve: Sieve
    C_iA0: Scalar
    C_iG0: Scalar
    TER_0: Scalar


class TwoPoreFlows(NamedTuple):
    """Every volume, concentration, pressure and flux at an instant; canonical units."""

    V_p: Scalar
    V_i: Scalar
    U: Scalar
    C_pA: Scalar
    C_pG: Scalar
    C_iA: Scalar
    C_iG: Scalar
    m_L: Scalar
    intake: Scalar
    circulation: Circulation
    wall: WallFlux
    pi_p: Scalar
    pi_i: Scalar
    hemoglobin: Scalar
    CVP: Scalar
    weight_change: Scalar
    LpS: Scalar
    sigma_A: Scalar
    PS_A: Scalar
    TER: Scalar
    K_L: Scalar


def two_pore_health(P_c0: Scalar, C_iA0: Scalar, C_iG0: Scalar, wall: WallFlux, s: Sieve, p: Any) -> TwoPoreHealth:
    """Return the healthy body from the wall's steady state."""
    return TwoPoreHealth(
        loop=loop_in_health(P_c0, p), sieve=s, C_iA0=C_iA0, C_iG0=C_iG0, TER_0=wall.clearance_A / p.V_p0
    )


def two_pore_flows(
    y: Any,
    p: Any,
    h: TwoPoreHealth,
    u: Inputs,
    *,
    m_L: Scalar,
    intake: Scalar,
    m_S: Scalar = 1.0,
    beside: Beside = NOTHING_BESIDE,
) -> TwoPoreFlows:
    """Return the flows at states y = (V_p, V_i, A_p, A_i, G_p, G_i, V_r, U, H) under leak m_L [1].

    `m_S` multiplies the conductance of the small pores [1]; `beside` is a further solute at the wall,
    which `pi_p` and `pi_i`, protein's own, leave out.

    Interstitial concentrations are those of the accessible volume V_i - V_ex, which stays above zero by
    construction of the pressure curve; a state that leaves its domain is caught by the solver's status.
    """
    c = circulate(y.V_p, y.V_i, y.V_r, u, h.loop, p)
    V_av = y.V_i - h.loop.V_ex
    C_pA, C_pG, C_iA, C_iG = y.A_p / y.V_p, y.G_p / y.V_p, y.A_i / V_av, y.G_i / V_av
    wall = wall_flux(c.P_c - c.P_i, C_pA, C_pG, C_iA, C_iG, m_L, h.sieve, p, m_S=m_S, beside=beside)
    LpS, sigma_A, PS_A = whole_wall(m_L, h.sieve, p, m_S=m_S)
    return TwoPoreFlows(
        V_p=y.V_p,
        V_i=y.V_i,
        U=y.U,
        C_pA=C_pA,
        C_pG=C_pG,
        C_iA=C_iA,
        C_iG=C_iG,
        m_L=m_L,
        intake=intake,
        circulation=c,
        wall=wall,
        pi_p=total_pressure(C_pA, C_pG, p),
        pi_i=total_pressure(C_iA, C_iG, p),
        hemoglobin=haemoglobin(c.hematocrit, p.MCHC),
        CVP=central_venous_pressure(c.P_v, h.loop.P_v0, p.CVP0, p.g_CVP),
        weight_change=p.rho_w * (y.V_p + y.V_i + y.V_r - p.V_p0 - p.V_i0 - h.loop.V_r0),
        LpS=LpS,
        sigma_A=sigma_A,
        PS_A=PS_A,
        TER=wall.clearance_A / y.V_p,
        K_L=p.LpS * p.alpha_L0 * m_L,
    )


def two_pore_rates(f: TwoPoreFlows, y: Any, p: Any, h: TwoPoreHealth, u: Inputs) -> dict[str, Scalar]:
    """Return the derivatives of the nine states; lymph carries interstitial protein back to plasma."""
    c, wall = f.circulation, f.wall
    J_v, lost = wall.J_S + wall.J_L, plasma_lost(c, u)
    turnover_A = net_turnover(y.A_p, p.C_A0 * p.V_p0, p.k_deg_A, u.albumin_synthesis)
    turnover_G = net_turnover(y.G_p, p.C_G0 * p.V_p0, p.k_deg_G)
    return {
        "V_p": -J_v + c.J_lymph + external_balance(c, f.intake, u, p),
        "V_i": J_v - c.J_lymph,
        "A_p": -wall.Js_A + c.J_lymph * f.C_iA + turnover_A + u.albumin - (lost + u.albuminuria) * f.C_pA,
        "A_i": wall.Js_A - c.J_lymph * f.C_iA,
        "G_p": -wall.Js_G + c.J_lymph * f.C_iG + turnover_G + u.globulin - lost * f.C_pG,
        "G_i": wall.Js_G - c.J_lymph * f.C_iG,
        "V_r": red_cell_balance(c, u),
        "U": c.J_urine,
        "H": hazard_of_death(y.V_p, p.V_p0, p.k_lethal, p.x_lethal, p.n_lethal),
    }
