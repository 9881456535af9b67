"""Lymph that rises in proportion to interstitial pressure, and the protein balance it keeps in health."""

import jax.numpy as jnp
from jax.nn import softplus

from ..types import Scalar


def linear_lymph_flow(P_i: Scalar, P_i0: Scalar, J_L0: Scalar, LS: Scalar, w: Scalar) -> Scalar:
    r"""Return the lymph flow $J_L = \max[0,\, J_{L0} + LS\,(P_i - P_{i0})]$, its corner rounded [L/h].

    $$J_L = w\,\mathrm{softplus}\frac{x_0 + LS\,(P_i - P_{i0})}{w}, \qquad x_0 = w \ln(e^{J_{L0}/w} - 1)$$

    Positive from interstitium to plasma, exactly `J_L0` at `P_i0`; the straight line to a share
    $e^{-J_L/w}$ of w.

    Args:
        P_i: interstitial pressure [mmHg].
        P_i0: healthy interstitial pressure [mmHg].
        J_L0: healthy lymph flow [L/h], above 0.
        LS: rise of lymph flow with pressure [L/h/mmHg].
        w: flow over which the corner at no flow is rounded [L/h], well below `J_L0`.

    Reference:
        Xie, Reed, Bowen, Bert (1995), Am J Physiol [M]; rounding [A].
    """
    healthy = J_L0 / w
    return w * softplus(healthy + jnp.log(-jnp.expm1(-healthy)) + LS * (P_i - P_i0) / w)


def steady_interstitial_ratio(clearance: Scalar, drag: Scalar, returned: Scalar) -> Scalar:
    r"""Return $C_i / C_p$ at which lymph carries off what crosses a wall with one pore population [1].

    From $T C_p - (T - q)\,C_i = J_r C_i$, Patlak's flux with $PS\,B(Pe) = T - q$:

    $$\frac{C_i}{C_p} = \frac{T}{T - q + J_r}, \qquad q = (1 - \sigma) J_{L0}$$

    Args:
        clearance: T, out of plasma before any protein comes back [L/h].
        drag: q, the filtered volume that drags protein along [L/h].
        returned: J_r, the volume at C_i whose protein lymph returns [L/h]: the lymph flow itself, or less
            where lymph leaves at the concentration of the whole interstitium.

    Reference:
        `physiology.md` 1.6 for J_r = J_L0 [D].
    """
    return clearance / (clearance - drag + returned)
