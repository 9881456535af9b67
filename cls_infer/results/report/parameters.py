"""Every estimated number against its prior: densities, and all of them on the prior's own scale."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from ..summary import Row
from .course import with_unit
from .density import curve_of
from .ink import POSTERIOR, PRIOR, percent
from .picture import BARE, BOTTOM, NAMED, TOP, WIDE, Picture, panel, picture, shortened

NINETY = 1.645
"""Standard deviations that hold 90 % of a normal distribution, either way."""

LONGEST = 18
"""Letters of a name beside its row."""

ROW, MOST_ROWS, FARTHEST = 0.17, 30, 4.0
"""Inches of a row, rows of a picture, prior standard deviations shown."""


def density(tree: xr.DataTree, name: str, patients: Sequence[str]) -> Picture:
    """Return the prior's and the posterior's density of a parameter, one line for each of these patients."""
    posterior, prior = tree["posterior"].to_dataset()[name], tree["prior"].to_dataset()[name]
    own = [{"patient": p} for p in patients] if "patient" in posterior.dims else [{}]
    if "assay" in posterior.dims:
        own = [{"assay": a} for a in posterior["assay"].values]
    own = [place for place in own if posterior.sel(place).notnull().any()]
    figure, axes = panel(with_unit(name, posterior.attrs["unit"]), height=1.6, left=BARE)
    before = prior.sel(own[0]).values.ravel()
    edges = [np.quantile(before, [0.01, 0.98])]
    axes.plot(*curve_of(before), color=PRIOR, linestyle="--")
    for place in own:
        draws = posterior.sel(place).values.ravel()
        grid, height = curve_of(draws)
        axes.plot(grid, height, color=POSTERIOR, linewidth=1.4 if len(own) == 1 else 0.8)
        axes.fill_between(grid, height, color=POSTERIOR, alpha=0.3 / len(own), linewidth=0)
        edges.append(np.quantile(draws, [0.001, 0.999]))
    axes.set_xlim(min(low for low, _ in edges), max(high for _, high in edges))
    axes.set_ylim(bottom=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    return picture(figure, f"Densities of {name}: prior dashed, posterior filled.")


def moved(rows: Sequence[Row], *, alone: bool) -> list[Picture]:
    """Return where each posterior lies in units of its prior, so many rows a picture; `alone` is one patient."""
    names = [row.variable if alone else row.name for row in rows]
    parts = [slice(first, first + MOST_ROWS) for first in range(0, len(rows), MOST_ROWS)]
    return [_moved(rows[part], names[part]) for part in parts]


def _moved(rows: Sequence[Row], names: Sequence[str]) -> Picture:
    height = TOP + BOTTOM + NAMED + ROW * len(rows)
    title = "Posterior (blue) where the prior is grey; right: contraction"
    figure, axes = panel(title, below="prior standard deviations from the prior's mean", width=WIDE, height=height)
    places = -np.arange(len(rows))
    axes.barh(places, 2 * NINETY, 0.62, left=-NINETY, color=PRIOR, alpha=0.3)
    mean = np.array([row.shift for row in rows])
    half = NINETY * np.sqrt([max(1 - row.contraction, 0.0) for row in rows])
    axes.hlines(places, mean - half, mean + half, color=POSTERIOR, linewidth=2.2)
    axes.plot(mean, places, "o", color=POSTERIOR, markersize=3.6)
    far = min(max(FARTHEST / 2, float(np.max(np.abs(mean) + half)) + 0.2), FARTHEST)
    axes.set_xlim(-far, far)
    axes.set_ylim(-len(rows) + 0.4, 0.6)
    box = axes.get_position()
    axes.set_position((1.35 / WIDE, box.y0, 1 - (1.35 + 0.5) / WIDE, box.height))
    axes.set_yticks(places, [shortened(name, LONGEST) for name in names])
    axes.tick_params(axis="y", length=0)
    for place, row in zip(places, rows, strict=True):
        side = axes.get_yaxis_transform()
        axes.text(1.02, place, percent(row.contraction), transform=side, va="center", fontsize=8.0)
    told = "; ".join(f"{name} {percent(row.contraction)}" for name, row in zip(names, rows, strict=True))
    return picture(figure, f"Posterior means and 90 % intervals in prior standard deviations. Contraction: {told}.")
