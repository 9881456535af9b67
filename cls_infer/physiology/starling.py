"""Fluid flux across the microvascular wall."""

from ..types import Scalar


def fluid_flux(Kf: Scalar, dP: Scalar, opposing: Scalar) -> Scalar:
    r"""Return the fluid flux $J_v$ through one wall or one pore population [L/h].

    Hydrostatic pressure drives fluid out, the protein that the wall holds back draws it in:

    $$J_v = K_f \Big[ (P_c - P_i) - \sum_k \sigma_k (\pi_{p,k} - \pi_{i,k}) \Big]$$

    Positive from plasma to interstitium.

    Args:
        Kf: filtration coefficient Lp*S [L/h/mmHg]; Lp and S are never seen apart.
        dP: hydrostatic pressure in the capillary less that in the interstitium [mmHg].
        opposing: the sum over solutes k of sigma_k * (pi_p,k - pi_i,k) [mmHg].

    Reference:
        Starling (1896), J Physiol 19:312-326 [M].
    """
    return Kf * (dP - opposing)
