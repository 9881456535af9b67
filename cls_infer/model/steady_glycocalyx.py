"""The steady state of health when small pores face the space below the glycocalyx."""

from typing import Any

import jax.numpy as jnp

from ..physiology.body import loop_in_health
from ..physiology.glycocalyx import GlycocalyxHealth, glycocalyx_wall, passage
from ..physiology.solute import unidirectional_clearance
from ..physiology.two_pore import Pore, opposing_pressures, pores, sieve
from ..types import Scalar
from .steady import lymph_imbalance, newton_root


def balanced_concentrations(
    small: Pore, large: Pore, C_p: Scalar, J_L0: Scalar, out: Scalar, back: Scalar
) -> tuple[Scalar, Scalar]:
    r"""Return a protein's concentrations below the glycocalyx and in the bulk [g/L] at which nothing changes.

    With the fluid fluxes given, the two balances are linear in them. With T the clearance out of plasma, R the
    one back into it, and what the lymph carries away:

    $$T_S C_p - R_S C_g = k_{out} C_g - k_{back} C_i, \qquad
      (T_S + T_L) C_p - R_S C_g - R_L C_i = J_{L0} C_i$$

    Args:
        small: the small pores.
        large: the large pores.
        C_p: concentration in plasma [g/L].
        J_L0: lymph flow [L/h].
        out: clearance out of the sub-glycocalyx space [L/h].
        back: clearance into it from the bulk [L/h].
    """
    T_S, T_L = unidirectional_clearance(*small), unidirectional_clearance(*large)
    R_S, R_L = (unidirectional_clearance(-J, sigma, PS) for J, sigma, PS in (small, large))
    leaving = R_L + J_L0
    determinant = R_S * back + leaving * (R_S + out)
    C_g = C_p * ((T_S + T_L) * back + leaving * T_S) / determinant
    return C_g, C_p * ((T_S + T_L) * out + R_S * T_L) / determinant


def healthy_glycocalyx(p: Any) -> GlycocalyxHealth:
    """Return the healthy body of variant R: fluid and both proteins balance across wall, space and lymph.

    Small and large pores share the lymph's flow and see one hydrostatic pressure. Given the small pores' share
    all four concentrations follow in closed form, so that this share alone is solved for (`physiology.md` 1.5).
    """
    s = sieve(p)
    LpS_S, LpS_L = p.LpS * (1 - p.alpha_L0), p.LpS * p.alpha_L0

    def protein(share: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
        J_S, J_L = share * p.J_L0, (1 - share) * p.J_L0
        lymph_and_passage = (p.J_L0, *passage(J_S, p.k_gi, p.w_g))
        SA, LA, SG, LG = pores(J_S, J_L, LpS_S, LpS_L, s)
        C_gA, C_iA = balanced_concentrations(SA, LA, p.C_A0, *lymph_and_passage)
        C_gG, C_iG = balanced_concentrations(SG, LG, p.C_G0, *lymph_and_passage)
        return C_gA, C_gG, C_iA, C_iG

    def pressures(share: Scalar) -> tuple[Scalar, Scalar]:
        """Return the hydrostatic difference that drives the share through the small, the rest through the large."""
        C_gA, C_gG, C_iA, C_iG = protein(share)
        opposing_S, _ = opposing_pressures(p.C_A0, p.C_G0, C_gA, C_gG, s, p)
        _, opposing_L = opposing_pressures(p.C_A0, p.C_G0, C_iA, C_iG, s, p)
        return share * p.J_L0 / LpS_S + opposing_S, (1 - share) * p.J_L0 / LpS_L + opposing_L

    def residual(share: Scalar) -> Scalar:
        dP_S, dP_L = pressures(share)
        return (dP_S - dP_L) * LpS_L / p.J_L0

    share = newton_root(residual, 0.5)
    (dP, _), (C_gA, C_gG, C_iA, C_iG) = pressures(share), protein(share)
    wall = glycocalyx_wall(dP, p.C_A0, p.C_G0, C_gA, C_gG, C_iA, C_iG, 1.0, s, p)
    return GlycocalyxHealth(
        loop=loop_in_health(p.P_i0 + dP, p),
        sieve=s,
        C_iA0=C_iA,
        C_iG0=C_iG,
        TER_0=wall.clearance_A / p.V_p0,
        C_gA0=C_gA,
        C_gG0=C_gG,
    )


def glycocalyx_imbalance(p: Any, h: GlycocalyxHealth) -> Scalar:
    """Return how far the healthy body of variant R is from its steady state, relative to the lymph's flux."""
    concentrations = (h.C_gA0, h.C_gG0, h.C_iA0, h.C_iG0)
    w = glycocalyx_wall(h.loop.P_c0 - p.P_i0, p.C_A0, p.C_G0, *concentrations, 1.0, h.sieve, p)
    stored = jnp.maximum(jnp.abs(w.stored_A) / p.C_A0, jnp.abs(w.stored_G) / p.C_G0) / (p.J_L0 + p.k_gi)
    return jnp.maximum(stored, lymph_imbalance(w.J_S + w.J_L, w.Js_A, w.Js_G, h.C_iA0, h.C_iG0, p))
