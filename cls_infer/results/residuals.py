"""How the fit meets the data: coverage of the predictive bands, and where the model cannot follow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

FAR = 2.0
"""Residuals beyond this many standard deviations are listed."""


@dataclass(frozen=True)
class Residual:
    """One measurement against its posterior mean prediction; `standardised` is in noise standard deviations.

    A measurement reported as a limit has no residual where the prediction lies on the allowed side.
    """

    patient: str
    row: int
    time: float
    variable: str
    unit: str
    value: float
    limit: str
    predicted: float
    standardised: float
    covered: bool


def residuals(tree: xr.DataTree) -> list[Residual]:
    """Return every measurement with its residual and whether it lies in its 90 % predictive band."""
    observed = tree["observed_data"].to_dataset()
    predictive = tree["posterior_predictive"].to_dataset()
    draws = ("chain", "draw")
    low, high = (predictive["measurement"].quantile(q, draws, skipna=True) for q in (0.05, 0.95))
    mean, scale = predictive["prediction"].mean(draws), predictive["scale"].mean(draws)
    found = []
    for place in _places(observed):
        one = observed["measurement"].isel(place)
        value, censoring = float(one), int(observed["censoring"].isel(place))
        predicted = float(mean.isel(place))
        logarithmic = one["noise"].item() == "lognormal"
        gap = np.log(value) - np.log(predicted) if logarithmic else value - predicted
        beyond = gap * censoring < 0  # a true value below the limit may well be predicted below it
        band = float(low.isel(place)), float(high.isel(place))
        found.append(
            Residual(
                patient=str(one["patient"].item()),
                row=int(one["row"]),
                time=float(one["time"]),
                variable=str(one["variable"].item()),
                unit=str(one["unit"].item()),
                value=value,
                limit={-1: "below ", 0: "", 1: "above "}[censoring],
                predicted=predicted,
                standardised=0.0 if beyond else float(gap / scale.isel(place)),
                covered=inside(value, censoring, *band),
            )
        )
    return found


def inside(value: float, censoring: int, low: float, high: float) -> bool:
    """Return whether a measurement lies in a band; a limit does where the truth it allows reaches the band."""
    return bool((value >= low or censoring > 0) and (value <= high or censoring < 0))


def _places(observed: xr.Dataset) -> Iterator[dict[str, int]]:
    for patient, obs in np.argwhere(observed["measurement"].notnull().values):
        yield {"patient": int(patient), "obs": int(obs)}


def coverage(found: list[Residual]) -> float:
    """Return the share of measurements inside their 90 % predictive band; NaN where there are none."""
    return float(np.mean([one.covered for one in found])) if found else float("nan")


def far_off(found: list[Residual]) -> list[Residual]:
    """Return the measurements the model cannot follow, the farthest first."""
    far = [one for one in found if abs(one.standardised) > FAR]
    return sorted(far, key=lambda one: -abs(one.standardised))


def worst_first(found: list[Residual]) -> list[str]:
    """Return the patients' names by their mean squared residual, the worst-fitting first."""
    squares: dict[str, list[float]] = {}
    for one in found:
        squares.setdefault(one.patient, []).append(one.standardised**2)
    return sorted(squares, key=lambda name: -float(np.mean(squares[name])))
