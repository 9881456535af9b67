"""What happened to one patient, panel below panel on one axis of time: therapy, measurements, hidden state."""

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, MultipleLocator

from ...cohort.records import BETWEEN
from ..bands import Band, collected, predictive_curve
from ..charted import label_of
from .given import Given
from .ink import DATA, POSTERIOR, number
from .picture import WIDE, Picture, panel, picture
from .therapy import therapy_picture

type Hours = tuple[float, float]
"""The first and the last that are shown."""

LABELS = {
    "plasma_volume": "Plasma volume",
    "interstitial_volume": "Interstitial volume",
    "m_L": "Leak: number of large pores m_L",
    "sigma": "Reflection coefficient σ",
    "TER": "Transcapillary escape rate",
    "transcapillary_escape_rate": "Transcapillary escape rate",
    "LpS": "Filtration coefficient LpS",
    "K_f": "Filtration coefficient K_f",
    "PS": "Permeability-surface product PS",
    "K_L": "Large-pore conductance K_L",
}
"""How quantities are called where the vocabulary does not say; these come first, in this order."""

TALL = 1.15
"""Inches of a panel with its words and its axis."""

LONGEST = 46
"""Letters of a panel's title; a longer name is cut at a comma or semicolon."""

STILL = 0.03
"""A band that is nearer to its start than this share of its farthest way has not begun to move."""

MARGIN = 0.02
"""Of the hours shown, left free at the end, and thrice at the beginning."""

DAY, SOON = 24.0, 72.0
"""Marks on the axis stand at whole days where it is longer than this [h]."""


def course(tree: xr.DataTree, patient: str, bands: Mapping[str, Band], given: Sequence[Given]) -> list[Picture]:
    """Return the panels of a patient, therapy first, all over the same hours; `bands` are of all `quantities`."""
    observed = tree["observed_data"].to_dataset().sel(patient=patient)
    charted = [str(name) for name in dict.fromkeys(observed["variable"].values) if name]
    between = hours(tree, patient, bands)
    panels = [therapy_picture(given, patient, between, over=_timed)]
    panels += [_measured(tree, name, patient, between) for name in charted]
    panels += [_hidden(tree, name, patient, band, between) for name, band in bands.items() if name not in charted]
    return [one for one in panels if one is not None]


def quantities(tree: xr.DataTree) -> list[str]:
    """Return the names of the quantities over time: the two volumes and the wall's first, then others by name."""
    there = tree["trajectories"].to_dataset().data_vars
    derived = sorted(str(name) for name, quantity in there.items() if quantity.attrs["kind"] == "derived")
    return list(dict.fromkeys([*(name for name in LABELS if name in there), *derived]))


def title_of(name: str) -> str:
    """Return how a quantity is called above its panel and in tables."""
    words = LABELS.get(name) or label_of(name)
    return words if len(words) <= LONGEST else words.partition(";")[0].partition(",")[0]


def with_unit(words: str, unit: str) -> str:
    """Return a title with its unit; a pure number has none."""
    return words if unit in ("1", "") else f"{words} [{unit}]"


def hours(tree: xr.DataTree, patient: str, bands: Mapping[str, Band]) -> Hours:
    """Return the first and last hour of a patient's panels: from where something is given, measured or moves."""
    times = tree["trajectories"].to_dataset()["time"].sel(patient=patient).values
    measured = tree["observed_data"].to_dataset()["time"].sel(patient=patient).values
    therapy = tree["therapy"].to_dataset()
    given = therapy["start"].values[therapy["patient"].values == patient]
    moving = [times[at] for band in bands.values() if (at := _moves(band)) is not None]
    first = max(times[0], np.nanmin([*measured, *given, *moving, times[-1]]))
    margin = MARGIN * (times[-1] - first)
    return float(max(first - 3 * margin, times[0] - margin)), float(times[-1] + margin)


def _moves(band: Band) -> int | None:
    """Return the place where a band begins to move, None where it stays."""
    away = np.abs(band.quantiles - band.quantiles[:, :1])
    far = np.nanmax(away, initial=0.0)
    return int(np.argmax((away > STILL * far).any(axis=0))) if far > 0 else None


