"""Urine flow from blood volume and arterial pressure, a loop diuretic, and what fever adds to insensible loss."""

import jax.numpy as jnp

from ..types import Scalar
from .lymph import log_logistic


def urine_flow(
    V_b: Scalar,
    V_b0: Scalar,
    V_p0: Scalar,
    MAP: Scalar,
    MAP_0: Scalar,
    J_u0: Scalar,
    J_max: Scalar,
    k_u: Scalar,
    MAP_50: Scalar,
    h: Scalar | int,
) -> Scalar:
    r"""Return the urine flow $J_u$ [L/h], positive out of plasma; `J_u0` in health.

    $$J_u = \frac{J_{max}}{1 + (J_{max}/J_{u0} - 1)\,e^{-k_u x}} \cdot \frac{f(MAP)}{f(MAP_0)},
      \qquad x = \frac{V_b - V_{b0}}{V_{p0}}, \qquad f(P) = \frac{P^h}{P^h + P_{50}^h}$$

    Args:
        V_b: blood volume [L].
        V_b0: healthy blood volume [L].
        V_p0: healthy plasma volume [L], the scale of the excess.
        MAP: mean arterial pressure, pressors included [mmHg], above 0.
        MAP_0: healthy mean arterial pressure [mmHg].
        J_u0: healthy urine flow [L/h].
        J_max: largest urine flow at the healthy arterial pressure [L/h].
        k_u: relative rise with blood volume [1].
        MAP_50: arterial pressure at half perfusion effect [mmHg].
        h: steepness of the perfusion effect [1]; an int makes the powers products.

    Reference:
        Peak flow: Rodhe et al. (2010), 25 mL/kg Ringer [F]; form [A], `k_u` fitted [D].
    """
    excess = (V_b - V_b0) / V_p0
    now, healthy = (MAP / MAP_50) ** h, (MAP_0 / MAP_50) ** h
    perfusion = now / (1 + now) * (1 + healthy) / healthy
    return log_logistic(excess, y_0=J_u0, y_max=J_max, slope=k_u) * perfusion


def diuretic_factor(dose_rate: Scalar, gain: Scalar, F_50: Scalar) -> Scalar:
    r"""Return urine flow under a loop diuretic relative to that without, $1 + g F / (F + F_{50})$ [1].

    Args:
        dose_rate: furosemide that acts, F [mg/h], at least 0; a bolus spread over the hours that it acts.
        gain: g, largest factor less 1 [1].
        F_50: dose rate of half effect [mg/h], above 0.

    Reference:
        Form, gain 6 and an effect of 1-4 h: `physiology.md` 5.4 [A]; the dose of half effect [A].
    """
    return 1 + gain * dose_rate / (dose_rate + F_50)


def evaporation_factor(temperature: Scalar, T_0: Scalar, k_fever: Scalar) -> Scalar:
    r"""Return insensible loss relative to that at healthy temperature, $e^{k (T - T_0)}$ [1].

    Args:
        temperature: body temperature T [degC].
        T_0: the healthy one [degC].
        k_fever: relative rise per degree [1/degC]; ln 1.12 for 12 % more with each.

    Reference:
        12 % per degree of fever, `physiology.md` 5.4 [M], taken to compound.
    """
    return jnp.exp(k_fever * (temperature - T_0))
