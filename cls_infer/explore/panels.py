"""The plots of the page: one quantity a panel, all over the same hours, the reference behind what was changed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource, CustomJSTickFormatter, HoverTool, Range1d
from bokeh.plotting import figure

from ..cohort.records import BETWEEN, Measurement
from ..model.spec import Model
from ..results.report.course import title_of, with_unit
from .ink import Ink, coloured
from .subject import LEVELS, Answer

COLUMNS = ("time", *LEVELS, "alone")
BEHIND, BEFORE = "prior", "posterior"
"""The colours of the reference, and of what was changed."""

TOOLS = "xpan,xwheel_zoom,xbox_zoom,reset,save"
PREFERRED = (
    *("hematocrit", "hemoglobin", "albumin", "oncotic_pressure", "map", "plasma_volume", "interstitial_volume", "m_L"),
    *("sigma", "transcapillary_escape_rate", "TER", "urine_rate", "weight_change"),
)
"""What is shown where nothing else was chosen, as far as a model has it."""

MOST, FEWEST = 10, 4
"""Panels to begin with; a model that has fewer of those shows what else it has."""


def first_shown(model: Model, measured: Iterable[str]) -> list[str]:
    """Return the quantities that a page begins with: what was measured, then volumes, leak and wall."""
    there = {**model.observables, **model.derived}
    wanted = list(dict.fromkeys([*measured, *PREFERRED]))
    if "hemoglobin" in wanted and "hematocrit" in wanted and "hemoglobin" not in set(measured):
        wanted.remove("hemoglobin")  # the same course on another scale
    found = [name for name in wanted if name in there]
    more = [name for name in there if name != "hemoglobin"] if len(found) < FEWEST else []
    return list(dict.fromkeys([*found, *more]))[:MOST]


@dataclass
class Panel:
    """One quantity: its figure, and what is drawn in it."""

    name: str
    figure: figure
    behind: ColumnDataSource
    before: ColumnDataSource
    windows_behind: ColumnDataSource
    windows: ColumnDataSource
    marks: ColumnDataSource

    def show(self, answer: Answer, *, reference: bool) -> None:
        """Draw the course of a setting, as the reference or in front of it."""
        quantiles = answer.quantities[self.name].quantiles
        alone = answer.alone.get(self.name, np.full(answer.time.size, np.nan))
        data: dict[str, Any] = dict(zip(COLUMNS, (answer.time, *quantiles, alone), strict=True))
        ends, band = answer.collected.get(self.name, (np.zeros(0), np.zeros((len(LEVELS), 0))))
        bars: dict[str, Any] = dict(zip(COLUMNS, (ends, *band, ends), strict=True))
        (self.behind if reference else self.before).data = data
        (self.windows_behind if reference else self.windows).data = bars
        if not reference:
            self.figure.html_attributes = {"role": "img", "aria-label": self._in_words(answer)}

    def _in_words(self, answer: Answer) -> str:
        quantity = answer.quantities[self.name]
        middle, unit = quantity.quantiles[LEVELS.index("middle")], quantity.unit if quantity.unit != "1" else ""
        if self.name in answer.collected:
            middle = answer.collected[self.name][1][LEVELS.index("middle")]
        start, end, low, high = middle[0], middle[-1], np.nanmin(middle), np.nanmax(middle)
        return (
            f"{title_of(self.name)} over time: {start:.3g} {unit} at first, {end:.3g} at the end, "
            f"{low:.3g} at least, {high:.3g} at most"
        )


def panel(name: str, unit: str, hours: Range1d, ink: Ink) -> Panel:
    """Return an empty panel over some hours."""
    plot = figure(
        title=with_unit(title_of(name), unit),
        x_range=hours,
        height=200,
        min_width=300,
        sizing_mode="stretch_width",
        tools=TOOLS,
        active_drag="xpan",
        active_scroll=None,
        toolbar_location="right",
    )
    plot.toolbar.autohide = True
    plot.toolbar.logo = None
    empty = {column: np.zeros(0) for column in COLUMNS}
    sources = [ColumnDataSource(empty) for _ in range(4)]
    behind, before, windows_behind, windows = sources
    _bars(plot, windows_behind, BEHIND, ink, width=7)
    _bars(plot, windows, BEFORE, ink, width=3)
    _ribbon(plot, behind, BEHIND, ink, dash="dashed")
    line = _ribbon(plot, before, BEFORE, ink, dash="solid")
    plot.line("time", "alone", source=before, line_dash="dotted", line_width=1.5, **ink.line("ink"))
    marks = ColumnDataSource({"time": [], "value": [], "from": [], "to": [], "marker": [], "filled": [], "words": []})
    plot.segment("from", "value", "to", "value", source=marks, line_width=1.5, **ink.line("data"))
    dots = plot.scatter(
        "time",
        "value",
        source=marks,
        marker="marker",
        size=6,
        fill_alpha="filled",
        **ink.line("data"),
        **ink.fill("data"),
    )
    plot.add_tools(
        HoverTool(renderers=[line], mode="vline", tooltips=[("hour", "@time{0.0}"), (name, "@middle{0.0000}")]),
        HoverTool(renderers=[dots], tooltips=[("measured", "@words")]),
    )
    plot.xaxis.formatter = CustomJSTickFormatter(code="return tick + ' h'")
    coloured(plot, ink)
    return Panel(name, plot, behind, before, windows_behind, windows, marks)


def mark(one: Panel, measured: Sequence[Measurement], hidden_after: float) -> None:
    """Put the measurements of a panel's quantity into it: limits as triangles, those hidden from the fit hollow."""
    rows = [m for m in measured if m.variable == one.name]
    markers = {-1: "inverted_triangle", 1: "triangle", BETWEEN: "square"}
    one.marks.data = {
        "time": [m.time for m in rows],
        "value": [m.value if m.upper is None else (m.value + m.upper) / 2 for m in rows],
        "from": [m.time - max(m.window, m.time_sd) for m in rows],
        "to": [m.time + m.time_sd for m in rows],
        "marker": [markers.get(m.censoring, "circle") for m in rows],
        "filled": [1.0 if m.time <= hidden_after else 0.0 for m in rows],
        "words": [_said(m, hidden=isfinite(hidden_after) and m.time > hidden_after) for m in rows],
    }


def _said(m: Measurement, *, hidden: bool) -> str:
    limit = {-1: "below ", 1: "above "}.get(m.censoring, "")
    value = f"{m.value:.4g} to {m.upper:.4g}" if m.upper is not None else f"{limit}{m.value:.4g}"
    return f"{value} at {m.time:g} h{', hidden from the fit' if hidden else ''}"


def _ribbon(plot: figure, source: ColumnDataSource, role: str, ink: Ink, *, dash: str):
    """Draw the 90 and 50 % bands and the middle; return the last."""
    plot.varea("time", "low", "high", source=source, fill_alpha=0.18, **ink.fill(role))
    plot.varea("time", "lower", "upper", source=source, fill_alpha=0.28, **ink.fill(role))
    return plot.line("time", "middle", source=source, line_width=2, line_dash=dash, **ink.line(role))


def _bars(plot: figure, source: ColumnDataSource, role: str, ink: Ink, *, width: int) -> None:
    plot.segment("time", "low", "time", "high", source=source, line_width=width, line_alpha=0.4, **ink.line(role))
    plot.segment("time", "lower", "time", "upper", source=source, line_width=width, line_alpha=0.8, **ink.line(role))
