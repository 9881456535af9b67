"""Pressures of the circulation as functions of blood volume."""

import jax.numpy as jnp
from jax.nn import softplus

from ..types import Scalar


def small_vein_pressure(V_b: Scalar, V_u: Scalar, C_v: Scalar, s: Scalar) -> Scalar:
    r"""Return the small-vein pressure $P_v = s\,\mathrm{softplus}[(V_b - V_u)/(C_v s)]$ [mmHg].

    Above the unstressed volume a vein of compliance `C_v`; below it the pressure fades to 0,
    never negative. Pressure imposed from outside is added by the caller.

    Args:
        V_b: blood volume [L].
        V_u: unstressed volume [L]; more with venodilation, less with venoconstriction.
        C_v: compliance of the stressed veins [L/mmHg].
        s: pressure over which the veins fill from slack [mmHg].

    Reference:
        Compliance fitted to infusion data [D]; form [A].
    """
    return s * softplus((V_b - V_u) / (C_v * s))


def unstressed_volume(V_b0: Scalar, P_v0: Scalar, C_v: Scalar, s: Scalar) -> Scalar:
    r"""Return the unstressed volume at which blood volume `V_b0` gives the pressure `P_v0` [L].

    $$V_u = V_{b0} - C_v\,s\,\ln(e^{P_{v0}/s} - 1)$$

    Args:
        V_b0: healthy blood volume [L].
        P_v0: healthy small-vein pressure [mmHg], above 0.
        C_v: compliance of the stressed veins [L/mmHg].
        s: pressure over which the veins fill from slack [mmHg].
    """
    filling = P_v0 / s
    return V_b0 - C_v * s * (filling + jnp.log(-jnp.expm1(-filling)))


def arteriolar_fraction(P_c0: Scalar, f_v: Scalar, MAP_0: Scalar) -> Scalar:
    r"""Return $\rho = P_{c0} (1 - f_v) / (MAP_0 - f_v P_{c0})$ [1]: how much of `P_c` is `MAP`.

    With it the capillary pressure in health is `P_c0`, whatever that is, at `P_v0 = f_v * P_c0`.

    Args:
        P_c0: healthy capillary pressure [mmHg].
        f_v: healthy small-vein over capillary pressure [1]; Perry (1986), forearm, gives 0.55 [F].
        MAP_0: healthy mean arterial pressure [mmHg].
    """
    return P_c0 * (1 - f_v) / (MAP_0 - f_v * P_c0)


def capillary_pressure(P_v: Scalar, MAP: Scalar, rho: Scalar) -> Scalar:
    r"""Return the capillary pressure $P_c = (1 - \rho) P_v + \rho\,MAP$ [mmHg].

    Args:
        P_v: small-vein pressure [mmHg].
        MAP: mean arterial pressure before any pressor [mmHg]: arteriolar constriction raises
            arterial, not capillary pressure.
        rho: share of the resistance that lies beyond the capillaries [1], `arteriolar_fraction`.
    """
    return (1 - rho) * P_v + rho * MAP


def mean_arterial_pressure(
    V_b: Scalar, V_b0: Scalar, MAP_0: Scalar, MAP_min: Scalar, x_50: Scalar, n: Scalar | int
) -> Scalar:
    r"""Return the mean arterial pressure before any pressor [mmHg]; `MAP_0` at `V_b0`.

    $$MAP = MAP_{min} + (MAP_0 - MAP_{min}) \frac{h(x)}{h(1)}, \qquad
      h(x) = \frac{x^n}{x^n + x_{50}^n}, \qquad x = V_b / V_{b0}$$

    Args:
        V_b: blood volume [L], above 0.
        V_b0: healthy blood volume [L].
        MAP_0: healthy mean arterial pressure [mmHg].
        MAP_min: pressure that remains without blood volume [mmHg].
        x_50: relative blood volume at half effect [1].
        n: steepness [1]; an int makes the powers products.

    Reference:
        [A], set to the ATLS classes of haemorrhage [M].
    """
    x = V_b / V_b0
    relative = x**n * (1 + x_50**n) / (x**n + x_50**n)
    return MAP_min + (MAP_0 - MAP_min) * relative


def central_venous_pressure(P_v: Scalar, P_v0: Scalar, CVP_0: Scalar, gain: Scalar) -> Scalar:
    r"""Return the central venous pressure $CVP_0 + g\,(P_v - P_{v0})$ [mmHg], as measured [A].

    Args:
        P_v: small-vein pressure [mmHg].
        P_v0: healthy small-vein pressure [mmHg].
        CVP_0: healthy central venous pressure [mmHg].
        gain: rise of central with small-vein pressure [1].
    """
    return CVP_0 + gain * (P_v - P_v0)


def pressor_rise(norepinephrine: Scalar, dMAP_max: Scalar, NE_50: Scalar) -> Scalar:
    """Return the rise of mean arterial pressure under norepinephrine [mmHg], at least 0 [A].

    Args:
        norepinephrine: infusion rate [ug/kg/min], at least 0.
        dMAP_max: largest rise [mmHg].
        NE_50: infusion rate of half effect [ug/kg/min].
    """
    return dMAP_max * norepinephrine / (norepinephrine + NE_50)


def pressor_venoconstriction(norepinephrine: Scalar, dV_max: Scalar, NE_50: Scalar) -> Scalar:
    """Return the change of unstressed volume under norepinephrine [L]; negative, as `dV_max` is [A].

    Args:
        norepinephrine: infusion rate [ug/kg/min], at least 0.
        dV_max: change at the largest dose [L], negative.
        NE_50: infusion rate of half effect [ug/kg/min].
    """
    return dV_max * norepinephrine / (norepinephrine + NE_50)
