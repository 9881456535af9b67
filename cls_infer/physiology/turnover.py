"""Synthesis and breakdown of plasma protein."""

from ..types import Scalar


def net_turnover(A_p: Scalar, A_p0: Scalar, k_deg: Scalar, synthesis: Scalar = 1.0) -> Scalar:
    r"""Return synthesis less breakdown, $k_{deg} (s A_{p0} - A_p)$, positive into plasma [g/h].

    At s = 1 synthesis is at the rate that balanced breakdown in health.

    Args:
        A_p: amount in plasma [g].
        A_p0: healthy amount in plasma [g].
        k_deg: fraction of the plasma pool broken down per hour [1/h]; albumin 0.0040,
            globulin 0.0022 [M].
        synthesis: synthesis relative to health, s [1].
    """
    return k_deg * (synthesis * A_p0 - A_p)
