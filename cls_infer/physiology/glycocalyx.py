"""The wall of the revised Starling principle: small pores face a thin space below the glycocalyx.

What opposes the plasma's oncotic pressure there is the protein of that space, not of the bulk interstitium.
Large pores open into the bulk as in the classical wall. Levick and Michel (2010), Cardiovasc Res 87:198-210
[F: abstract]; the space as one compartment [A], `physiology.md` 1.5.
"""

from typing import Any, NamedTuple

from jax.nn import softplus

from ..types import Scalar
from .body import Loop
from .solute import solute_flux, unidirectional_clearance
from .starling import fluid_flux
from .two_pore import Sieve, opposing_pressures, pores
from .two_pore_body import TwoPoreHealth


class GlycocalyxHealth(NamedTuple):
    """What follows from the parameters alone: the two-pore body, and the protein below the glycocalyx."""

    loop: Loop
    sieve: Sieve
    C_iA0: Scalar
    C_iG0: Scalar
    TER_0: Scalar
    C_gA0: Scalar
    C_gG0: Scalar

    @property
    def body(self) -> TwoPoreHealth:
        """What it shares with the classical wall."""
        return TwoPoreHealth(self.loop, self.sieve, self.C_iA0, self.C_iG0, self.TER_0)


class GlycocalyxWall(NamedTuple):
    """Fluxes out of plasma as in `WallFlux`, and the protein that stays below the glycocalyx [g/h]."""

    J_S: Scalar
    J_L: Scalar
    Js_A: Scalar
    Js_G: Scalar
    clearance_A: Scalar
    clearance_G: Scalar
    Js_LA: Scalar
    stored_A: Scalar
    stored_G: Scalar


def passage(J_S: Scalar, k_gi: Scalar, w: Scalar) -> tuple[Scalar, Scalar]:
    r"""Return the clearances out of the sub-glycocalyx space and back into it [L/h].

    Fluid carries the protein of the side it comes from; mixing goes both ways:

    $$k_{out} = k_{gi} + w\,\mathrm{softplus}(J_S/w), \qquad k_{back} = k_{gi} + w\,\mathrm{softplus}(-J_S/w)$$

    a smooth $\max(\pm J_S, 0)$; their difference is $J_S$ exactly.

    Args:
        J_S: fluid flux through the small pores [L/h].
        k_gi: exchange with the bulk interstitium [L/h].
        w: width of the smooth maximum [L/h].
    """
    return k_gi + w * softplus(J_S / w), k_gi + w * softplus(-J_S / w)


def glycocalyx_wall(
    dP: Scalar,
    C_pA: Scalar,
    C_pG: Scalar,
    C_gA: Scalar,
    C_gG: Scalar,
    C_iA: Scalar,
    C_iG: Scalar,
    m_L: Scalar,
    s: Sieve,
    p: Any,
) -> GlycocalyxWall:
    r"""Return all fluxes through the wall at hydrostatic difference dP [mmHg] and leak m_L [1].

    $$J_S = L_pS_S\,[\Delta P - \sum_k \sigma_{Sk}(\pi_{p,k} - \pi_{g,k})], \qquad
      V_g \frac{dC_{g,k}}{dt} = \mathrm{Patlak}(J_S, C_{p,k}, C_{g,k}) - k_{out} C_{g,k} + k_{back} C_{i,k}$$

    with C_g [g/L] below the glycocalyx and C_i [g/L] in the bulk; the large pores are those of `wall_flux`.
    """
    LpS_S, LpS_L = p.LpS * (1 - p.alpha_L0), p.LpS * p.alpha_L0 * m_L
    opposing_S, _ = opposing_pressures(C_pA, C_pG, C_gA, C_gG, s, p)
    _, opposing_L = opposing_pressures(C_pA, C_pG, C_iA, C_iG, s, p)
    J_S, J_L = fluid_flux(LpS_S, dP, opposing_S), fluid_flux(LpS_L, dP, opposing_L)
    SA, LA, SG, LG = pores(J_S, J_L, LpS_S, LpS_L, s)
    below_A, below_G = solute_flux(*SA, C_pA, C_gA), solute_flux(*SG, C_pG, C_gG)
    Js_LA = solute_flux(*LA, C_pA, C_iA)
    out, back = passage(J_S, p.k_gi, p.w_g)
    return GlycocalyxWall(
        J_S=J_S,
        J_L=J_L,
        Js_A=below_A + Js_LA,
        Js_G=below_G + solute_flux(*LG, C_pG, C_iG),
        clearance_A=unidirectional_clearance(*SA) + unidirectional_clearance(*LA),
        clearance_G=unidirectional_clearance(*SG) + unidirectional_clearance(*LG),
        Js_LA=Js_LA,
        stored_A=below_A - out * C_gA + back * C_iA,
        stored_G=below_G - out * C_gG + back * C_iG,
    )
