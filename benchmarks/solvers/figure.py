"""Work against precision: microseconds a lane over the worst error in nats."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from .lead import BUDGET
from .table import Row

COLORS = {
    "machine ROS34PW2": "C0",
    "machine Tsit5": "C9",
    "xla ROS34PW2": "C4",
    "diffrax Tsit5": "C3",
    "diffrax Tsit5 in chunks": "C1",
    "diffrax Dopri8": "C5",
    "diffrax Kvaerno5": "C6",
}


def draw(rows: Sequence[Row], lanes: int, to: Path) -> None:
    """Write the figure of one number of lanes: a panel a problem and spread, value and gradient."""
    cases = list(dict.fromkeys((row.problem, row.spread) for row in rows if row.lanes == lanes))
    across = 2
    down = -(-len(cases) // across)
    figure, axes = plt.subplots(down, across, figsize=(9.5, 2.9 * down), squeeze=False, layout="constrained")
    for ax, case in zip(axes.flat, cases, strict=False):
        _panel(ax, [row for row in rows if (row.problem, row.spread) == case and row.lanes == lanes])
        ax.set_title(f"{case[0]}, {case[1]}", fontsize=9)
    for ax in axes.flat[len(cases) :]:
        ax.set_axis_off()
    for ax in axes[-1]:
        ax.set_xlabel("worst error of a lane's log-likelihood [nats]")
    for ax in axes[:, 0]:
        ax.set_ylabel("value and gradient\n[microseconds a lane]")
    handles = [Line2D([], [], color=c, marker="o", ms=4, label=name) for name, c in COLORS.items()]
    handles.append(Line2D([], [], color="0.4", marker="o", mfc="none", ls="", ms=6, label="some lanes failed"))
    figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(to, dpi=110)
    plt.close(figure)


def _panel(ax: Axes, rows: Sequence[Row]) -> None:
    for solver, color in COLORS.items():
        mine = [r for r in rows if r.solver == solver and r.gradient_us is not None and r.worst_nats is not None]
        ax.plot([r.worst_nats for r in mine], [r.gradient_us for r in mine], "-", color=color, lw=1)
        for r in mine:
            ax.plot(r.worst_nats, r.gradient_us, "o", ms=5, color=color, mfc="none" if r.failed else color)
    ax.axvline(BUDGET, color="0.6", lw=0.8, ls="--")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.grid(alpha=0.25)
