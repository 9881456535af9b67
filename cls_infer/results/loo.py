"""How well a run predicts what it has not seen: leave-one-out by Pareto-smoothed importance sampling."""

import warnings
from dataclasses import dataclass
from math import nan
from typing import Literal, cast

import numpy as np
import xarray as xr
from arviz_stats.loo.loo import loo
from arviz_stats.sampling_diagnostics import ess
from arviz_stats.utils import ELPDData, ELPDDataLOO

from ..errors import InputError, Problem
from .moments import ByUnit, Look, moment_matched
from .pareto import good_khat
from .replicates import by_patient
from .streamed import picked

type By = Literal["observation", "patient", "future"]

DRAWS = ("chain", "draw")


STILL = 1e-4
"""A unit whose log-likelihood varies by less between the draws, such as a limit far from all predictions, is left out
without weights: they would all be the same, and no tail can be fitted to them."""


@dataclass(frozen=True)
class Elpd:
    """Expected log predictive density of a run, left out one unit at a time.

    `units` names what was left out, in the order of `each` and of Pareto `khat` [unit]; `p` is the effective number of
    parameters. `draws` were used, `dropped` had a solve that failed; `mended` had too high a k-hat that moment matching
    brought down. Not `weighted` where the draws never saw the units. `notes` are sentences.
    """

    units: tuple[str, ...]
    each: np.ndarray
    khat: np.ndarray
    p: float
    draws: int
    dropped: int
    mended: int = 0
    weighted: bool = True
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """The sum over the units [nat]."""
        return float(self.each.sum())

    @property
    def se(self) -> float:
        """The standard error of the sum, NaN where there is one unit."""
        return float(np.sqrt(self.each.size * self.each.var())) if self.each.size > 1 else nan

    @property
    def good_khat(self) -> float:
        """The largest Pareto k-hat at which so many draws still give a good estimate."""
        return good_khat(self.draws)

    @property
    def unreliable(self) -> list[tuple[str, float]]:
        """The units whose Pareto k-hat is too high for the number of draws, the worst first."""
        by_unit = zip(self.units, self.khat.tolist(), strict=True) if self.weighted else ()
        return sorted(((unit, k) for unit, k in by_unit if not k <= self.good_khat), key=lambda one: -one[1])


def leave_one_out(tree: xr.DataTree, by: Literal["observation", "patient"], *, look: Look | None = None) -> Elpd:
    r"""Return the expected log predictive density of a run.

    $$\mathrm{elpd} = \sum_u \log p(y_u \mid y_{-u}), \qquad p(y_u \mid y_{-u}) \approx
    \frac{\sum_s w_{us}\, p(y_u \mid \theta_s)}{\sum_s w_{us}}, \quad w_{us} \approx 1 / p(y_u \mid \theta_s)$$

    with the largest weights smoothed by a Pareto distribution, whose shape k-hat says whether they can be trusted. By
    observation a unit is one measurement. By patient it is all measurements of one together with having lived to the
    last of them, where the model says who lives: that is what is known of a patient nobody has seen.

    Args:
        tree: as `build_tree` returns it. Draws in which a solve failed are left out.
        by: what is left out at a time.
        look: densities of the run's target anywhere. With them, units whose k-hat is too high are done again by moment
            matching.

    Raises:
        InputError: no draw is left.

    Reference:
        Vehtari, Gelman, Gabry (2017), Stat Comput 27:1413-1432; Vehtari et al. (2024), JMLR 25:72.
    """
    log_likelihood = tree["log_likelihood"].to_dataset()
    each = _by_observation(tree, log_likelihood) if by == "observation" else _by_patient(log_likelihood)
    flat = each.stack(sample=DRAWS).transpose("sample", "unit")
    solved = flat.notnull().all("unit").values
    if not solved.any():
        raise InputError([Problem("RUN", "no draw of the run could be solved", remedy="look at its report")])
    values = flat.values[solved]
    moves = np.ptp(values, axis=0) >= STILL
    each_unit, khat, p = values.mean(axis=0), np.zeros(len(moves)), 0.0
    units, dropped = tuple(each["unit"].values.tolist()), int(np.sum(~solved))
    if not moves.any():
        return Elpd(units, each_unit, khat, p, len(values), dropped)
    efficiency = relative_efficiency(tree)
    found, before = _smoothed(values[:, moves], efficiency), 0
    if look and (before := _too_high(found)):
        z = tree["unconstrained_posterior"].to_dataset()["z"].stack(sample=DRAWS).transpose("sample", "coordinate")
        by_unit = _by_unit(tree, by, look, moves)
        found = moment_matched(found, values[:, moves], z.values[solved], by_unit, efficiency)
    each_unit[moves], khat[moves] = found.elpd_i.values, found.pareto_k.values
    return Elpd(units, each_unit, khat, float(found.p), len(values), dropped, before and before - _too_high(found))


