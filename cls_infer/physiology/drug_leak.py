"""The slow course of a leak that a drug brings on, and the albumin that is not made meanwhile."""

from ..types import Scalar
from .episode import leak_drive


def drug_drive(t: Scalar, half_risen: Scalar, plateau: Scalar, rise: Scalar, t_off: Scalar, w_corner: Scalar) -> Scalar:
    r"""Return the drive $E$ of a leak that builds up over days of dosing [1]: 0 in health, 1 at its fullest.

    $$E = \mathrm{sigmoid}\frac{t - t_h}{w}\; e^{-s/t_{off}}$$

    with s the time since $t_h + D$, its corner rounded as in `leak_drive`, of which this is the case
    without a prodrome.

    Args:
        t: time [h].
        half_risen: time t_h at which the rise is half done [h].
        plateau: time D from there until the leak begins to close [h].
        rise: time constant w of the rise [h].
        t_off: time constant of the recovery [h].
        w_corner: rounding of the corner between rise and recovery [h]; 0 is the hard corner.

    Reference:
        [A], hand-chosen for tagraxofusp, whose label gives a median onset of 6 days [F]; `physiology.md` 7.2.
    """
    return leak_drive(
        t,
        half_risen,
        plateau,
        2 * rise,
        t_off,
        0.0,
        prodrome_lead=0.0,
        prodrome_width=rise,
        merge=0.0,
        w_corner=w_corner,
    )


def synthesis_under(E: Scalar, f_syn: Scalar) -> Scalar:
    r"""Return the albumin made relative to health, $1 - (1 - f) E$ [1]: the `albumin_synthesis` of the inputs.

    Args:
        E: drive of the illness [1].
        f_syn: synthesis at full drive relative to health [1].

    Reference:
        [A]; acute-phase albumin mRNA falls to 0.5-0.8 [F], `physiology.md` 5.6.
    """
    return 1 - (1 - f_syn) * E
