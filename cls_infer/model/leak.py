"""The prior of the leak's peak, by the cause the chart names."""

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
