"""Whether predictions are as wide as they ought to be: each measurement's place in the prediction that never saw it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from arviz_stats.base.array import array_stats
from arviz_stats.ecdf_utils import ecdf_pit
from matplotlib.figure import Figure

from ...cohort.records import BETWEEN
from ...inference.evenly import evenly
from ..loo import STILL, relative_efficiency
from ..pareto import good_khat
from ..residuals import Residual
from ..streamed import picked
from .course import title_of
from .ink import POSTERIOR, PRIOR
from .picture import WIDE, Picture, panel, picture

FEWEST = 5
"""Measurements below which a curve of their places says nothing."""

MOST = 1000
"""Measurements looked at, evenly among all where there are more."""

CERTAIN, SIMULATED = 0.95, 1000
"""What the band holds of calibrated predictions, all along at once, and how many of them are simulated for it."""


MOST_POINTS = 300
"""Points of the curve that are drawn."""

ROUNDING = 1e-12
"""Shares are multiples of one over the number of measurements; the band ends on them too."""


@dataclass(frozen=True)
class Places:
    """`pit` [measurement], uniform where predictions are calibrated; of how many; how many have too heavy weights."""

    pit: np.ndarray
    of: int
    unsure: int


def places(tree: xr.DataTree) -> Places:
    r"""Return where measurements lie in the predictive distribution of a fit that had not seen them.

    $$u_i = p(\tilde y_i \le y_i \mid y_{-i}) \approx \sum_s w_{is}\, [\tilde y_{is} \le y_i], \qquad
    w_{is} \propto 1 / p(y_i \mid \theta_s)$$

    with Pareto-smoothed weights. A measurement known as a limit or an interval has a place drawn at random within the
    share it allows.

    Reference:
        Gelfand, Dey, Chang (1992), Bayesian Statistics 4:147-167; Czado, Gneiting, Held (2009), Biometrics
        65:1254-1261; Vehtari et al. (2024), JMLR 25:72.
    """
    observed = tree["observed_data"].to_dataset()
    there = np.argwhere(observed["measurement"].notnull().values)
    count = len(there)
    some = there[evenly(count, MOST)] if count else there
    patient, obs = some.T

    both = (tree[group].to_dataset()["measurement"] for group in ("posterior_predictive", "log_likelihood"))
    replicate, seen = (picked(one, patient, obs).reshape(-1, len(some)) for one in both)
    solved = np.isfinite(seen).all(axis=1)
    if not solved.any() or not len(some):
        return Places(np.empty(0), count, 0)
    weights, khat = _left_out(seen[solved], relative_efficiency(tree))
    value, upper, censoring = (observed[name].values[patient, obs] for name in ("measurement", "upper", "censoring"))
    below = {name: np.sum(weights * (replicate[solved] <= end), axis=0) for name, end in (("v", value), ("u", upper))}
    low = np.where(censoring < 0, 0.0, below["v"])
    high = np.select([censoring == BETWEEN, censoring > 0], [below["u"], 1.0], below["v"])
    random = np.random.default_rng(int(tree.attrs["seed"])).uniform(size=len(some))
    good = good_khat(int(solved.sum()))
    return Places(np.clip(low + random * (high - low), 0.0, 1.0), count, int(np.sum(khat > good)))


def _left_out(log_likelihood: np.ndarray, efficiency: float) -> tuple[np.ndarray, np.ndarray]:
    """Return weights [draw, measurement] that leave each measurement out, and their Pareto k-hat [measurement]."""
    weights = np.full(log_likelihood.shape, 1 / len(log_likelihood))
    khat = np.zeros(log_likelihood.shape[1])
    moves = np.ptp(log_likelihood, axis=0) >= STILL
    if moves.any():
        smooth, khat[moves] = array_stats.psislw(log_likelihood[:, moves], r_eff=efficiency, axis=0)
        smooth = np.asarray(smooth).T
        weights[:, moves] = np.exp(smooth - np.logaddexp.reduce(smooth, axis=0))
    return weights, khat


class Calibration(NamedTuple):
    """The picture, whether its curve stays within the band, and what that says."""

    picture: Picture
    within: bool
    words: str


def calibration(found: Places) -> Calibration | None:
    """Return the difference of the places' distribution from the uniform one, and what it says; None of too few."""
    if len(found.pit) < FEWEST:
        return None
    rng = np.random.default_rng(0)  # of the band, not of the fit
    at, share, low, high = ecdf_pit(found.pit, CERTAIN, SIMULATED, rng=rng)
    within = not np.any((share < low - ROUNDING) | (share > high + ROUNDING))
    some = evenly(len(at), MOST_POINTS)
    words = _words(within, found.pit)
    figure = _figure(*(one[some] for one in (at, share, low, high)))
    drawn = picture(figure, f"Distribution of {len(found.pit)} places against the uniform one, with a band. {words}")
    return Calibration(drawn, within, words)


def _figure(at: np.ndarray, share: np.ndarray, low: np.ndarray, high: np.ndarray) -> Figure:
    """Return the shares [point] and their band, less what is expected."""
    title, below = "Share of measurements below, less what is expected", "place in the prediction without it"
    figure, axes = panel(title, below=below, width=WIDE, height=2.2)
    label = f"{100 * CERTAIN:.0f} % band"
    axes.fill_between(at, low - at, high - at, color=PRIOR, alpha=0.25, linewidth=0, label=label)
    axes.axhline(0.0, color=PRIOR, linewidth=0.7, linestyle="--")
    axes.step(at, share - at, where="post", color=POSTERIOR, linewidth=1.3, label="measurements")
    axes.set_xlim(0, 1)
    low_edge, high_edge = axes.get_ylim()
    axes.set_ylim(low_edge, high_edge + 0.25 * (high_edge - low_edge))
    axes.legend(loc="upper right", ncols=2, borderaxespad=0.0)
    return figure


def _words(within: bool, pit: np.ndarray) -> str:
    if within:
        return f"Predictions are as wide as they ought to be, as far as {len(pit)} measurements can tell."
    middle, centre = float(np.mean((pit > 0.25) & (pit < 0.75))), float(np.mean(pit))
    if abs(centre - 0.5) > abs(middle - 0.5):
        return f"Measurements lie {'above' if centre > 0.5 else 'below'} their predictions."
    return f"Predictions are {'too wide' if middle > 0.5 else 'too narrow'}."


@dataclass(frozen=True)
class Met:
    """How one variable was met: measurements, the share within 90 %, mean and spread of standardised residuals."""

    label: str
    count: int
    covered: float
    mean: float
    sd: float


def by_variable(found: list[Residual]) -> list[Met]:
    """Return how each variable was met by its predictions."""
    table = []
    for name in dict.fromkeys(one.variable for one in found):
        here = [one for one in found if one.variable == name]
        gaps = np.array([one.standardised for one in here])
        sd = float(gaps.std(ddof=1)) if len(here) > 1 else float("nan")
        table.append(Met(title_of(name), len(here), float(np.mean([o.covered for o in here])), float(gaps.mean()), sd))
    return table
