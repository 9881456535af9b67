"""The two-pore body with a reflex and with lymph that answers late.

Arterioles constrict as blood is lost, which spares plasma; and lymph flow follows its pressure with a time
constant. Both are 0 in health, so that the healthy body is that of `two_pore_body`.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax.nn import softplus

from ..types import Scalar
from .inputs import Inputs
from .lymph import lymph_flow
from .two_pore_body import TwoPoreFlows, TwoPoreHealth, two_pore_flows, two_pore_rates


class ReflexFlows(NamedTuple):
    """The body's flows; how much of capillary pressure is arterial [1]; the lymph flow the pressure asks for [L/h]."""

    body: TwoPoreFlows
    rho: Scalar
    J_due: Scalar


def constricted_fraction(V_b: Scalar, V_b0: Scalar, rho_0: Scalar, k_rho: Scalar, w_rho: Scalar) -> Scalar:
    r"""Return the arteriolar fraction of capillary pressure after loss of blood [1].

    $$\rho = \rho_0\, e^{-k_\rho\,[l(1 - V_b/V_{b0}) - l(0)]}, \qquad l(x) = w\,\mathrm{softplus}(x/w)$$

    A loss constricts the arterioles, and capillary pressure falls towards that of the small veins; a gain changes
    next to nothing. `rho_0` in health.

    Args:
        V_b: blood volume [L].
        V_b0: healthy blood volume [L].
        rho_0: healthy arteriolar fraction [1].
        k_rho: fall of its logarithm with the share of blood lost [1]; 0 without the reflex.
        w_rho: share of blood over which the reflex sets in [1], above 0.

    Reference:
        [A]; that constriction before the capillaries lowers their pressure as blood is lost is textbook physiology [M].
    """
    lost = 1 - V_b / V_b0
    return rho_0 * jnp.exp(-k_rho * w_rho * (softplus(lost / w_rho) - softplus(0.0)))


def lymph_lag(J_due: Scalar, J: Scalar, tau_L: Scalar) -> Scalar:
    r"""Return $dJ/dt = (J_{due} - J) / \tau_L$ [L/h per h] of a lymph flow that follows its pressure late.

    Args:
        J_due: lymph flow that the interstitial pressure asks for [L/h].
        J: lymph flow [L/h].
        tau_L: time constant [h], above 0.

    Reference:
        A lag of 0 to 6 h, `physiology.md` 3.3 [A].
    """
    return (J_due - J) / tau_L


def reflex_flows(y: Any, p: Any, h: TwoPoreHealth, u: Inputs, *, m_L: Scalar, intake: Scalar) -> ReflexFlows:
    """Return the flows at the states of the two-pore body and the lymph flow J_lymph of sound vessels."""
    rho = constricted_fraction(y.V_p + y.V_r, h.loop.V_b0, h.loop.rho, p.k_rho, p.w_rho)
    body = two_pore_flows(y, p, h._replace(loop=h.loop._replace(rho=rho)), u, m_L=m_L, intake=intake)
    P_i = body.circulation.P_i
    late = body.circulation._replace(J_lymph=u.lymph_patency * y.J_lymph)
    return ReflexFlows(
        body=body._replace(circulation=late),
        rho=rho,
        J_due=lymph_flow(P_i, p.P_i0, p.J_L0, p.J_max_ratio, p.lambda_L),
    )


def reflex_rates(f: ReflexFlows, y: Any, p: Any, h: TwoPoreHealth, u: Inputs) -> dict[str, Scalar]:
    """Return the derivatives of the two-pore body's states and of the lymph flow."""
    return {**two_pore_rates(f.body, y, p, h, u), "J_lymph": lymph_lag(f.J_due, y.J_lymph, p.tau_L)}
