"""Therapy and losses of one patient as bars over time, a row an item."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...cohort.items import ITEMS
from .ink import GIVEN, LOST, OTHER, number
from .picture import BOTTOM, TOP, Picture, picture

LOSSES = ("bleeding", "plasma_removed", "ultrafiltration")
THINNEST = 0.006
"""Of the width: what is given in a moment of a long course can still be seen."""

TALLEST, LOWEST = 0.34, 0.08
"""Height of a bar, of a row; a level is drawn as high as it is against the highest, a volume as high as the row."""

ROW = 0.32
"""Inches of a row: its words, and its bars below them."""

MOST_ROWS = 14

type Panel = Callable[..., tuple[Figure, Axes]]


@dataclass(frozen=True)
class Given:
    """All entries of one item, whose `amount` is NaN where it was not charted: [event] each."""

    item: str
    start: np.ndarray
    end: np.ndarray
    amount: np.ndarray

    @property
    def words(self) -> str:
        """What was given, how much in all, how much of it nobody charted."""
        item, known = ITEMS[self.item], self.amount[np.isfinite(self.amount)]
        label = item.label.partition(":")[0].partition(";")[0]
        label = label[0].upper() + label[1:]
        unit = "" if item.unit == "1" else f" {item.unit}"
        if item.kind == "level":
            span = sorted({number(known.min()), number(known.max())}) if known.size else ["not charted"]
            return f"{label}: {' to '.join(span)}{unit}"
        missing = int(np.isnan(self.amount).sum())
        said = [f"{number(known.sum())}{unit}"] if known.size else []
        said += [f"{missing} of {len(self.amount)} not charted, estimated" if known.size else "not charted, estimated"]
        return f"{label}: {', '.join(said if missing else said[:1])}"

    @property
    def heights(self) -> np.ndarray:
        """How high the bars are [event]."""
        known = np.abs(self.amount[np.isfinite(self.amount)])
        if ITEMS[self.item].kind != "level" or not known.size or known.max() == 0:
            return np.full(len(self.amount), TALLEST)
        share = np.nan_to_num(np.abs(self.amount) / known.max(), nan=1.0)
        return LOWEST + (TALLEST - LOWEST) * share

    @property
    def colour(self) -> str:
        """Green what goes in, orange what is lost, purple what acts otherwise; the words say it too."""
        item = ITEMS[self.item]
        if item.kind != "volume":
            return OTHER
        return LOST if any(channel in LOSSES for channel in item.per_unit) else GIVEN


def given_to(tree: xr.DataTree, patient: str) -> list[Given]:
    """Return what a patient was given or lost, by item in order of its first entry."""
    table = tree["therapy"].to_dataset()
    table = table.isel(event=np.flatnonzero((table["patient"] == patient).values))
    found = []
    for item in dict.fromkeys(str(name) for name in table["item"].values[np.argsort(table["start"].values)]):
        here = table.isel(event=np.flatnonzero((table["item"] == item).values))
        found.append(Given(item, here["start"].values, here["end"].values, here["amount"].values))
    return found


def therapy_picture(tree: xr.DataTree, patient: str, between: tuple[float, float], *, over: Panel) -> Picture | None:
    """Return the bars of a patient, None where nothing was given; `over` makes a panel over these hours."""
    rows = given_to(tree, patient)
    if not rows:
        return None
    more, rows = rows[MOST_ROWS:], rows[:MOST_ROWS]
    figure, axes = over("Therapy and losses", between, height=TOP + BOTTOM + ROW * len(rows))
    for place, row in enumerate(rows):
        _row(axes, row, -float(place), between)
    axes.set_ylim(-len(rows) + 0.5, 0.85)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    told = [f"{row.words}, from {number(row.start.min())} to {number(row.end.max())} h" for row in rows]
    told += [f"and {len(more)} further items"] if more else []
    return picture(figure, f"Therapy and losses of {patient} over time: {'; '.join(told)}.")


def _row(axes: Axes, row: Given, place: float, between: tuple[float, float]) -> None:
    """Draw one item: words, and a bar an entry, empty where the amount was not charted."""
    least = THINNEST * (between[1] - between[0])
    for start, end, amount, tall in zip(row.start, row.end, row.amount, row.heights, strict=True):
        low, high = max(start, between[0]), min(end, between[1])
        if high < low:
            continue
        face = row.colour if np.isfinite(amount) else "none"
        box = {"facecolor": face, "edgecolor": row.colour, "linewidth": 0.8}
        axes.barh(place - TALLEST / 2, max(high - low, least), tall, left=low, align="edge", **box)
    axes.text(0.0, place + 0.26, row.words, transform=axes.get_yaxis_transform(), fontsize=8.0, va="bottom")
