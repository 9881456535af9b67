"""The parameters of which the data tell a product better than its factors, in pairs: the ridge to be seen."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import xarray as xr
from arviz_stats.base.array import array_stats
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..directions import Direction
from ..identify import WALL, Told
from .course import with_unit
from .density import near_all
from .ink import POSTERIOR, PRIOR
from .picture import WIDE, Picture, picture

MOST = 4
"""Parameters in a picture."""

SHARES = (0.5, 0.9)
"""What the contours hold."""

ENDS, FARTHEST = (0.003, 0.99), 1.5
"""Quantiles shown, and how far beyond the posterior's the prior's are, in widths of the posterior."""

GRID = 64
EDGE, GAP = 0.62, 0.16
"""Inches beside and between the panels."""


def ridge(tree: xr.DataTree, patient: str, told: Sequence[Told]) -> Picture | None:
    """Return the pairs of a patient's parameters that are known together, None where none are.

    `told` is what `wall_and_all` says of them.
    """
    names = tied(tree, patient, told)
    if len(names) < 2:
        return None
    draws = {name: _draws(tree, name, patient) for name in names}
    before, after = _by_group(draws)
    side = (WIDE - EDGE - 0.1 - GAP * (len(names) - 2)) / max(len(names) - 1, 2)
    tall = side * (len(names) - 1) + GAP * (len(names) - 2) + 0.75
    figure = Figure(figsize=(WIDE, tall))
    for (column, across), (row, up) in combinations(enumerate(names), 2):
        at = (EDGE + column * (side + GAP), tall - 0.32 - row * side - (row - 1) * GAP)
        axes = figure.add_axes((at[0] / WIDE, at[1] / tall, side / WIDE, side / tall))
        _pair(axes, [before[across], after[across]], [before[up], after[up]])
        _name(axes, tree, across if row == len(names) - 1 else "", up if column == 0 else "")
    lines = [Line2D([], [], color=PRIOR, linestyle="--"), Line2D([], [], color=POSTERIOR)]
    figure.legend(lines, ["prior", "posterior"], loc="upper right", ncols=2, borderaxespad=0.2)
    words = f"Pairs of {', '.join(names)} of {patient}: contours that hold 50 and 90 % of prior and posterior."
    return picture(figure, f"{words} {_leaning(draws)}")


def tied(tree: xr.DataTree, patient: str, told: Sequence[Told]) -> list[str]:
    """Return the parameters, four at most, of combinations that are told otherwise than their factors: first the
    wall's, then any; what is left over is filled with others of the wall."""
    names: dict[str, None] = {}
    for some in told:
        together: list[Direction] = [one for one in (*some.known, *some.ridges) if len(one.parts) > 1]
        for one in together:
            names |= {part.name: None for part in one.parts if _of_a_patient(tree, part.name)}
        if len(names) > 1:
            break
    wall = [name for name in WALL if len(names) > 1 and _free(tree, name, patient)]
    return list(dict.fromkeys([*names, *wall]))[:MOST]


def _of_a_patient(tree: xr.DataTree, name: str) -> bool:
    """Tell whether a number belongs to patients: neither to an assay nor to the population's law."""
    one = tree["posterior"][name]
    return "assay" not in one.dims and one.attrs.get("scope") != "population"


def _free(tree: xr.DataTree, name: str, patient: str) -> bool:
    """Tell whether a number was estimated for a patient."""
    return name in tree["posterior"] and bool(np.isfinite(_draws(tree, name, patient)[1]).any())


type Draws = dict[str, tuple[np.ndarray, np.ndarray]]


def _by_group(draws: Draws) -> list[dict[str, np.ndarray]]:
    return [{name: both[group] for name, both in draws.items()} for group in (0, 1)]


def _draws(tree: xr.DataTree, name: str, patient: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the draws of prior and posterior of one number."""
    groups = (tree[group].to_dataset()[name.partition("[")[0]] for group in ("prior", "posterior"))
    before, after = (one.sel(patient=patient) if "patient" in one.dims else one for one in groups)
    return before.values.ravel(), after.values.ravel()


def _pair(axes: Axes, across: list[np.ndarray], up: list[np.ndarray]) -> None:
    """Draw the contours of prior and posterior of two parameters."""
    for x, y, colour, dash in zip(across, up, (PRIOR, POSTERIOR), ("--", "-"), strict=True):
        near = near_all(x) & near_all(y)
        x, y = x[near], y[near]
        found = array_stats.kde2d(x, y, gridsize=(GRID, GRID), hdi_probs=list(SHARES))
        height, xs, ys, levels = np.asarray(found[0]), found[1], found[2], np.unique(found[-1])
        axes.contour(xs, ys, height.T, levels=levels, colors=colour, linestyles=dash, linewidths=1.0)
        if dash == "-":
            top = [*levels, max(float(np.max(height)), levels[-1] * 1.01)]
            axes.contourf(xs, ys, height.T, levels=top, colors=[POSTERIOR] * (len(top) - 1), alpha=0.25)
    for (before, after), limits in ((across, axes.set_xlim), (up, axes.set_ylim)):
        low, high = np.quantile(after, ENDS)
        most = FARTHEST * (high - low)
        least, greatest = np.quantile(before, ENDS)
        limits(max(min(low, least), low - most), min(max(high, greatest), high + most))
    axes.xaxis.set_major_locator(MaxNLocator(2))
    axes.yaxis.set_major_locator(MaxNLocator(3))


def _name(axes: Axes, tree: xr.DataTree, across: str, up: str) -> None:
    """Name the axes at the edge of the picture, and leave the others bare."""
    posterior = tree["posterior"].to_dataset()
    units = {name: posterior[name.partition("[")[0]].attrs["unit"] for name in (across, up) if name}
    axes.set_xlabel(with_unit(across, units[across]) if across else "", labelpad=2.0)
    axes.set_ylabel(with_unit(up, units[up]) if up else "", labelpad=2.0)
    axes.tick_params(labelbottom=bool(across), labelleft=bool(up))


def _leaning(draws: Draws) -> str:
    """Return how strongly two of them go together in the posterior, in words."""
    ranked = sorted(
        ((float(np.corrcoef(a[1], b[1])[0, 1]), x, y) for (x, a), (y, b) in combinations(draws.items(), 2)),
        key=lambda one: -abs(one[0]),
    )
    strength, first, second = ranked[0]
    return f"Strongest correlation of the posterior: {strength:.2f} between {first} and {second}."
