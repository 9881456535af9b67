"""How the fit meets the data: coverage of the predictive bands, and where the model cannot follow."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..cohort.records import BETWEEN
from .streamed import some_patients

FAR = 2.0
"""Residuals beyond this many standard deviations are listed."""


@dataclass(frozen=True)
class Residual:
    """One measurement against its posterior mean prediction; `standardised` is in noise standard deviations.

    A measurement reported as a limit has no residual where the prediction lies on the allowed side, one known as an
    interval none where it lies inside; outside it is that of the nearer end, which is then the `value`.
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
    observed, predictive = tree["observed_data"].to_dataset(), tree["posterior_predictive"].to_dataset()
    together = zip(some_patients(observed), some_patients(predictive), strict=True)
    return [one for seen, predicted in together for one in _of_some(seen, predicted)]


def _of_some(observed: xr.Dataset, predictive: xr.Dataset) -> list[Residual]:
    """Return the measurements of some patients with their residuals."""
    observed = observed.transpose("patient", "obs")
    predictive = predictive.transpose("chain", "draw", "patient", "obs")
    here = tuple(np.argwhere(observed["measurement"].notnull().values).T)
    read = {str(name): one.values[here] for name, one in observed.variables.items() if one.dims == ("patient", "obs")}
    draws = {str(name): one.values.reshape(-1, *one.shape[2:])[:, *here] for name, one in predictive.items()}
    means = {name: draws[name].mean(axis=0, where=np.isfinite(draws[name])) for name in ("prediction", "scale")}
    lows, highs = np.nanquantile(draws["measurement"], (0.05, 0.95), axis=0) if here[0].size else ((), ())
    names, found = observed["patient"].values[here[0]], []
    for at, patient in enumerate(names):
        censoring, predicted = int(read["censoring"][at]), float(means["prediction"][at])
        value, limit, censoring = nearer_end(
            float(read["measurement"][at]), float(read["upper"][at]), censoring, predicted
        )
        logarithmic = read["noise"][at] == "lognormal"
        gap = np.log(value) - np.log(predicted) if logarithmic else value - predicted
        beyond = gap * censoring < 0  # a true value below the limit may well be predicted below it
        found.append(
            Residual(
                patient=str(patient),
                row=int(read["row"][at]),
                time=float(read["time"][at]),
                variable=str(read["variable"][at]),
                unit=str(read["unit"][at]),
                value=value,
                limit=limit,
                predicted=predicted,
                standardised=0.0 if beyond else float(gap / means["scale"][at]),
                covered=inside(value, censoring, lows[at], highs[at]),
            )
        )
    return found


def inside(value: float, censoring: int, low: float, high: float) -> bool:
    """Return whether a measurement lies in a band; a limit does where the truth it allows reaches the band."""
    return bool((value >= low or censoring > 0) and (value <= high or censoring < 0))


def nearer_end(value: float, upper: float, censoring: int, predicted: float) -> tuple[float, str, int]:
    """Return the number to hold a prediction against, words before it, and on which side of it the truth lies.

    That is the charted one, but for an interval: its end on the prediction's side.
    """
    if censoring != BETWEEN:
        return value, {-1: "below ", 0: "", 1: "above "}[censoring], censoring
    if predicted > (value + upper) / 2:
        return upper, f"from {value:g} to ", -1
    return value, f"up to {upper:g} from ", 1


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
