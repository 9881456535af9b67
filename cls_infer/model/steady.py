"""The steady state of health, from which every simulation starts."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from ..physiology.body import Loop, loop_in_health
from ..physiology.lung import LungHealth, TwoPoreLungHealth, lung_wall
from ..physiology.two_pore import Sieve, WallFlux, opposing_pressures, sieve, total_pressure, wall_flux
from ..physiology.two_pore_body import TwoPoreHealth, two_pore_health
from ..types import Scalar

type Pair = tuple[Scalar, Scalar]


def _solve_2x2(linear: Callable[[Pair], Pair], right: Pair) -> Pair:
    """Solve a linear 2x2 system given as a function, by its columns and Cramer's rule."""
    one, zero = jnp.ones_like(right[0]), jnp.zeros_like(right[0])
    (a, c), (b, d) = linear((one, zero)), linear((zero, one))
    determinant = a * d - b * c
    return (d * right[0] - b * right[1]) / determinant, (a * right[1] - c * right[0]) / determinant


def newton_pair(residual: Callable[[Pair], Pair], start: Pair, *, iterations: int = 12) -> Pair:
    """Return the root of two equations in two unknowns, with the implicit function theorem's gradient.

    Newton with every step clipped to +-1, as `physiology.md` 1.6 asks: from (0, -0.6) in logits it met
    1e-10 for all of 2,000 prior draws, in 8 iterations at most; a dozen leaves room.

    Args:
        residual: the two equations; zero at the root.
        start: first guess.
        iterations: a fixed number, so that lanes stay in step.
    """

    def solve(f: Callable[[Pair], Pair], z: Pair) -> Pair:
        def step(_: Any, z: Pair) -> Pair:
            value, linear = jax.linearize(f, z)
            dz = _solve_2x2(linear, (-value[0], -value[1]))
            return z[0] + jnp.clip(dz[0], -1, 1), z[1] + jnp.clip(dz[1], -1, 1)

        return jax.lax.fori_loop(0, iterations, step, z)

    guess = (jnp.asarray(start[0], float), jnp.asarray(start[1], float))
    return jax.lax.custom_root(residual, guess, solve, _solve_2x2)


class BalancedWall(NamedTuple):
    """A two-pore wall through which as much passes as lymph carries away."""

    dP: Scalar
    C_iA: Scalar
    C_iG: Scalar
    flux: WallFlux
    sieve: Sieve


def balanced_wall(p: Any) -> BalancedWall:
    """Return the state of a two-pore wall in which fluid and both proteins balance across wall and lymph.

    Given the interstitial concentrations the fluid balance is linear in the hydrostatic pressure difference, so
    that two unknowns remain, logit(C_i/C_p) of albumin and globulin (`physiology.md` 1.6).
    """
    s = sieve(p)
    LpS_S, LpS_L = p.LpS * (1 - p.alpha_L0), p.LpS * p.alpha_L0

    def balance(z: Pair) -> BalancedWall:
        C_iA, C_iG = p.C_A0 * jax.nn.sigmoid(z[0]), p.C_G0 * jax.nn.sigmoid(z[1])
        opposing_S, opposing_L = opposing_pressures(p.C_A0, p.C_G0, C_iA, C_iG, s, p)
        dP = (p.J_L0 + LpS_S * opposing_S + LpS_L * opposing_L) / (LpS_S + LpS_L)
        return BalancedWall(dP, C_iA, C_iG, wall_flux(dP, p.C_A0, p.C_G0, C_iA, C_iG, 1.0, s, p), s)

    def residual(z: Pair) -> Pair:
        b = balance(z)
        lymph_A, lymph_G = p.J_L0 * b.C_iA, p.J_L0 * b.C_iG
        return (b.flux.Js_A - lymph_A) / (p.J_L0 * p.C_A0), (b.flux.Js_G - lymph_G) / (p.J_L0 * p.C_G0)

    return balance(newton_pair(residual, (0.0, -0.6)))


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
    return OnePoreHealth(loop=loop_in_health(P_c0, p), C_i0=C_i0, PS_0=-q / jnp.log1p(-q / T))
