"""The microvascular wall with small and large pores, for albumin and all other plasma protein.

Rippe and Haraldsson (1987, 1994); `m_L` multiplies the number of large pores, so that conductance,
reflection coefficients and permeabilities move together; `m_S` does the same to the small ones.
"""

from typing import Any, NamedTuple

from ..types import Scalar
from .oncotic import partial_pressures
from .pores import permeability_per_conductance, reflection_coefficient
from .solute import solute_flux, unidirectional_clearance
from .starling import fluid_flux


class Sieve(NamedTuple):
    """What the pore and solute radii fix: reflection coefficients [1] and PS per unit LpS [mmHg]."""

    sigma_SA: Scalar
    sigma_LA: Scalar
    sigma_SG: Scalar
    sigma_LG: Scalar
    PS_SA: Scalar
    PS_LA: Scalar
    PS_SG: Scalar
    PS_LG: Scalar


class WallFlux(NamedTuple):
    """Fluxes through the wall, positive out of plasma: fluid [L/h], protein [g/h], clearances [L/h]; `Js_LA` is the
    albumin that takes the large pores."""

    J_S: Scalar
    J_L: Scalar
    Js_A: Scalar
    Js_G: Scalar
    clearance_A: Scalar
    clearance_G: Scalar
    Js_LA: Scalar


class SoluteSieve(NamedTuple):
    """What the pore radii and one solute's fix: reflection coefficients [1] and PS per unit LpS [mmHg]."""

    sigma_S: Scalar
    sigma_L: Scalar
    PS_S: Scalar
    PS_L: Scalar


def solute_sieve(radius: Scalar, p: Any) -> SoluteSieve:
    """Return the sieving constants of pores r_S, r_L [nm] for a solute of this Stokes radius [nm]."""
    return SoluteSieve(
        sigma_S=reflection_coefficient(radius / p.r_S),
        sigma_L=reflection_coefficient(radius / p.r_L),
        PS_S=permeability_per_conductance(radius, p.r_S, p.kT),
        PS_L=permeability_per_conductance(radius, p.r_L, p.kT),
    )


def sieve(p: Any) -> Sieve:
    """Return the sieving constants of pores r_S, r_L [nm] for solute radii a_A, a_G [nm]."""
    A, G = solute_sieve(p.a_A, p), solute_sieve(p.a_G, p)
    return Sieve(A.sigma_S, A.sigma_L, G.sigma_S, G.sigma_L, A.PS_S, A.PS_L, G.PS_S, G.PS_L)


class Beside(NamedTuple):
    """A solute beside protein: its concentrations [g/L], and what it holds back across each pore population [mmHg]."""

    C_p: Scalar = 0.0
    C_i: Scalar = 0.0
    opposing_S: Scalar = 0.0
    opposing_L: Scalar = 0.0


NOTHING_BESIDE = Beside()


def oncotic_parts(C_A: Scalar, C_G: Scalar, p: Any, *, C_other: Scalar = 0.0) -> tuple[Scalar, Scalar]:
    """Return the partial oncotic pressures of albumin and globulin [mmHg] at C_A, C_G beside C_other [g/L]."""
    return partial_pressures(C_A, C_G, (p.k1_A, p.k2_A, p.k3_A), (p.k1_G, p.k2_G, p.k3_G), C_other=C_other)


def total_pressure(C_A: Scalar, C_G: Scalar, p: Any) -> Scalar:
    """Return the oncotic pressure [mmHg] at C_A, C_G [g/L]."""
    pi_A, pi_G = oncotic_parts(C_A, C_G, p)
    return pi_A + pi_G


