"""The lung beside a two-pore body: its own wall and interstitium, alveoli that flood, and what they clear.

Model M6 of `physiology.md` 13; the capillary pressure and the leak of the lung come from the model that uses it.
Alveolar states count what is there beyond the lining of health, so that both are 0 in health.
"""

from typing import Any, NamedTuple

import jax

from ..types import Scalar
from .body import Loop
from .inputs import Inputs
from .interstitium import interstitial_pressure
from .lymph import lymph_flow
from .two_pore import Sieve, WallFlux, wall_flux
from .two_pore_body import TwoPoreFlows, TwoPoreHealth, two_pore_flows, two_pore_rates


class LungHealth(NamedTuple):
    """What follows for the lung from the parameters alone."""

    P_l0: Scalar
    C_lA0: Scalar
    C_lG0: Scalar
    V_ex: Scalar
    sieve: Sieve


class LungFlows(NamedTuple):
    """Volumes, concentrations, pressures and fluxes of the lung at an instant; canonical units."""

    V_l: Scalar
    V_a: Scalar
    C_lA: Scalar
    C_lG: Scalar
    P_l: Scalar
    wall: WallFlux
    J_lymph: Scalar
    J_flood: Scalar
    J_clear: Scalar
    Js_clear_A: Scalar
    Js_clear_G: Scalar
    EVLWI: Scalar
    lymph_to_plasma: Scalar
    oedema_to_plasma: Scalar


class TwoPoreLungHealth(NamedTuple):
    """What follows from the parameters alone: the two-pore body, and its lung."""

    loop: Loop
    sieve: Sieve
    C_iA0: Scalar
    C_iG0: Scalar
    TER_0: Scalar
    lung: LungHealth

    @property
    def body(self) -> TwoPoreHealth:
        """The body without its lung."""
        return TwoPoreHealth(self.loop, self.sieve, self.C_iA0, self.C_iG0, self.TER_0)


class TwoPoreLungFlows(NamedTuple):
    """Every flow of the body, and of its lung."""

    body: TwoPoreFlows
    lung: LungFlows


def lung_wall(p: Any) -> Any:
    """Return the parameters as a two-pore wall reads them, with wall and lymph of the lung for those of the body."""
    return p._replace(LpS=p.LpS_l, alpha_L0=p.alpha_Ll, r_S=p.r_Sl, r_L=p.r_Ll, J_L0=p.J_Ll0)


def alveolar_flooding(V_l: Scalar, V_l0: Scalar, k_flood: Scalar, f_flood: Scalar, w_flood: Scalar) -> Scalar:
    r"""Return the flow from the lung's interstitium into the alveoli [L/h], beyond that of health.

    $$J_f = k_f w \left[ \mathrm{softplus}\frac{V_l - f V_{l0}}{w} -
      \mathrm{softplus}\frac{V_{l0} - f V_{l0}}{w} \right]$$

    Linear above the threshold. The second term, 4e-6 L/h in the reference adult, makes it exactly 0 in health
    and is the most that can flow back.

    Args:
        V_l: interstitial volume of the lung [L].
        V_l0: the same in health [L].
        k_flood: flow per volume above the threshold [1/h].
        f_flood: volume at which alveoli flood, relative to health [1].
        w_flood: width of the threshold [L].

    Reference:
        `physiology.md` 13, M6 [A]; the subtraction is ours.
    """
    V_flood = f_flood * V_l0
    beyond = jax.nn.softplus((V_l - V_flood) / w_flood) - jax.nn.softplus((V_l0 - V_flood) / w_flood)
    return k_flood * w_flood * beyond


def oedema_to_plasma_ratio(V_a: Scalar, protein_a: Scalar, C_l: Scalar, C_p: Scalar, V_sample: Scalar) -> Scalar:
    r"""Return the protein concentration of oedema fluid relative to plasma [1].

    $$\frac{(A_a + G_a + V_s C_l) / (V_a + V_s)}{C_p}$$

    The sample holds a little interstitial fluid beside what the alveoli hold. So the ratio is that of lung lymph
    to plasma where alveoli are empty, and that of alveolar fluid once they hold many times V_s; smooth throughout.

    Args:
        V_a: alveolar fluid [L].
        protein_a: total protein in it [g].
        C_l: total protein in the lung's interstitium [g/L].
        C_p: total protein in plasma [g/L].
        V_sample: interstitial fluid in the sample, V_s [L].
    """
    return (protein_a + V_sample * C_l) / ((V_a + V_sample) * C_p)


