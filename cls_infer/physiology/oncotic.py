"""Colloid osmotic pressure of plasma and interstitial fluid."""

from ..types import Scalar

type Cubic = tuple[Scalar, Scalar, Scalar]
"""k1 [mmHg/(g/L)], k2 [mmHg/(g/L)^2], k3 [mmHg/(g/L)^3] of `landis_pappenheimer`."""


def landis_pappenheimer(C: Scalar, k1: Scalar, k2: Scalar, k3: Scalar) -> Scalar:
    r"""Return the colloid osmotic pressure of a protein solution [mmHg].

    $$\pi = k_1 C + k_2 C^2 + k_3 C^3$$

    The published coefficients are for g/dL. For g/L (divide by 10, 100, 1000): plasma protein
    0.21, 0.0016, 9e-6; albumin 0.28, 0.0018, 1.2e-5; globulin 0.16, 0.0015, 6e-6.

    Args:
        C: protein concentration [g/L].
        k1: coefficient [mmHg/(g/L)], the limit of thin solutions.
        k2: coefficient [mmHg/(g/L)^2].
        k3: coefficient [mmHg/(g/L)^3].

    Reference:
        Landis & Pappenheimer (1963), Handbook of Physiology [M].
    """
    return C * (k1 + C * (k2 + C * k3))


def share_of_pressure(C: Scalar, C_t: Scalar, curve: Cubic) -> Scalar:
    """Return the pressure [mmHg] of one solute at C among all at C_t [g/L], by its own curve: `partial_pressures`."""
    k1, k2, k3 = curve
    return C * (k1 + C_t * (k2 + C_t * k3))


def partial_pressures(
    C_A: Scalar, C_G: Scalar, albumin: Cubic, globulin: Cubic, *, C_other: Scalar = 0.0
) -> tuple[Scalar, Scalar]:
    r"""Return the shares of albumin and of globulin in the colloid osmotic pressure [mmHg].

    Each pure curve is taken at the total concentration and weighted by mass fraction:

    $$\pi_A = \frac{C_A}{C_t}\,\pi_{alb}(C_t) = C_A\,(k_1 + k_2 C_t + k_3 C_t^2),
      \qquad C_t = C_A + C_G + C_{other}$$

    and likewise $\pi_G$. The division cancels, so both are smooth through 0.

    Args:
        C_A: albumin concentration [g/L].
        C_G: globulin concentration [g/L], all protein that is not albumin.
        albumin: the cubic of pure albumin.
        globulin: the cubic of pure globulin.
        C_other: concentration of further colloids in the same water [g/L].

    Reference:
        Curves as `landis_pappenheimer` [M]; the mass-fraction mixture [A].
    """
    C_t = C_A + C_G + C_other
    return share_of_pressure(C_A, C_t, albumin), share_of_pressure(C_G, C_t, globulin)
