"""The picture of a calibration: each quantity's empirical distribution of ranks, less what it should be."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .calibration import LEVEL, Ranked
from .uniformity import Band, band, empirical

COLUMNS = 5
GOOD, BAD, GREY = "#1f5fa8", "#b3261e", "#8a8a8a"


def ecdf_figure(quantities: Sequence[Ranked]) -> Figure:
    """Return a panel for each quantity: the ranks' empirical distribution less the uniform one.

    Shaded is the simultaneous 95 % band of one quantity alone, dashed that of all together.
    """
    n = len(quantities[0].u)
    alone, together = band(n, 1 - LEVEL), band(n, 1 - LEVEL / len(quantities))
    rows = -(-len(quantities) // COLUMNS)
    columns = min(COLUMNS, len(quantities))
    figure = Figure(figsize=(2.5 * columns, 1.75 * rows + 0.5), dpi=110, layout="constrained")
    panels = np.atleast_2d(figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False))
    for axes, one in zip(panels.flat, quantities, strict=False):
        _panel(axes, one, alone, together)
    for axes in panels.flat[len(quantities) :]:
        axes.axis("off")
    for axes in panels.flat[max(0, len(quantities) - columns) : len(quantities)]:
        axes.tick_params(labelbottom=True)  # the lowest of its column
    figure.supxlabel("rank of the truth, as a share", fontsize=9)
    figure.supylabel("share of fits below it, less that rank", fontsize=9)
    return figure


def _panel(axes: Axes, one: Ranked, alone: Band, together: Band) -> None:
    colour = GOOD if one.uniform else BAD
    axes.fill_between(alone.z, alone.low - alone.z, alone.high - alone.z, color=GREY, alpha=0.3, linewidth=0)
    for edge in (together.low, together.high):
        axes.plot(together.z, edge - together.z, color=GREY, linewidth=0.8, linestyle="--")
    axes.step(alone.z, empirical(one.u) - alone.z, where="post", color=colour, linewidth=1.1)
    axes.set_title(one.name, fontsize=8, loc="left", color=colour, parse_math=False)
    axes.tick_params(labelsize=7)
    axes.spines[["top", "right"]].set_visible(False)
