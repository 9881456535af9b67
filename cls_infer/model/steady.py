"""The steady state of health, from which every simulation starts."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..physiology.body import Loop, loop_in_health
from ..physiology.lung import LungHealth, TwoPoreLungHealth, lung_wall
from ..physiology.solute import solute_flux, unidirectional_clearance
from ..physiology.two_pore import Pore, Sieve, WallFlux, opposing_pressures, pores, sieve, total_pressure, wall_flux
from ..physiology.two_pore_body import TwoPoreHealth, two_pore_health
from ..types import Scalar


def newton_root(residual: Callable[[Scalar], Scalar], start: float, *, iterations: int = 8) -> Scalar:
    """Return the root of one equation in one unknown, with the implicit function theorem's gradient.

    Plain Newton, for a rising equation that is close to linear: those of `balanced_wall` and `healthy_glycocalyx`.
    Where it runs away the first guess comes back: finite, and no root.

    Args:
        residual: the equation; zero at the root.
        start: first guess.
        iterations: a fixed number, so that lanes stay in step.
    """

    def solve(f: Callable[[Scalar], Scalar], x: Scalar) -> Scalar:
        def step(_: Any, x: Scalar) -> Scalar:
            value, slope = jax.jvp(f, (x,), (jnp.ones_like(x),))
            return x - value / slope

        found = jax.lax.fori_loop(0, iterations, step, x)
        return jnp.where(jnp.isfinite(found), found, x)

    def tangent(linear: Callable[[Scalar], Scalar], right: Scalar) -> Scalar:
        return right / linear(jnp.ones_like(right))

    return jax.lax.custom_root(residual, jnp.asarray(start, float), solve, tangent)


class BalancedWall(NamedTuple):
    """A two-pore wall through which as much passes as lymph carries away."""

    dP: Scalar
    C_iA: Scalar
    C_iG: Scalar
    flux: WallFlux
    sieve: Sieve


def balanced_wall(p: Any) -> BalancedWall:
    r"""Return the state of a two-pore wall in which fluid and both proteins balance across wall and lymph.

    Given the small pores' share of the lymph's flow both concentrations follow in closed form, for any number of
    pore populations (`physiology.md` 1.6, without its difference of large numbers):

    $$C_i = C_p \sum_j PS_j B(-Pe_j) \, / \, \Big(J_{L0} + \sum_j PS_j B(Pe_j)\Big)$$

    The share at which both populations need one hydrostatic difference is all that is left to solve for. It may be
    below 0: where small pores absorb, the interstitial concentration can exceed that of plasma. In logits of
    C_i/C_p, as `physiology.md` 1.6 asks, such a state has no root. In the share the equation rises with a slope
    above 1 from minus to plus infinity: 400,000 draws of the priors met 1e-12 in 5 iterations at most, from 0.5.
    """
    s = sieve(p)
    LpS_S, LpS_L = p.LpS * (1 - p.alpha_L0), p.LpS * p.alpha_L0

    def split(share: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
        """Return both concentrations [g/L], and what opposes the flow through small and large pores [mmHg]."""
        SA, LA, SG, LG = pores(share * p.J_L0, (1 - share) * p.J_L0, LpS_S, LpS_L, s)
        C_iA, C_iG = p.C_A0 * lymph_to_plasma((SA, LA), p.J_L0), p.C_G0 * lymph_to_plasma((SG, LG), p.J_L0)
        return C_iA, C_iG, *opposing_pressures(p.C_A0, p.C_G0, C_iA, C_iG, s, p)

    def residual(share: Scalar) -> Scalar:
        _, _, opposing_S, opposing_L = split(share)
        return share * LpS_L / LpS_S - (1 - share) + (opposing_S - opposing_L) * LpS_L / p.J_L0

    C_iA, C_iG, opposing_S, opposing_L = split(newton_root(residual, 0.5))
    dP = (p.J_L0 + LpS_S * opposing_S + LpS_L * opposing_L) / (LpS_S + LpS_L)
    return BalancedWall(dP, C_iA, C_iG, wall_flux(dP, p.C_A0, p.C_G0, C_iA, C_iG, 1.0, s, p), s)


def lymph_to_plasma(wall: Sequence[Pore], J_L0: Scalar) -> Scalar:
    """Return C_i/C_p at which lymph of flow J_L0 [L/h] carries off what a solute's pores let through [1]."""
    back = sum(unidirectional_clearance(-J, sigma, PS) for J, sigma, PS in wall)
    return sum(unidirectional_clearance(*pore) for pore in wall) / (J_L0 + back)


