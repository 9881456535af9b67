"""What is given over time as bars, a row an item: filled as it is now, outlined as it was."""

from collections.abc import Sequence
from typing import Any

from bokeh.models import ColumnDataSource, FactorRange, HoverTool, Range1d
from bokeh.plotting import figure

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..results.report.therapy import role_of
from .ink import Ink, coloured

COLUMNS = ("item", "from", "to", "colour", "words")
ROW, REST = 24, 62
"""Pixels of a row, and of what stands above and below them."""


class Bars:
    """A figure of therapy; `show` draws it anew."""

    def __init__(self, hours: Range1d, ink: Ink):
        self.ink = ink
        self.now, self.before = (ColumnDataSource({column: [] for column in COLUMNS}) for _ in range(2))
        self.rows = FactorRange()
        self.figure = figure(
            title="Therapy and losses",
            x_range=hours,
            y_range=self.rows,
            height=REST + ROW,
            min_width=300,
            sizing_mode="stretch_width",
            tools="",
            toolbar_location=None,
        )
        now = self.figure.hbar(
            "item", left="from", right="to", height=0.62, source=self.now, fill_color="colour", **ink.line("paper")
        )
        outline = {"fill_color": None, "line_dash": "dashed", **ink.line("soft")}
        self.figure.hbar("item", left="from", right="to", height=0.86, source=self.before, **outline)
        self.figure.add_tools(HoverTool(renderers=[now], tooltips="@words"))
        coloured(self.figure, ink)

    def show(self, now: Sequence[Event], before: Sequence[Event]) -> None:
        """Draw what is given now, and outlined what was given in the reference where that differs."""
        changed = [event for event in before if event not in now]
        items = list(dict.fromkeys(event.item for event in (*now, *changed)))
        self.rows.factors = items[::-1]
        self.figure.height = REST + ROW * max(1, len(items))
        self.now.data, self.before.data = self._rows(now), self._rows(changed)
        told = "; ".join(_said(event) for event in now) or "nothing"
        self.figure.html_attributes = {"role": "img", "aria-label": f"Therapy and losses over time: {told}"}

    def _rows(self, events: Sequence[Event]) -> dict[str, Any]:
        rows = [(e.item, e.start, max(e.end, e.start + 0.02), self.ink.of(role_of(e.item)), _said(e)) for e in events]
        return {column: [row[place] for row in rows] for place, column in enumerate(COLUMNS)}


def _said(event: Event) -> str:
    unit = ITEMS[event.item].unit
    amount = (
        "not charted, estimated" if event.amount is None else f"{event.amount:.4g}{'' if unit == '1' else f' {unit}'}"
    )
    return f"{event.item}: {amount}, {event.start:g} to {event.end:g} h"
