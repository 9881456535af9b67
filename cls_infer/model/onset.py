"""When an attack began: its prior, from what the chart says of it, and the earliest that a prior allows."""

from .prior import Prior, lognormal_factor, normal, value
from .spec import Covariates


def reported_onset(patient: Covariates) -> Prior:
    """The charted onset, give or take hours or, before time zero, a factor; otherwise about the chart's first hour."""
    if "onset_gsd" in patient:
        return lognormal_factor(float(patient["onset"]), float(patient["onset_gsd"]))
    return normal(float(patient.get("onset", 0.0)), float(patient.get("onset_sd", 6.0)))


FAR = 4.0
"""Standard deviations from the median; a sampler all but never goes beyond."""


def earliest(onset: Prior) -> float:
    """Return the earliest onset that a prior allows [h], `FAR` standard deviations from its median."""
    return float(min(value(onset, -FAR), value(onset, FAR)))
