"""The prior of how large the leak is, by the cause the chart names."""

from collections.abc import Callable

from ..causes import CAUSES
from .prior import Prior, lognormal
from .spec import Covariates


def peak_leak(usual: str) -> Callable[[Covariates], Prior]:
    """Return the prior of m_L at its peak for the patient's `cause`; without one, for the `usual` cause."""

    def prior(patient: Covariates) -> Prior:
        cause = CAUSES[str(patient.get("cause", usual))]
        return lognormal(cause.median, cause.log_sd, shift=1.0)

    return prior


def usual_leak(usual: str) -> Callable[[Covariates], Prior]:
    """Return the median of `peak_leak`, held: for a course that has the spread of peaks in itself."""

    def prior(patient: Covariates) -> Prior:
        cause = CAUSES[str(patient.get("cause", usual))]
        return lognormal(cause.median, 0.0, shift=1.0)

    return prior


FULLY_OPEN = {"clarkson": (11.0, 0.5), **dict.fromkeys(("sepsis", "burn", "ards"), (3.0, 0.6))}
"""Median and log-sd of M_L - 1, `physiology.md` 6.2; burns and ARDS as sepsis, as they are at the peak."""


def full_leak(usual: str) -> Callable[[Covariates], Prior]:
    """Return the prior of M_L, the leak of a barrier fully open, by cause as in `peak_leak`.

    An illness opens it in part: the peak of m_L lies below M_L. Causes of which no M_L is known have that of
    their peak, as 14.1 does for drugs.
    """
    peak = peak_leak(usual)

    def prior(patient: Covariates) -> Prior:
        cause = str(patient.get("cause", usual))
        return lognormal(*FULLY_OPEN[cause], shift=1.0) if cause in FULLY_OPEN else peak(patient)

    return prior
