"""Blood volume as the tissues' fluid shift regulates it."""

from ..types import Scalar


def retained_rate(flow: Scalar, alpha: Scalar) -> Scalar:
    r"""Return how fast the target of blood volume moves, $u / (1 + \alpha)$ [L/h].

    Of what is given or lost the share $1/(1+\alpha)$ stays with the blood, $\alpha/(1+\alpha)$ with the
    interstitium.

    Args:
        flow: volume given or lost [L/h].
        alpha: change of interstitial over change of blood volume once settled [1], at least 0.

    Reference:
        Bighamian, Reisner, Hahn (2016), Front Physiol [M]; structure [F], algebra [M], `physiology.md` 4.5.
    """
    return flow / (1 + alpha)


def fluid_shift(dV_b: Scalar, target: Scalar, K: Scalar) -> Scalar:
    r"""Return the fluid shift $K (\Delta V_b - r)$ [L/h], positive from blood to interstitium.

    Args:
        dV_b: blood volume gained since health [L].
        target: gain r that the shift steers to [L].
        K: gain of the feedback [1/h].

    Reference:
        As `retained_rate`.
    """
    return K * (dV_b - target)
