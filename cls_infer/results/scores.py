"""How well predictions met measurements the fit had not seen."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, log

import numpy as np
import xarray as xr
from scipy.special import logsumexp

from .residuals import inside


@dataclass(frozen=True)
class Score:
    """One hidden measurement and what was predicted of it, scatter included.

    `log_density` is that of the value, or of the side of it on which a limit says the truth lies [nat]; `crps` [unit]
    is NaN for a limit; `median`, `inside_50` and `inside_90` are of the predictive distribution.
    """

    patient: str
    row: int
    time: float
    variable: str
    unit: str
    value: float
    limit: str
    median: float
    log_density: float
    crps: float
    inside_50: bool
    inside_90: bool


@dataclass(frozen=True)
class Scores:
    """All hidden measurements that were scored.

    `by_patient` is each patient's log predictive density of all of them together [nat], `resting_on` how many draws it
    effectively rests on: the density of a far future may be the work of a few.
    """

    each: tuple[Score, ...]
    by_patient: dict[str, float]
    resting_on: dict[str, float]

    @property
    def elpd(self) -> float:
        """The leave-future-out score: the sum over the patients [nat]."""
        return float(sum(self.by_patient.values()))

    def by_variable(self) -> Iterator[tuple[str, list[Score]]]:
        """Yield each variable with its scores."""
        for name in dict.fromkeys(one.variable for one in self.each):
            yield name, [one for one in self.each if one.variable == name]


def score(observed: xr.Dataset, replicates: xr.DataArray, log_likelihood: xr.DataArray) -> Scores:
    r"""Return the scores of measurements [patient, obs] from predictions of each draw [chain, draw, patient, obs].

    The log predictive density of one measurement, and of all of one patient together, is

    $$\log \frac1S \sum_s p(y \mid \theta_s), \qquad \log \frac1S \sum_s \prod_o p(y_o \mid \theta_s)$$

    over the draws that could be solved. That the patient lived until then is not scored.

    Args:
        observed: as `observed_data` returns it, NaN where there is nothing to score.
        replicates: predictions with scatter, NaN where a solve failed.
        log_likelihood: log density of each measurement under each draw, NaN where a solve failed.

    Reference:
        Bürkner, Gabry, Vehtari (2020), J Stat Comput Simul 90:2499-2523; Gneiting, Raftery (2007), JASA 102:359-378.
    """
    each, together, effective = [], {}, {}
    for number, patient in enumerate(observed["patient"].values):
        places = np.flatnonzero(observed["measurement"].values[number] == observed["measurement"].values[number])
        densities = _by_draw(log_likelihood, number)[:, places]
        solved = np.isfinite(densities).all(axis=1)
        if not places.size or not solved.any():
            continue
        total = densities[solved].sum(axis=1)
        together[str(patient)] = log_mean(total)
        effective[str(patient)] = float(np.exp(2 * logsumexp(total) - logsumexp(2 * total)))
        drawn = _by_draw(replicates, number)[solved]
        for column, place in enumerate(places):
            one = observed.isel(patient=number, obs=int(place))
            each.append(_score(one, drawn[:, place], densities[solved, column]))
    return Scores(tuple(each), together, effective)


def _by_draw(table: xr.DataArray, patient: int) -> np.ndarray:
    """Return one patient's part of a table [chain, draw, patient, obs] as [draw, obs]."""
    one = table.transpose("chain", "draw", "patient", "obs").values[:, :, patient]
    return one.reshape(-1, one.shape[-1])


def _score(one: xr.Dataset, drawn: np.ndarray, densities: np.ndarray) -> Score:
    value, censoring = float(one["measurement"]), int(one["censoring"])
    low, lower, median, upper, high = np.quantile(drawn, (0.05, 0.25, 0.5, 0.75, 0.95))
    return Score(
        patient=str(one["patient"].item()),
        row=int(one["row"]),
        time=float(one["time"]),
        variable=str(one["variable"].item()),
        unit=str(one["unit"].item()),
        value=value,
        limit={-1: "below ", 0: "", 1: "above "}[censoring],
        median=float(median),
        log_density=log_mean(densities),
        crps=crps(drawn, value) if censoring == 0 else float("nan"),
        inside_50=inside(value, censoring, lower, upper),
        inside_90=inside(value, censoring, low, high),
    )


def log_mean(logarithms: np.ndarray) -> float:
    """Return the logarithm of the mean of numbers given as logarithms [draw]."""
    return float(logsumexp(logarithms) - log(len(logarithms)))


def crps(drawn: np.ndarray, value: float) -> float:
    r"""Return the continuous ranked probability score of a value, in its unit; smaller is better.

    $$\mathrm{CRPS} = E|X - y| - \tfrac12 E|X - X'|$$

    of independent draws X, X' [draw], the second term without bias from their number. NaN of fewer than two.
    """
    count = len(drawn)
    if count < 2 or not isfinite(value):
        return float("nan")
    ranks = 2 * np.arange(1, count + 1) - count - 1
    return float(np.mean(np.abs(drawn - value)) - np.sum(ranks * np.sort(drawn)) / (count * (count - 1)))
