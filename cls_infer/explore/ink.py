"""The colours of the plots, those of the report: by what they mean, for a light page or a dark one."""

from dataclasses import dataclass

from bokeh.models import Title
from bokeh.plotting import figure

from ..results.report.ink import SHADES


@dataclass(frozen=True)
class Ink:
    """One side of the colours, `light` or `dark`."""

    side: str

    def of(self, role: str) -> str:
        """Return the colour of a role."""
        return getattr(SHADES[role], self.side)

    def line(self, role: str) -> dict[str, str]:
        """Return a line in the colour of a role."""
        return {"line_color": self.of(role)}

    def fill(self, role: str) -> dict[str, str]:
        """Return a filling in the colour of a role."""
        return {"fill_color": self.of(role)}


def coloured(plot: figure, ink: Ink) -> None:
    """Give a figure's paper, axes and words their colours."""
    plot.background_fill_color = plot.border_fill_color = ink.of("paper")
    plot.outline_line_color = None
    assert isinstance(plot.title, Title)  # it was made from words
    plot.title.text_color = ink.of("ink")
    plot.title.text_font_size = "13px"
    plot.grid.grid_line_color = ink.of("line")
    plot.grid.grid_line_alpha = 0.6
    for axis in plot.axis:
        axis.axis_line_color = axis.major_tick_line_color = ink.of("soft")
        axis.minor_tick_line_color = None
        axis.major_label_text_color = axis.axis_label_text_color = ink.of("ink")