def wall_imbalance(dP: Scalar, C_iA: Scalar, C_iG: Scalar, s: Sieve, p: Any) -> Scalar:
    """Return how far a healthy two-pore wall is from giving what lymph takes, fluid and proteins, relative to it."""
    f = wall_flux(dP, p.C_A0, p.C_G0, C_iA, C_iG, 1.0, s, p)
    return lymph_imbalance(f.J_S + f.J_L, f.Js_A, f.Js_G, C_iA, C_iG, p)


def lymph_imbalance(J: Scalar, Js_A: Scalar, Js_G: Scalar, C_iA: Scalar, C_iG: Scalar, p: Any) -> Scalar:
    """Return the largest difference between what enters and what lymph takes, relative to its flux at C_p [1]."""
    fluid, of_A, of_G = J / p.J_L0 - 1, (Js_A / p.J_L0 - C_iA) / p.C_A0, (Js_G / p.J_L0 - C_iG) / p.C_G0
    return jnp.maximum(jnp.abs(fluid), jnp.maximum(jnp.abs(of_A), jnp.abs(of_G)))


def two_pore_imbalance(p: Any, h: Any) -> Scalar:
    """Return how far the healthy body of a two-pore wall is from its steady state, relative to the lymph's flux."""
    return wall_imbalance(h.loop.P_c0 - p.P_i0, h.C_iA0, h.C_iG0, h.sieve, p)


def healthy_two_pore(p: Any) -> TwoPoreHealth:
    """Return the healthy body of a two-pore wall: the capillary pressure follows from the interstitial one."""
    b = balanced_wall(p)
    return two_pore_health(p.P_i0 + b.dP, b.C_iA, b.C_iG, b.flux, b.sieve, p)


def healthy_two_pore_lung(p: Any) -> TwoPoreLungHealth:
    """Return the healthy body of a two-pore wall with its lung, whose capillary pressure is given.

    So its interstitial pressure follows. In health the lung gives back to plasma what it takes: the body does not
    notice it.
    """
    b = balanced_wall(lung_wall(p))
    lung = LungHealth(P_l0=p.P_cl0 - b.dP, C_lA0=b.C_iA, C_lG0=b.C_iG, V_ex=p.f_ex_l * p.V_l0, sieve=b.sieve)
    return TwoPoreLungHealth(*healthy_two_pore(p), lung=lung)


def two_pore_lung_imbalance(p: Any, h: TwoPoreLungHealth) -> Scalar:
    """Return the same of the body and its lung: the larger."""
    lung = h.lung
    of_lung = wall_imbalance(p.P_cl0 - lung.P_l0, lung.C_lA0, lung.C_lG0, lung.sieve, lung_wall(p))
    return jnp.maximum(two_pore_imbalance(p, h), of_lung)


class OnePoreHealth(NamedTuple):
    """What follows from a one-pore model's parameters alone."""

    loop: Loop
    C_i0: Scalar
    PS_0: Scalar


def healthy_one_pore(p: Any) -> OnePoreHealth:
    r"""Return the healthy body of a wall with one pore population, in closed form (`physiology.md` 1.6).

    With $T = TER_0 V_{p0}$ and $q = J_{L0}(1-\sigma)$, which must stay below T:
    $PS = -q / \ln(1 - q/T)$, $C_i/C_p = T/(T + \sigma J_{L0})$, and $P_{c0}$ from the fluid balance.
    """
    T, q = p.TER_0 * p.V_p0, p.J_L0 * (1 - p.sigma_0)
    C_i0 = p.C_A0 * T / (T + p.sigma_0 * p.J_L0)
    dpi = total_pressure(p.C_A0, p.R_p * p.C_A0, p) - total_pressure(C_i0, p.R_i * C_i0, p)
    P_c0 = p.P_i0 + p.sigma_0 * dpi + p.J_L0 / p.K_f
    dragged = jnp.minimum(q / T, 1 - 1e-12)  # finite where no PS is enough, too
    return OnePoreHealth(loop=loop_in_health(P_c0, p), C_i0=C_i0, PS_0=-q / jnp.log1p(-dragged))


def one_pore_imbalance(p: Any, h: OnePoreHealth) -> Scalar:
    """Return how far albumin is from its steady state, relative to the lymph's flux; it has one only if q < T."""
    Js = solute_flux(p.J_L0, p.sigma_0, h.PS_0, p.C_A0, h.C_i0)
    return jnp.abs(Js / p.J_L0 - h.C_i0) / p.C_A0
