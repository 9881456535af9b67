"""What the priors do to the result: power scaling of prior and likelihood."""

import warnings
from dataclasses import dataclass
from math import nan
from typing import Literal

import numpy as np
import xarray as xr
from arviz_stats.psense import psense

from .diagnose import entries
from .log_prior import stated
from .replicates import by_patient

THRESHOLD = 0.05
"""A distribution that moves more than this as prior or likelihood are raised to a power counts as sensitive to it."""

CONFLICT, STRONG, FINE = "prior-data conflict", "strong prior or weak likelihood", "no concern"


@dataclass(frozen=True)
class Sensitivity:
    """How far one marginal posterior moves as the prior, or the likelihood, is raised to a power a little off 1.

    The distance is the symmetrised cumulative Jensen-Shannon one, per doubling of the power.
    """

    prior: float
    likelihood: float

    @property
    def words(self) -> str:
        """What that says: the prior matters, and the data agree or not; empty where it is not known."""
        if not (np.isfinite(self.prior) and np.isfinite(self.likelihood)):
            return ""
        if self.prior < THRESHOLD:
            return FINE
        return CONFLICT if self.likelihood >= THRESHOLD else STRONG


UNKNOWN = Sensitivity(nan, nan)


def sensitivities(tree: xr.DataTree) -> dict[str, Sensitivity]:
    """Return the sensitivity of every estimated number by its label, nothing for a run that kept no log prior.

    All stated priors are scaled at once, in the coordinates in which they are standard normal (`log_prior`), and all
    measurements with the survival term. Draws in which a solve failed are left out.

    Reference:
        Kallioinen, Paananen, Bürkner, Vehtari (2024), Stat Comput 34:57.
    """
    if "log_prior" not in tree.children:
        return {}
    posterior = tree["posterior"].to_dataset()
    likelihood = by_patient(tree["log_likelihood"].to_dataset()).sum("patient", skipna=False)
    prior = stated(tree["log_prior"].to_dataset())
    solved = np.isfinite((likelihood + prior).values).ravel()
    if solved.sum() < 2 or not posterior.data_vars:
        return {}
    numbers = {label: posterior[name].sel(place) for label, name, place in entries(posterior)}
    names = {label: f"number_{place}" for place, label in enumerate(numbers)}  # a label may hold a stroke

    def flat(one: xr.DataArray) -> tuple:
        return ("chain", "draw"), one.transpose("chain", "draw").values.ravel()[solved][None]

    marginals = xr.Dataset({names[label]: flat(one) for label, one in numbers.items()})
    by_prior, by_likelihood = _moved(marginals, flat(prior), "prior"), _moved(marginals, flat(likelihood), "likelihood")
    return {label: Sensitivity(by_prior[name], by_likelihood[name]) for label, name in names.items()}


def _moved(marginals: xr.Dataset, density: tuple, group: Literal["prior", "likelihood"]) -> dict[str, float]:
    """Return the sensitivity of every marginal to a log density of the draws; none to one that is always the same."""
    if np.ptp(density[1]) == 0:
        return dict.fromkeys(map(str, marginals), 0.0)
    groups = {"/posterior": marginals, f"/log_{group}": xr.Dataset({"all": density})}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = psense(xr.DataTree.from_dict(groups), group=group)
    return {str(name): float(one) for name, one in found.data_vars.items()}
