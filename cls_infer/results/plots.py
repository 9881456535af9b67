"""Pictures of a fit, each a small panel as PNG: prior and posterior, fit over data, quantities over time."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

import numpy as np
import xarray as xr
from arviz_stats.base.array import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..cohort.records import BETWEEN
from .bands import Band, collected, curve, predictive_curve
from .charted import label_of

PRIOR, POSTERIOR, DATA = "#6b6b6b", "#1f5fa8", "#111111"
SIZE, SHARPNESS = (4.4, 3.0), 150


class Picture(NamedTuple):
    """A panel: its PNG in base64 and what it shows, in words for who cannot see it."""

    png: str
    words: str


def density(tree: xr.DataTree, name: str, patients: Sequence[str]) -> Picture:
    """Return the prior's and the posterior's density of a parameter, one line for each of these patients."""
    posterior, prior = tree["posterior"].to_dataset()[name], tree["prior"].to_dataset()[name]
    own = [{"patient": p} for p in patients] if "patient" in posterior.dims else [{}]
    if "assay" in posterior.dims:
        own = [{"assay": a} for a in posterior["assay"].values]
    own = [place for place in own if posterior.sel(place).notnull().any()]
    figure, axes = _panel(f"{name} [{posterior.attrs['unit']}]", "")
    before = prior.sel(own[0]).values.ravel()
    edges = [np.quantile(before, [0.01, 0.98])]
    axes.plot(*_density(before), color=PRIOR, linestyle="--", label="prior")
    for number, place in enumerate(own):
        draws = posterior.sel(place).values.ravel()
        grid, height = _density(draws)
        axes.plot(grid, height, color=POSTERIOR, linewidth=1.6 if len(own) == 1 else 0.9)
        label = None if number else "posterior"
        axes.fill_between(grid, height, color=POSTERIOR, alpha=0.25 / len(own), label=label)
        edges.append(np.quantile(draws, [0.001, 0.999]))
    axes.set_xlim(min(low for low, _ in edges), max(high for _, high in edges))
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.legend(frameon=False, fontsize=9)
    return _picture(figure, f"Densities of {name}: prior dashed, posterior filled.")


def measured(tree: xr.DataTree, variable: str, patient: str) -> Picture:
    """Return one observable's measurements over its 50 and 90 % posterior predictive bands."""
    attrs = tree["trajectories"].to_dataset()[variable].attrs
    figure, axes = _panel(f"{label_of(variable)} [{attrs['unit']}]", "time [h]")
    if attrs["kind"] == "accumulating":
        _bars(axes, collected(tree, variable, patient))
    else:
        _ribbon(axes, predictive_curve(tree, variable, patient))
    times = tree["trajectories"].to_dataset()["time"].sel(patient=patient).values
    axes.set_xlim(times[0] - 0.02 * np.ptp(times), times[-1] + 0.02 * np.ptp(times))
    observed = tree["observed_data"].to_dataset().sel(patient=patient)
    observed = observed.isel(obs=np.flatnonzero((observed["variable"] == variable).values))
    for censoring, marker in ((0, "o"), (-1, "v"), (1, "^")):
        here = observed.isel(obs=np.flatnonzero((observed["censoring"] == censoring).values))
        if here.sizes["obs"]:
            _points(axes, here, marker)
    between = observed.isel(obs=np.flatnonzero((observed["censoring"] == BETWEEN).values))
    axes.vlines(between["time"].values, between["measurement"].values, between["upper"].values, color=DATA, zorder=3)
    return _picture(figure, f"{label_of(variable)} of {patient}: measurements over the predictive bands.")


def over_time(tree: xr.DataTree, name: str, patient: str, label: str) -> Picture:
    """Return a derived quantity, or an unmeasured observable, with its 50 and 90 % bands."""
    unit = tree["trajectories"].to_dataset()[name].attrs["unit"]
    figure, axes = _panel(f"{label} [{unit}]", "time [h]")
    _ribbon(axes, curve(tree, name, patient))
    return _picture(figure, f"{label} of {patient} over time: median with 50 and 90 % bands.")


def _points(axes: Axes, here: xr.Dataset, marker: str) -> None:
    uncertain = np.where(here["time_sd"].values > 0, here["time_sd"].values, np.nan)
    axes.errorbar(
        here["time"].values,
        here["measurement"].values,
        xerr=uncertain,
        fmt=marker,
        color=DATA,
        markersize=4,
        elinewidth=0.8,
        zorder=3,
    )


def _ribbon(axes: Axes, band: Band) -> None:
    low, lower, middle, upper, high = band.quantiles
    axes.fill_between(band.time, low, high, color=POSTERIOR, alpha=0.18, linewidth=0)
    axes.fill_between(band.time, lower, upper, color=POSTERIOR, alpha=0.3, linewidth=0)
    axes.plot(band.time, middle, color=POSTERIOR, linewidth=1.4)


def _bars(axes: Axes, band: Band) -> None:
    low, lower, middle, upper, high = band.quantiles
    axes.vlines(band.time, low, high, color=POSTERIOR, alpha=0.35, linewidth=5)
    axes.vlines(band.time, lower, upper, color=POSTERIOR, alpha=0.6, linewidth=5)
    axes.plot(band.time, middle, "_", color=POSTERIOR, markersize=9)


def _density(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    grid, height, _ = array_stats.kde(draws)
    return grid, height


def _panel(title: str, below: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE, dpi=SHARPNESS, layout="constrained")
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11, loc="left")
    axes.set_xlabel(below, fontsize=10)
    axes.tick_params(labelsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _picture(figure: Figure, words: str) -> Picture:
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return Picture(b64encode(out.getvalue()).decode("ascii"), words)
