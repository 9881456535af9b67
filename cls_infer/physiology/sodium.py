"""Sodium and the water of cells: one osmotic concentration in all water of the body.

Sodium with its anions stays outside cells, the cells' own solutes inside; water goes where it evens them out
(`physiology.md` 5.7). Each sodium ion counts with one anion on either side, so that the factor 2 cancels.
"""

from ..types import Scalar
from .lymph import log_logistic


def plasma_sodium(N_e: Scalar, V_e: Scalar, V_c: Scalar, Na_0: Scalar, V_c0: Scalar) -> Scalar:
    r"""Return the sodium concentration of extracellular water [mmol/L].

    $$[Na] = \frac{osm}{2} = \frac{N_e + [Na]_0 V_{c0}}{V_e + V_c}$$

    Plasma and interstitium share it: sodium passes the capillary wall within a minute.

    Args:
        N_e: sodium outside cells [mmol].
        V_e: water outside cells, plasma and interstitium [L], above 0.
        V_c: water of cells [L], above 0.
        Na_0: healthy concentration [mmol/L].
        V_c0: healthy water of cells [L]; with `Na_0` it gives the cells' own solutes, which stay.

    Reference:
        `physiology.md` 5.7 [D]; Edelman's regression has a slope of 1.11 and an intercept besides [M].
    """
    return (N_e + Na_0 * V_c0) / (V_e + V_c)


def cell_water_flux(Na: Scalar, V_c: Scalar, Na_0: Scalar, V_c0: Scalar, k_c: Scalar) -> Scalar:
    r"""Return the water that cells take from the interstitium [L/h].

    $$J_c = k_c (V_{c,eq} - V_c), \qquad V_{c,eq} = [Na]_0 V_{c0} / [Na]$$

    At `k_c` = 0 the cells are closed, and what is outside behaves as if there were none.

    Args:
        Na: sodium concentration of extracellular water [mmol/L], above 0.
        V_c: water of cells [L].
        Na_0: healthy concentration [mmol/L].
        V_c0: healthy water of cells [L].
        k_c: rate of equilibration [1/h].

    Reference:
        `physiology.md` 5.7.
    """
    return k_c * (Na_0 * V_c0 / Na - V_c)


def urine_sodium(
    tonicity: Scalar, filling: Scalar, Na_u0: Scalar, Na_u_max: Scalar, k_tonic: Scalar, k_filling: Scalar
) -> Scalar:
    r"""Return the sodium concentration of urine $[Na]_u$ [mmol/L]; `Na_u0` in health.

    $$[Na]_u = \frac{[Na]_{u,max}}{1 + ([Na]_{u,max}/[Na]_{u0} - 1)\,e^{-k_t\tau - k_f x}}$$

    Args:
        tonicity: $\tau$, plasma sodium above the healthy one, as a share of it [1].
        filling: x, blood volume above the healthy one, as a share of the healthy plasma volume [1].
        Na_u0: healthy concentration [mmol/L], below `Na_u_max`.
        Na_u_max: largest concentration [mmol/L].
        k_tonic: rise with tonicity [1].
        k_filling: rise with filling [1].

    Reference:
        20-150 mmol/L, 10 in shock: `physiology.md` 5.7; form [A].
    """
    return log_logistic(k_tonic * tonicity + k_filling * filling, y_0=Na_u0, y_max=Na_u_max, slope=1.0)


def dilution_factor(tonicity: Scalar, J_u: Scalar, J_u0: Scalar, q_max: Scalar, k_free: Scalar) -> Scalar:
    r"""Return urine flow relative to that by volume and pressure, as vasopressin holds water or lets it go [1].

    $$f = 1 + s\,(q - 1), \qquad s = \frac{J_{u0}}{J_u + J_{u0}}, \qquad
      q = \frac{q_{max}}{1 + (q_{max} - 1)\,e^{k_{free}(1 - s)\tau}}$$

    The solutes of a usual day come in the part $s J_u$ of the flow, half of it in health and never more than the
    healthy flow. Vasopressin concentrates or dilutes that part alone: free water has a ceiling of its own, and salt
    that volume drives out takes its water along. 1 in health, and at `k_free` = 0. Where `J_u` is far below the healthy
    flow tonicity counts for little: vasopressin is up for the blood that is missing.

    Args:
        tonicity: $\tau$, plasma sodium above the healthy one, as a share of it [1].
        J_u: urine flow by volume and pressure [L/h], at least 0.
        J_u0: healthy urine flow [L/h], above 0.
        q_max: largest volume of the usual solutes' urine over that in health [1], at least 1.
        k_free: relative rise of that volume as tonicity falls [1].

    Reference:
        Urine of 1000 to 50 mOsm/kg, 500 in health, and 95 mOsm/kg less for each that plasma falls: Robertson's
        relation of urine, vasopressin and plasma [M]; form, and what missing blood does [A].
    """
    s = J_u0 / (J_u + J_u0)
    return 1 + s * (log_logistic(-tonicity * (1 - s), y_0=1.0, y_max=q_max, slope=k_free) - 1)
