"""Solute flux across the microvascular wall: drag and diffusion along one pore population."""

import jax.numpy as jnp

from ..types import Scalar


def bernoulli(x: Scalar) -> Scalar:
    r"""Return the Bernoulli function $B(x) = x / (e^x - 1)$ [1], with $B(0) = 1$.

    $B > 0$ and $B(-x) = B(x) + x$. Accurate to a few units in the last place, with finite
    gradients to |x| = 1e100: a Taylor series near 0 (the first term left out is $x^6/30240$),
    and $x e^{-x}$ above 40, where $e^x - 1$ rounds to $e^x$ and would later overflow.
    """
    near_zero, large = jnp.abs(x) < 1e-3, x > 40.0
    # grad evaluates every branch: those that can overflow or divide 0 by 0 see a harmless argument
    x_large = jnp.where(large, x, 40.0)
    x_between = jnp.where(near_zero | large, 1.0, x)
    series = 1 - x / 2 + x**2 / 12 - x**4 / 720
    tail = x_large * jnp.exp(-x_large)
    return jnp.where(near_zero, series, jnp.where(large, tail, x_between / jnp.expm1(x_between)))


def solute_flux(Jv: Scalar, sigma: Scalar, PS: Scalar, C_p: Scalar, C_i: Scalar) -> Scalar:
    r"""Return the solute flux $J_s$ through one pore population [g/h].

    Drag and diffusion act together along the pore, so the flux is not the sum of the two
    taken alone:

    $$J_s = (1-\sigma) J_v \frac{C_p - C_i e^{-Pe}}{1 - e^{-Pe}}
          = PS\,[B(-Pe)\,C_p - B(Pe)\,C_i], \qquad Pe = (1-\sigma) J_v / PS$$

    Computed as $(1-\sigma) J_v C_p + PS\,B(Pe)\,(C_p - C_i)$, the same thing by
    $B(-x) = B(x) + x$, with one exponential instead of two. Positive from plasma to
    interstitium. $PS\,(C_p - C_i)$ at `Jv = 0`; the drag of the upstream concentration at
    large |Pe|; 0 for an impermeant solute (`sigma >= 1` or `PS == 0`).

    Args:
        Jv: fluid flux from plasma to interstitium [L/h]; either sign.
        sigma: reflection coefficient [1].
        PS: permeability-surface product [L/h], at least 0.
        C_p: concentration in plasma [g/L].
        C_i: concentration in the interstitial fluid that protein can reach [g/L].

    Reference:
        Patlak, Goldstein, Hoffman (1963), J Theor Biol 5:426-442 [M].
    """
    drag, diffusion, Pe = _transport(Jv, sigma, PS)
    return drag * C_p + diffusion * bernoulli(Pe) * (C_p - C_i)


def unidirectional_clearance(Jv: Scalar, sigma: Scalar, PS: Scalar) -> Scalar:
    r"""Return the clearance $T = PS\,B(-Pe)$ out of plasma before any solute comes back [L/h].

    What a tracer sees at first: the solute flux per unit `C_p` while `C_i` is 0. Arguments as in
    `solute_flux`; 0 for an impermeant solute. The transcapillary escape rate is $T / V_p$ [1/h].
    """
    _, diffusion, Pe = _transport(Jv, sigma, PS)
    return diffusion * bernoulli(-Pe)


def _transport(Jv: Scalar, sigma: Scalar, PS: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """Return drag (1 - sigma) * Jv [L/h], diffusion PS [L/h] and Pe [1]; all 0 for an impermeant solute."""
    permeant = (sigma < 1.0) & (PS > 0.0)
    drag = jnp.where(permeant, (1 - sigma) * Jv, 0.0)
    return drag, jnp.where(permeant, PS, 0.0), drag / jnp.where(permeant, PS, 1.0)
