"""Pressure and volume of the interstitium."""

from typing import Any

from jax.nn import softplus

from ..types import Scalar


def interstitial_pressure(
    V: Scalar,
    V_0: Scalar,
    P_0: Scalar,
    m_lo: Scalar,
    m_hi: Scalar,
    f_knee: Scalar,
    w: Scalar,
    f_stiff: Scalar,
    m_stiff: Scalar,
    w_stiff: Scalar,
) -> Scalar:
    r"""Return the interstitial pressure $P_i$ [mmHg], with $P_i(V_0) = P_0$ exactly.

    Stiff near health, slack above a knee, stiff again where skin and fascia tighten:

    $$\frac{dP_i}{dV} = m_{hi} + (m_{lo} - m_{hi})\,\mathrm{sigmoid}\frac{V_{knee} - V}{w}
                      + m_{stiff}\,\mathrm{sigmoid}\frac{V - V_{stiff}}{w_{stiff}}$$

    Args:
        V: interstitial volume [L].
        V_0: healthy interstitial volume [L].
        P_0: healthy interstitial pressure [mmHg].
        m_lo: slope below the knee [mmHg/L].
        m_hi: slope between the knee and the stiff limit [mmHg/L].
        f_knee: volume at the knee, relative to health [1].
        w: width of the knee [L].
        f_stiff: volume where the tissue stiffens, relative to health [1].
        m_stiff: slope gained there [mmHg/L].
        w_stiff: width of that transition [L].

    Reference:
        Shape: Chapple et al. (1993), fig. A2, as coded by others [F]; smooth form and stiff limit [A].
    """
    V_knee, V_stiff = f_knee * V_0, f_stiff * V_0
    knee = softplus((V_knee - V) / w) - softplus((V_knee - V_0) / w)
    stiff = softplus((V - V_stiff) / w_stiff) - softplus((V_0 - V_stiff) / w_stiff)
    return P_0 + m_hi * (V - V_0) - (m_lo - m_hi) * w * knee + m_stiff * w_stiff * stiff


def pressure_of_tissue(V_i: Scalar, p: Any) -> Scalar:
    """Return `interstitial_pressure` [mmHg] of the body with parameters p at interstitial volume V_i [L]."""
    return interstitial_pressure(
        V_i, p.V_i0, p.P_i0, p.m_lo, p.m_hi, p.f_knee, p.w_knee, p.f_stiff, p.m_stiff, p.w_stiff
    )