def _measured(tree: xr.DataTree, variable: str, patient: str, between: Hours) -> Picture:
    """Return one observable's measurements over its 50 and 90 % posterior predictive bands."""
    attrs = tree["trajectories"].to_dataset()[variable].attrs
    figure, axes = _timed(with_unit(title_of(variable), attrs["unit"]), between)
    if attrs["kind"] == "accumulating":
        _bars(axes, collected(tree, variable, patient))
    else:
        _ribbon(axes, predictive_curve(tree, variable, patient))
    count = _measurements(axes, tree["observed_data"].to_dataset().sel(patient=patient), variable)
    words = f"{title_of(variable)} of {patient} over time: {count} measurements over 50 and 90 % predictive bands."
    return picture(figure, words)


def _hidden(tree: xr.DataTree, name: str, patient: str, band: Band, between: Hours) -> Picture:
    """Return a quantity that nobody measured, with its 50 and 90 % bands."""
    unit = tree["trajectories"].to_dataset()[name].attrs["unit"]
    figure, axes = _timed(with_unit(title_of(name), unit), between)
    _ribbon(axes, band)
    return picture(figure, f"{title_of(name)} of {patient} over time, with 50 and 90 % bands. {_told(band, unit)}")


def _told(band: Band, unit: str) -> str:
    """Return a curve in words: its median at the start, where it is farthest from there, and at the end."""
    median, unit = band.quantiles[2], "" if unit == "1" else f" {unit}"
    if np.isnan(median).all():
        return "No draw could be solved."
    far = band.farthest
    return (
        f"Median {number(median[0])}{unit} at the start, {number(median[far])}{unit} at {number(band.time[far])} h, "
        f"{number(median[-1])}{unit} at the end."
    )


def _timed(title: str, between: Hours, *, height: float = TALL) -> tuple[Figure, Axes]:
    """Return a panel over these hours; its axes are aligned with those of every other."""
    figure, axes = panel(title, width=WIDE, height=height)
    axes.set_xlim(*between)
    span = between[1] - between[0]
    step = DAY * max(1, int(np.ceil(span / DAY / 8)))
    axes.xaxis.set_major_locator(MultipleLocator(step) if span > SOON else MaxNLocator(8))
    axes.xaxis.set_major_formatter("{x:g} h")
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    return figure, axes


def _measurements(axes: Axes, observed: xr.Dataset, variable: str) -> int:
    """Mark the measurements of a variable: dots, triangles for limits, bars for intervals; return how many."""
    observed = observed.isel(obs=np.flatnonzero((observed["variable"] == variable).values))
    for censoring, marker in ((0, "o"), (-1, "v"), (1, "^")):
        here = observed.isel(obs=np.flatnonzero((observed["censoring"] == censoring).values))
        if here.sizes["obs"]:
            uncertain = np.where(here["time_sd"].values > 0, here["time_sd"].values, np.nan)
            kind = {"fmt": marker, "color": DATA, "markersize": 3.6, "elinewidth": 0.7, "zorder": 3}
            axes.errorbar(here["time"].values, here["measurement"].values, xerr=uncertain, **kind)
    between = observed.isel(obs=np.flatnonzero((observed["censoring"] == BETWEEN).values))
    axes.vlines(between["time"].values, between["measurement"].values, between["upper"].values, color=DATA, zorder=3)
    return observed.sizes["obs"]


def _ribbon(axes: Axes, band: Band) -> None:
    low, lower, middle, upper, high = band.quantiles
    axes.fill_between(band.time, low, high, color=POSTERIOR, alpha=0.2, linewidth=0)
    axes.fill_between(band.time, lower, upper, color=POSTERIOR, alpha=0.35, linewidth=0)
    axes.plot(band.time, middle, color=POSTERIOR, linewidth=1.3)


def _bars(axes: Axes, band: Band) -> None:
    low, lower, middle, upper, high = band.quantiles
    axes.vlines(band.time, low, high, color=POSTERIOR, alpha=0.35, linewidth=5)
    axes.vlines(band.time, lower, upper, color=POSTERIOR, alpha=0.6, linewidth=5)
    axes.plot(band.time, middle, "_", color=POSTERIOR, markersize=9)
