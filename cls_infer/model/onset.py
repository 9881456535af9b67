"""The prior of when an attack began, from what the chart says of it."""

from .prior import Prior, lognormal_factor, normal
from .spec import Covariates


def reported_onset(patient: Covariates) -> Prior:
    """The charted onset, give or take hours or, before time zero, a factor; otherwise about the chart's first hour."""
    if "onset_gsd" in patient:
        return lognormal_factor(float(patient["onset"]), float(patient["onset_gsd"]))
    return normal(float(patient.get("onset", 0.0)), float(patient.get("onset_sd", 6.0)))