def _too_high(found: ELPDData) -> int:
    return int(np.sum(~(found.pareto_k.values <= found.good_k)))


def _by_unit(tree: xr.DataTree, by: Literal["observation", "patient"], look: Look, moves: np.ndarray) -> ByUnit:
    """Return the densities of points with the likelihood by unit, in the order of units, of those that move."""
    if by == "observation":
        places = np.array(list(measurements(tree).values()))[moves]
    else:
        names = tree["log_likelihood"].to_dataset()["patient"].values
        places = np.argsort(names, kind="stable")[moves]

    def at(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        found = look(z)
        table = found.measurement.reshape(len(z), -1) if by == "observation" else found.patient
        return found.log_posterior, table[:, places]

    return at


def _smoothed(values: np.ndarray, efficiency: float) -> ELPDDataLOO:
    """Return the leaving out of every unit by Pareto-smoothed weights, from log-likelihoods [draw, unit]."""
    as_one_chain = xr.Dataset({"all": (("chain", "draw", "unit"), values[None])})
    posterior = xr.Dataset({"z": (DRAWS, np.zeros((1, len(values))))})
    data = xr.DataTree.from_dict({"/posterior": posterior, "/log_likelihood": as_one_chain})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what it warns of is said with the units' names
        return cast(ELPDDataLOO, loo(data, pointwise=True, reff=efficiency))


def relative_efficiency(tree: xr.DataTree) -> float:
    """Return the mean effective sample size of the estimated numbers, relative to the number of draws."""
    posterior = tree["posterior"].to_dataset()
    if posterior.sizes["draw"] < 4:
        return 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        found = ess(posterior, method="mean")
    sizes = np.concatenate([np.ravel(one.values) for one in found.data_vars.values()])
    sizes = sizes[np.isfinite(sizes)]
    return float(sizes.mean() / (posterior.sizes["chain"] * posterior.sizes["draw"])) if sizes.size else 1.0


def measurements(tree: xr.DataTree) -> dict[tuple[str, int, str], int]:
    """Return the place of every measurement the likelihood saw, by patient, row and variable, in their order."""
    observed = tree["observed_data"].to_dataset()
    places = {}
    for patient, obs in np.argwhere(observed["measurement"].notnull().values):
        one = observed.isel(patient=patient, obs=obs)
        key = str(one["patient"].item()), int(one["row"]), str(one["variable"].item())
        places[key] = int(patient) * observed.sizes["obs"] + int(obs)
    return dict(sorted(places.items()))


def _by_observation(tree: xr.DataTree, log_likelihood: xr.Dataset) -> xr.DataArray:
    """Return the log-likelihood of every measurement [chain, draw, unit], in the order of patients and rows."""
    observed = tree["observed_data"].to_dataset()
    places = measurements(tree)
    each = picked(log_likelihood["measurement"], *np.divmod(list(places.values()), observed.sizes["obs"]))
    time = np.ravel(observed["time"].values)
    labels = [
        f"{variable} of {patient} at {time[at]:g} h (row {row})" for (patient, row, variable), at in places.items()
    ]
    return xr.DataArray(each, dims=(*DRAWS, "unit"), coords={"unit": labels})


def _by_patient(log_likelihood: xr.Dataset) -> xr.DataArray:
    """Return the log-likelihood of every patient [chain, draw, unit], in the order of their names."""
    total = by_patient(log_likelihood).sortby("patient").transpose(*DRAWS, "patient")
    return xr.DataArray(
        total.values, dims=(*DRAWS, "unit"), coords={"unit": [str(name) for name in total["patient"].values]}
    )