def lung_flows(y: Any, C_pA: Scalar, C_pG: Scalar, p: Any, h: LungHealth, *, P_cl: Scalar, m_Ll: Scalar) -> LungFlows:
    """Return the flows of the lung at states y = (V_l, A_l, G_l, V_a, A_a, G_a), given the plasma's protein.

    Args:
        y: the states.
        C_pA: albumin in plasma [g/L].
        C_pG: all other protein in plasma [g/L].
        p: the parameters.
        h: the lung in health.
        P_cl: capillary pressure of the lung [mmHg].
        m_Ll: large pores of the lung relative to health [1].
    """
    V_av = y.V_l - h.V_ex
    C_lA, C_lG = y.A_l / V_av, y.G_l / V_av
    P_l = interstitial_pressure(
        y.V_l,
        p.V_l0,
        h.P_l0,
        p.m_lo_l,
        p.m_hi_l,
        p.f_knee_l,
        p.w_knee_l,
        # nothing holds a lung as skin and fascia hold a limb: no stiff limit
        f_stiff=p.f_knee_l,
        m_stiff=0.0,
        w_stiff=p.w_knee_l,
    )
    return LungFlows(
        V_l=y.V_l,
        V_a=y.V_a,
        C_lA=C_lA,
        C_lG=C_lG,
        P_l=P_l,
        wall=wall_flux(P_cl - P_l, C_pA, C_pG, C_lA, C_lG, m_Ll, h.sieve, lung_wall(p)),
        J_lymph=lymph_flow(P_l, h.P_l0, p.J_Ll0, p.J_max_ratio_l, p.lambda_Ll),
        J_flood=alveolar_flooding(y.V_l, p.V_l0, p.k_flood, p.f_flood, p.w_flood),
        J_clear=p.AFC * y.V_a,
        Js_clear_A=p.k_clear * y.A_a,
        Js_clear_G=p.k_clear * y.G_a,
        EVLWI=p.mL_per_L * (p.V_cell + y.V_l + y.V_a) / p.BW,
        lymph_to_plasma=(C_lA + C_lG) / (C_pA + C_pG),
        oedema_to_plasma=oedema_to_plasma_ratio(y.V_a, y.A_a + y.G_a, C_lA + C_lG, C_pA + C_pG, p.V_sample),
    )


def lung_rates(f: LungFlows) -> dict[str, Scalar]:
    """Return the derivatives of the lung's six states."""
    J_v = f.wall.J_S + f.wall.J_L
    return {
        "V_l": J_v - f.J_lymph - f.J_flood + f.J_clear,
        "A_l": f.wall.Js_A - (f.J_lymph + f.J_flood) * f.C_lA,
        "G_l": f.wall.Js_G - (f.J_lymph + f.J_flood) * f.C_lG,
        "V_a": f.J_flood - f.J_clear,
        "A_a": f.J_flood * f.C_lA - f.Js_clear_A,
        "G_a": f.J_flood * f.C_lG - f.Js_clear_G,
    }


def two_pore_lung_flows(
    y: Any, p: Any, h: TwoPoreLungHealth, u: Inputs, *, m_L: Scalar, intake: Scalar, P_cl: Scalar, m_Ll: Scalar
) -> TwoPoreLungFlows:
    """Return the flows of body and lung at the states of both; the lung sees the body's plasma, and weighs.

    `m_L` is the leak of the body, `m_Ll` that of the lung [1], `P_cl` the lung's capillary pressure [mmHg].
    """
    body = two_pore_flows(y, p, h.body, u, m_L=m_L, intake=intake)
    lung = lung_flows(y, body.C_pA, body.C_pG, p, h.lung, P_cl=P_cl, m_Ll=m_Ll)
    weight_change = body.weight_change + p.rho_w * (y.V_l - p.V_l0 + y.V_a)
    return TwoPoreLungFlows(body=body._replace(weight_change=weight_change), lung=lung)


def two_pore_lung_rates(f: TwoPoreLungFlows, y: Any, p: Any, h: TwoPoreLungHealth, u: Inputs) -> dict[str, Scalar]:
    """Return the derivatives of body and lung: plasma gives through the lung's wall and gets back by its lymph.

    The protein that alveoli clear returns to plasma directly: six parts go to blood for one to lymph.
    """
    lung, body = f.lung, two_pore_rates(f.body, y, p, h.body, u)
    return {
        **body,
        "V_p": body["V_p"] - lung.wall.J_S - lung.wall.J_L + lung.J_lymph,
        "A_p": body["A_p"] - lung.wall.Js_A + lung.J_lymph * lung.C_lA + lung.Js_clear_A,
        "G_p": body["G_p"] - lung.wall.Js_G + lung.J_lymph * lung.C_lG + lung.Js_clear_G,
        **lung_rates(lung),
    }
