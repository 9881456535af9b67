"""The search for the mode: how high each start came, the best first, and what it says where they disagree."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from .ink import LOST, OTHER, POSTERIOR, PRIOR, number
from .picture import Picture, panel, picture

EVERYBODY = "all patients"

SHAPES = "sD^v*"
"""Marks of the modes after the best one."""

LEAST, SHOWN = 1.5, 2.0
"""Nats below the best that a panel shows at least, for searches that agree stand on one line, and how many times the
lowest end it shows."""


@dataclass(frozen=True)
class Waterfall:
    """Of patients, or of the one posterior of all: the pictures, a sentence for each of those whose starts disagree,
    of how many they agree, and how many more disagree without a sentence."""

    of: str
    pictures: list[Picture]
    disagree: list[str]
    agreed: int
    more: int


@dataclass(frozen=True)
class Ends:
    """Where the searches of one posterior ended, the best first: nats below the best [start], NaN where it could not
    be solved, the mode's number [start], negative where it is none, and whether the search arrived [start]."""

    name: str
    below: np.ndarray
    mode: np.ndarray
    arrived: np.ndarray

    @property
    def agree(self) -> bool:
        """Whether all searches ended at one mode."""
        return bool(np.all(self.mode == 0))


def waterfall(tree: xr.DataTree, *, most: int) -> Waterfall | None:
    """Return every search of a few posteriors, or of more than `most` those whose starts disagree; None where the run
    keeps none."""
    if "searches" not in tree.children:
        return None
    every = _ends(tree["searches"].to_dataset())
    disagree = sorted((one for one in every if not one.agree), key=lambda one: _second(one.below, one.mode))
    pictured = every if len(every) <= most else disagree[:most]
    return Waterfall(
        of="posterior" if every[0].name == EVERYBODY else "patient",
        pictures=[_picture(one) for one in pictured],
        disagree=[in_words(one) for one in disagree[:most]],
        agreed=len(every) - len(disagree),
        more=max(0, len(disagree) - most),
    )


def in_words(one: Ends) -> str:
    """Return where the searches of one posterior ended, as a sentence."""
    starts = len(one.mode)
    if one.agree:
        return f"{one.name}: all {starts} searches ended at one mode."
    parts = [f"{np.sum(one.mode == 0)} of {starts} searches ended at the best mode"]
    for mode in range(1, one.mode.max() + 1):
        here = one.mode == mode
        parts.append(f"{here.sum()} at another, {number(float(one.below[here].min()))} nats below")
    solved = np.isfinite(one.below)
    if count := np.sum((one.mode < 0) & solved):
        parts.append(f"{count} had not arrived when stopped")
    if count := np.sum(~solved):
        parts.append(f"{count} could not be solved")
    return f"{one.name}: {'; '.join(parts)}."


def _ends(searches: xr.Dataset) -> list[Ends]:
    below = searches["log_posterior"].max("start") - searches["log_posterior"]
    if "patient" not in searches.dims:
        return [Ends(EVERYBODY, below.values, searches["mode"].values, searches["arrived"].values)]
    names = [str(name) for name in searches["patient"].values]
    columns = (one.transpose("patient", "start").values for one in (below, searches["mode"], searches["arrived"]))
    return [Ends(*row) for row in zip(names, *columns, strict=True)]


def _second(below: np.ndarray, mode: np.ndarray) -> float:
    """Return how far below the best the nearest other mode is: what is nearest matters most."""
    return float(np.min(below[mode > 0], initial=np.inf))


def _picture(one: Ends) -> Picture:
    figure, axes = panel(one.name, below="start, the best first", height=1.7)
    start, depth = np.arange(1, len(one.mode) + 1), -one.below
    axes.plot(start, depth, color=PRIOR, linewidth=0.7)
    for mode in range(-1, one.mode.max() + 1):
        here = one.mode == mode
        axes.plot(start[here], depth[here], **_look(mode))
    lowest = max(LEAST, float(np.nanmax(one.below)))
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(-SHOWN * lowest, 0.4)
    axes.set_yticks(*_ticks(lowest), minor=False)
    axes.yaxis.minorticks_off()
    axes.set_xticks(start)
    axes.set_xlim(0.5, len(start) + 0.5)
    return picture(figure, f"Log density [nats] that each search for the mode reached, below the best. {in_words(one)}")


def _look(mode: int) -> dict:
    if mode == 0:
        return {"marker": "o", "color": POSTERIOR, "linestyle": "none", "markersize": 4.5}
    if mode < 0:
        return {"marker": "x", "color": LOST, "linestyle": "none", "markersize": 5.0}
    return {"marker": SHAPES[(mode - 1) % len(SHAPES)], "color": OTHER, "linestyle": "none", "markersize": 4.5}


def _ticks(lowest: float) -> tuple[Sequence[float], Sequence[str]]:
    """Return depths in powers of ten and what stands beside them."""
    depths = [0.0, *(10.0**power for power in range(int(np.floor(np.log10(SHOWN * lowest))) + 1))]
    depths = [0.0, *depths[1:][:: 1 + (len(depths) - 2) // 4]]
    return [-depth for depth in depths], [f"−{depth:g}" if depth else "0" for depth in depths]
