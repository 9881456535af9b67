"""Therapy and losses of one patient as bars over time, a row an item."""

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...cohort.items import ITEMS
from .given import Given
from .ink import INK, SHADES, number
from .picture import BOTTOM, TOP, Picture, picture, shortened

LOSSES = ("bleeding", "plasma_removed", "ultrafiltration")
THINNEST = 0.006
"""Of the width: what is given in a moment of a long course can still be seen."""

TALLEST, LOWEST = 0.34, 0.08
"""Height of a bar, of a row; a level is drawn as high as it is against the highest, a volume as high as the row."""

ROW, LINE = 0.32, 0.46
"""Inches of a row: its words, and its bars below them; and of that what one more line of words takes."""

MOST_ROWS, LONGEST = 14, 58
"""Rows, and letters of a line of words."""

type Panel = Callable[..., tuple[Figure, Axes]]


def therapy_picture(
    rows: Sequence[Given], patient: str, between: tuple[float, float], *, over: Panel
) -> Picture | None:
    """Return the bars of a patient, None where nothing was given; `over` makes a panel over these hours."""
    if not rows:
        return None
    more, rows = rows[MOST_ROWS:], rows[:MOST_ROWS]
    places = -np.cumsum([LINE if row.estimated else 0.0 for row in rows]) - np.arange(len(rows))
    height = len(rows) - 0.5 + LINE * sum(bool(row.estimated) for row in rows)
    figure, axes = over("Therapy and losses", between, height=TOP + BOTTOM + ROW * (height + 0.5))
    for place, row in zip(places, rows, strict=True):
        _row(axes, row, place, between)
    axes.set_ylim(-height, 0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    told = [_told(row) for row in rows] + ([f"and {len(more)} further items"] if more else [])
    return picture(figure, f"Therapy and losses of {patient} over time: {'; '.join(told)}.")


def _told(row: Given) -> str:
    said = f"{row.words}, from {number(row.start.min())} to {number(row.end.max())} h"
    return f"{said}, {row.estimated}" if row.estimated else said


def _row(axes: Axes, row: Given, place: float, between: tuple[float, float]) -> None:
    """Draw one item: words, and a bar an entry, empty where its amount was estimated."""
    least, colour = THINNEST * (between[1] - between[0]), SHADES[role_of(row.item)].light
    for at, tall in enumerate(_heights(row)):
        end = float(np.median(row.ends[at])) if at in row.ends else row.end[at]
        low, high = max(row.start[at], between[0]), min(end, between[1])
        if high < low:
            continue
        face = "none" if np.isnan(row.amount[at]) else colour
        box = {"facecolor": face, "edgecolor": colour, "linewidth": 0.8}
        axes.barh(place - TALLEST / 2, max(high - low, least), tall, left=low, align="edge", **box)
        if at in row.ends:
            _open_end(axes, row.ends[at], place - TALLEST / 2 + tall / 2, colour, between)
    words = {"transform": axes.get_yaxis_transform(), "fontsize": 8.0, "va": "bottom"}
    axes.text(0.0, place + 0.26 + (LINE if row.estimated else 0.0), shortened(row.words, LONGEST), **words)
    if row.estimated:
        axes.text(0.0, place + 0.26, row.estimated, style="italic", **(words | {"fontsize": 7.5}))


def _open_end(axes: Axes, draws: np.ndarray, place: float, colour: str, between: tuple[float, float]) -> None:
    """Draw the 90 % interval of an estimated end as a line with caps across the bar's end."""
    low, high = np.clip(np.quantile(draws, (0.05, 0.95)), *between)
    axes.hlines(place, low, high, color=INK, linewidth=0.9)
    axes.vlines((low, high), place - TALLEST / 3, place + TALLEST / 3, color=INK, linewidth=0.9)


def _heights(row: Given) -> np.ndarray:
    """Return how high the bars are [event]; levels against the highest."""
    amount = np.abs([np.median(row.amounts[at]) if at in row.amounts else one for at, one in enumerate(row.amount)])
    highest = np.max(amount[np.isfinite(amount)], initial=0.0)
    if ITEMS[row.item].kind != "level" or highest == 0:
        return np.full(len(amount), TALLEST)
    return LOWEST + (TALLEST - LOWEST) * np.nan_to_num(amount / highest, nan=1.0)


def role_of(name: str) -> str:
    """Return the colour of an item, by its meaning: of what goes in, what is lost, what acts otherwise; words say it
    too."""
    item = ITEMS[name]
    if item.kind != "volume":
        return "other"
    return "lost" if any(channel in LOSSES for channel in item.per_unit) else "given"
