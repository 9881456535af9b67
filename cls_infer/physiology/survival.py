"""That the patient lived says something of how far plasma volume fell between the measurements."""

from ..types import Scalar


def hazard_of_death(V_p: Scalar, V_p0: Scalar, k: Scalar, x: Scalar, n: Scalar | int) -> Scalar:
    r"""Return the hazard of death from an empty circulation $k\,(x V_{p0} / V_p)^n$ [1/h].

    Nothing to speak of above a third of the healthy plasma volume, k at the share x of it, steep below.

    Args:
        V_p: plasma volume [L], above 0.
        V_p0: healthy plasma volume [L].
        k: hazard at the share x [1/h].
        x: share of the healthy plasma volume that is lethal within an hour or so [1].
        n: steepness [1]; an int makes the power products.

    Reference:
        [A]; survivors of the Clarkson syndrome lost up to 70 % of their plasma [F], `physiology.md` 7.1.
    """
    return k * (x * V_p0 / V_p) ** n
