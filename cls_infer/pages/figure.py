"""The figure of a model's page: what it predicts over its typical run, a panel a quantity."""

from collections.abc import Sequence
from io import BytesIO
from math import ceil

import numpy as np
from matplotlib.figure import Figure

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..model.spec import Model
from ..results.charted import label_of
from .typical import events_of, simulated, typical_run

LINE, SHADE = "#1f5fa8", "#6b6b6b"
PANELS, ACROSS = 6, 3
SHARPNESS = 90
LONGEST = 34
"""Letters of a panel's title; a longer label gives way to the quantity's name."""

DAYS_FROM = 96.0
"""From this length on a run is shown in days [h]."""

THINNEST = 0.006
"""Of the width: what is given for a moment of a long course can still be seen."""

SYMBOLS = ("m_L", "K_f", "K_L", "LpS", "PS", "TER", "sigma")


def draw(model: Model) -> bytes:
    """Return the typical run of a model as a PNG."""
    run = typical_run(model)
    course = simulated(model, run)
    assert course.ok, f"the typical run of `{model.name}`: {course.status}"
    moving = [name for name, (_, values) in course.columns.items() if _moves(values)]
    shown = run.panels or moving[:PANELS]
    hours, unit = (24.0, "days") if course.time[-1] >= DAYS_FROM else (1.0, "hours")
    end, rows = course.time[-1] / hours, ceil(len(shown) / ACROSS)
    figure = Figure(figsize=(3.0 * min(ACROSS, len(shown)), 2.2 * rows + 0.2), dpi=SHARPNESS, layout="constrained")
    for place, name in enumerate(shown, start=1):
        axes = figure.add_subplot(rows, min(ACROSS, len(shown)), place)
        axes.set_title(f"{_title(model, name)} [{course.columns[name][0]}]", fontsize=9, loc="left")
        axes.plot(course.time / hours, course.columns[name][1], color=LINE, linewidth=1.5)
        for start, stop, depth in shades(events_of(run)):
            stop = max(min(stop / hours, end), start / hours + THINNEST * end)
            axes.axvspan(start / hours, stop, color=SHADE, alpha=depth, linewidth=0)
        axes.set_xlim(0.0, end)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        if place > len(shown) - ACROSS:
            axes.set_xlabel(f"time [{unit}]", fontsize=9)
    out = BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def shades(events: Sequence[Event]) -> list[tuple[float, float, float]]:
    """Return when something is given or lost, from and to [h], and how dark to shade it: by its rate.

    Levels that are held, as of oral intake, have none.
    """
    flowing = [event for event in events if ITEMS[event.item].kind != "level" and event.amount]
    rates = [(event.amount or 0.0) / (event.end - event.start) for event in flowing]
    fastest: dict[str, float] = {}
    for event, rate in zip(flowing, rates, strict=True):
        unit = ITEMS[event.item].unit
        fastest[unit] = max(rate, fastest.get(unit, 0.0))
    return [
        (event.start, event.end, 0.05 + 0.15 * rate / fastest[ITEMS[event.item].unit])
        for event, rate in zip(flowing, rates, strict=True)
    ]


def _moves(values: np.ndarray) -> bool:
    return bool(np.ptp(values) > 1e-6 * np.max(np.abs(values), initial=0.0))


def _title(model: Model, name: str) -> str:
    if name in model.observables and model.observables[name].accumulates:
        return f"{name[0].upper()}{name[1:]} since the start"
    symbol = next((symbol for symbol in SYMBOLS if name == symbol or name.startswith(f"{symbol}_")), "")
    if symbol:
        return " ".join([symbol, *name.removeprefix(symbol).split("_")]).replace("  ", " ").strip()
    words = name.upper() if name == "evlwi" else name.replace("_", " ")
    return label if len(label := label_of(name)) <= LONGEST else words[0].upper() + words[1:]
