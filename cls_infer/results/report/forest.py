"""A forest: one interval a row, such as one a patient, against what they have in common."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from .ink import OTHER, POSTERIOR, PRIOR, number
from .picture import BOTTOM, LEFT, NAMED, TOP, WIDE, Picture, panel, picture, shortened

ROW, MOST_NAMED = 0.16, 60
"""Inches of a row with a name; more rows than these go nameless, in one picture of fixed height."""

GAP = 0.5
"""Of a row, between the rows and what they have in common."""

NAMELESS = 4.2
"""Inches of the picture without names."""

MARGIN, LONGEST = 1.2, 16
"""Inches for the names, and letters of one."""


class Interval(NamedTuple):
    """A row: its name, and the quantiles 5, 50 and 95 %."""

    name: str
    low: float
    middle: float
    high: float


def interval(name: str, draws: np.ndarray) -> Interval:
    """Return the row of some draws."""
    low, middle, high = np.nanquantile(draws, (0.05, 0.5, 0.95))
    return Interval(name, float(low), float(middle), float(high))


def forest(
    title: str,
    rows: Sequence[Interval],
    *,
    below: str,
    common: Sequence[Interval] = (),
    at: float | None = None,
    width: float = WIDE,
) -> Picture:
    """Return the rows as they stand, the first on top; below them those of what they have in `common`, the first of
    which is a band behind all; `at` as a line."""
    named = len(rows) <= MOST_NAMED
    height = TOP + BOTTOM + NAMED + ROW * max(len(rows) + len(common) + GAP, 2) if named else NAMELESS
    left = MARGIN if named or common else LEFT
    figure, axes = panel(title, below=below, width=width, height=height, left=left)
    places = -np.arange(len(rows), dtype=float)
    apart = _in_common(axes, common, len(rows), inches=axes.get_position().height * height)
    if at is not None:
        axes.axvline(at, color=PRIOR, linewidth=0.8)
    low, middle, high = (np.array([getattr(row, name) for row in rows]) for name in ("low", "middle", "high"))
    gap = np.full(len(rows), np.nan)  # one line with gaps is a tenth of a line a row
    across, up = np.stack([low, high, gap], axis=1).ravel(), np.repeat(places, 3)
    axes.plot(across, up, color=POSTERIOR, linewidth=1.6 if named else 0.6, alpha=1.0 if named else 0.5)
    if named:
        axes.plot(middle, places, "o", color=POSTERIOR, markersize=3.2)
    else:
        axes.plot(middle, places, color=POSTERIOR, linewidth=1.4)
    axes.set_ylim(min([places[-1], *apart]) - 0.7, 0.7)
    shown = [*(rows if named else ()), *common]
    axes.set_yticks([*(places if named else ()), *apart], [shortened(row.name, LONGEST) for row in shown])
    axes.tick_params(axis="y", length=0)
    return picture(figure, f"{title}: {_told(rows)}{_and_common(common)}")


def _in_common(axes: Axes, common: Sequence[Interval], rows: int, *, inches: float) -> list[float]:
    """Draw what so many rows have in common below them, on axes of this height; return its places."""
    if not common:
        return []
    room = inches - ROW * (len(common) + GAP)  # of the rows themselves
    step = max(1.0, rows * ROW / room) if rows > MOST_NAMED else 1.0
    places = [-(rows - 1) - step * (GAP + 1 + place) for place in range(len(common))]
    axes.axvspan(common[0].low, common[0].high, color=OTHER, alpha=0.18, linewidth=0)
    axes.axvline(common[0].middle, color=OTHER, linewidth=1.0, linestyle="--")
    axes.hlines(places, [row.low for row in common], [row.high for row in common], color=OTHER, linewidth=1.6)
    axes.plot([row.middle for row in common], places, "D", color=OTHER, markersize=3.6)
    return places


def _told(rows: Sequence[Interval]) -> str:
    if len(rows) <= 12:
        each = (f"{row.name} {number(row.middle)} ({number(row.low)} to {number(row.high)})" for row in rows)
        return f"{'; '.join(each)}."
    lowest, highest = (choose(rows, key=lambda row: row.middle) for choose in (min, max))
    return (
        f"medians and 90 % intervals of {len(rows)}, from {lowest.name} at {number(lowest.middle)} "
        f"to {highest.name} at {number(highest.middle)}."
    )


def _and_common(common: Sequence[Interval]) -> str:
    each = (f"{row.name} {number(row.middle)} ({number(row.low)} to {number(row.high)})" for row in common)
    return f" In common: {'; '.join(each)}." if common else ""