def opposing_pressures(
    C_pA: Scalar, C_pG: Scalar, C_iA: Scalar, C_iG: Scalar, s: Sieve, p: Any, *, beside: Beside = NOTHING_BESIDE
) -> tuple[Scalar, Scalar]:
    """Return sum_k sigma_jk (pi_p,k - pi_i,k) [mmHg] across the small and the large pores."""
    pi_pA, pi_pG = oncotic_parts(C_pA, C_pG, p, C_other=beside.C_p)
    pi_iA, pi_iG = oncotic_parts(C_iA, C_iG, p, C_other=beside.C_i)
    dpi_A, dpi_G = pi_pA - pi_iA, pi_pG - pi_iG
    opposing_S = s.sigma_SA * dpi_A + s.sigma_SG * dpi_G + beside.opposing_S
    return opposing_S, s.sigma_LA * dpi_A + s.sigma_LG * dpi_G + beside.opposing_L


type Pore = tuple[Scalar, Scalar, Scalar]
"""Fluid flux [L/h], reflection coefficient [1] and PS [L/h] of one solute in one pore population."""


def pores(J_S: Scalar, J_L: Scalar, LpS_S: Scalar, LpS_L: Scalar, s: Sieve) -> tuple[Pore, Pore, Pore, Pore]:
    """Return the small and the large pores as albumin, then as globulin meets them, at these fluxes."""
    return (
        (J_S, s.sigma_SA, LpS_S * s.PS_SA),
        (J_L, s.sigma_LA, LpS_L * s.PS_LA),
        (J_S, s.sigma_SG, LpS_S * s.PS_SG),
        (J_L, s.sigma_LG, LpS_L * s.PS_LG),
    )


def wall_flux(
    dP: Scalar,
    C_pA: Scalar,
    C_pG: Scalar,
    C_iA: Scalar,
    C_iG: Scalar,
    m_L: Scalar,
    s: Sieve,
    p: Any,
    *,
    m_S: Scalar = 1.0,
    beside: Beside = NOTHING_BESIDE,
) -> WallFlux:
    r"""Return all fluxes through the wall at hydrostatic difference dP [mmHg].

    $$J_j = L_pS_j\,[\Delta P - \sum_k \sigma_{jk}\Delta\pi_k], \qquad
      J_{s,k} = \sum_j \mathrm{Patlak}(J_j, \sigma_{jk}, PS_{jk})$$

    with $L_pS_S = (1-\alpha_L) m_S L_pS$ and $L_pS_L = \alpha_L m_L L_pS$ [L/h/mmHg]. `beside` is a
    further solute among the k.
    """
    LpS_S, LpS_L = p.LpS * (1 - p.alpha_L0) * m_S, p.LpS * p.alpha_L0 * m_L
    opposing_S, opposing_L = opposing_pressures(C_pA, C_pG, C_iA, C_iG, s, p, beside=beside)
    J_S, J_L = fluid_flux(LpS_S, dP, opposing_S), fluid_flux(LpS_L, dP, opposing_L)
    SA, LA, SG, LG = pores(J_S, J_L, LpS_S, LpS_L, s)
    Js_LA = solute_flux(*LA, C_pA, C_iA)
    return WallFlux(
        J_S=J_S,
        J_L=J_L,
        Js_A=solute_flux(*SA, C_pA, C_iA) + Js_LA,
        Js_G=solute_flux(*SG, C_pG, C_iG) + solute_flux(*LG, C_pG, C_iG),
        clearance_A=unidirectional_clearance(*SA) + unidirectional_clearance(*LA),
        clearance_G=unidirectional_clearance(*SG) + unidirectional_clearance(*LG),
        Js_LA=Js_LA,
    )


def whole_wall(m_L: Scalar, s: Sieve, p: Any, *, m_S: Scalar = 1.0) -> tuple[Scalar, Scalar, Scalar]:
    """Return the wall seen as one: LpS [L/h/mmHg], albumin's sigma [1] and albumin's PS [L/h] at leak m_L."""
    small, large = (1 - p.alpha_L0) * m_S, p.alpha_L0 * m_L
    LpS = p.LpS * (small + large)
    sigma_A = (small * s.sigma_SA + large * s.sigma_LA) / (small + large)
    return LpS, sigma_A, p.LpS * (small * s.PS_SA + large * s.PS_LA)
