"""Urine flow from blood volume and arterial pressure."""

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
