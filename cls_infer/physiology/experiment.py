"""What an experimenter adds to a wall: a trace of labelled protein."""

from ..types import Scalar
from .two_pore import Sieve, WallFlux


def tracer_flux(wall: WallFlux, C_p: Scalar, C_i: Scalar, s: Sieve) -> Scalar:
    r"""Return the flux of labelled albumin through the wall [unit of the tracer/h], positive out of plasma.

    Albumin's own flux at the tracer's concentrations, summed over the pores j by $B(-x) = B(x) + x$:

    $$J^*_s = T\,(C^*_p - C^*_i) + \sum_j (1 - \sigma_j) J_j\,C^*_i$$

    with T the clearance out of plasma. A trace adds no oncotic pressure.

    Args:
        wall: the fluxes of fluid and albumin's clearance [L/h].
        C_p: tracer in plasma [1/L].
        C_i: tracer in the interstitial fluid that protein can reach [1/L].
        s: the pores' reflection coefficients for albumin.

    Reference:
        Operators of `solute_flux` [M]; escape of labelled albumin: Rossing (1978) [F].
    """
    drag = (1 - s.sigma_SA) * wall.J_S + (1 - s.sigma_LA) * wall.J_L
    return wall.clearance_A * (C_p - C_i) + drag * C_i
