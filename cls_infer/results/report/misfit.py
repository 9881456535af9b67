"""Residuals over time, a panel a variable: noise, or something the model does not know."""

import numpy as np

from ...inference.evenly import evenly
from ..residuals import FAR, Residual
from .course import title_of
from .ink import DATA, LOST, PRIOR
from .picture import Picture, panel, picture

MOST = 400
"""Residuals marked in one panel, evenly among all where there are more."""

NEAR = 3.2
"""Standard deviations shown at least, either way."""


def misfits(found: list[Residual]) -> list[Picture]:
    """Return the standardised residuals of each variable over time; those far off are crosses."""
    names = dict.fromkeys(one.variable for one in found)
    return [_misfit(name, [one for one in found if one.variable == name]) for name in names]


def _misfit(name: str, here: list[Residual]) -> Picture:
    shown = [here[i] for i in evenly(len(here), MOST)]
    time, gap = (np.array([getattr(one, what) for one in shown]) for what in ("time", "standardised"))
    figure, axes = panel(f"{title_of(name)}: residuals [sd]", below="time [h]", height=1.7)
    axes.axhspan(-FAR, FAR, color=PRIOR, alpha=0.15, linewidth=0)
    axes.axhline(0.0, color=PRIOR, linewidth=0.7)
    far = np.abs(gap) > FAR
    axes.plot(time[~far], gap[~far], "o", color=DATA, markersize=3.0, alpha=0.8)
    axes.plot(time[far], gap[far], "x", color=LOST, markersize=5.0)
    edge = max(NEAR, 1.1 * float(np.max(np.abs(gap))))
    axes.set_ylim(-edge, edge)
    count = sum(abs(one.standardised) > FAR for one in here)
    words = f"Standardised residuals of {title_of(name)} over time: {count} of {len(here)} beyond {FAR:g} sd."
    return picture(figure, words)
