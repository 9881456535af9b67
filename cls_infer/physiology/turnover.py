"""Synthesis and breakdown of plasma protein."""

from ..types import Scalar


def net_turnover(A_p: Scalar, A_p0: Scalar, k_deg: Scalar) -> Scalar:
    r"""Return synthesis less breakdown, $k_{deg} (A_{p0} - A_p)$, positive into plasma [g/h].

    Synthesis stays at the rate that balanced breakdown in health.

    Args:
        A_p: amount in plasma [g].
        A_p0: healthy amount in plasma [g].
        k_deg: fraction of the plasma pool broken down per hour [1/h]; albumin 0.0040,
            globulin 0.0022 [M].
    """
    return k_deg * (A_p0 - A_p)
