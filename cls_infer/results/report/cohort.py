"""A cohort as a whole: each parameter over the patients, the population against the individuals, what covariates do."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..summary import Row
from .course import with_unit
from .density import curve_of
from .forest import Interval, forest, interval
from .ink import OTHER, POSTERIOR, PRIOR
from .picture import BARE, Picture, panel, picture

MOST = 8
"""Parameters with a forest: those pooled in part, then those of which the data told most."""

FEWEST = 3
"""Patients below whom there is no spread to look at."""

MOVES = "change in sd of the prior"
"""How the population's numbers say that they are the effect of a covariate."""


@dataclass(frozen=True)
class Together:
    """The pictures of a cohort, and which parameters have no forest."""

    forests: list[Picture]
    against: list[Picture]
    effects: list[Picture]
    without: list[str]


def together(tree: xr.DataTree, rows: list[Row]) -> Together | None:
    """Return what there is to see of all patients at once, None of one patient."""
    posterior = tree["posterior"].to_dataset()
    own = _own(posterior, rows)
    if posterior.sizes["patient"] < 2 or not own:
        return None
    pooled = [name for name in own if f"{name}_mu" in posterior]
    few = posterior.sizes["patient"] < FEWEST
    return Together(
        [_forest(posterior, name) for name in own[:MOST]],
        [] if few else [_against(tree, name) for name in pooled[:MOST]],
        _effects(posterior),
        own[MOST:],
    )


def _own(posterior: xr.Dataset, rows: list[Row]) -> list[str]:
    """Return the parameters that differ between patients, in order of their place in the page."""
    told: dict[str, list[float]] = {}
    for row in rows:
        told.setdefault(row.variable, []).append(row.contraction)
    names = [str(name) for name, one in posterior.data_vars.items() if "patient" in one.dims]
    names = [name for name in names if posterior[name].notnull().any(("chain", "draw")).sum() > 1]
    return sorted(names, key=lambda name: (f"{name}_mu" not in posterior, -float(np.mean(told.get(name, [0.0])))))


def _forest(posterior: xr.Dataset, name: str) -> Picture:
    """Return the patients by their median of a parameter, over the population's mean where there is one."""
    one = posterior[name]
    draws = one.transpose("patient", "chain", "draw").values.reshape(one.sizes["patient"], -1)
    names = [str(patient) for patient in posterior["patient"].values]
    rows = [interval(n, d) for n, d in zip(names, draws, strict=True) if np.isfinite(d).any()]
    mean = f"{name}_mu"
    common = interval("mean", posterior[mean].values) if mean in posterior else None
    rows.sort(key=lambda row: -row.middle)
    title = f"{name} of {len(rows)} patients" + (", population's mean behind" if common else "")
    return forest(title, rows, below=with_unit(name, one.attrs["unit"]), common=common)


def _against(tree: xr.DataTree, name: str) -> Picture:
    """Return the individuals taken together, their medians as ticks, with the population's mean, after and before."""
    posterior, prior = tree["posterior"].to_dataset(), tree["prior"].to_dataset()
    draws = posterior[name].transpose("patient", "chain", "draw").values.reshape(posterior.sizes["patient"], -1)
    draws = draws[np.isfinite(draws).any(axis=1)]
    medians = np.nanmedian(draws, axis=1)
    figure, axes = panel(with_unit(name, posterior[name].attrs["unit"]), height=2.0, left=BARE)
    every, mean = draws[np.isfinite(draws)], posterior[f"{name}_mu"].values.ravel()
    before = prior[f"{name}_mu"].values.ravel()
    heights = []
    looks = (
        (before, PRIOR, "--", "mean, prior"),
        (mean, OTHER, "-", "mean, posterior"),
        (every, POSTERIOR, "-", "all"),
    )
    for values, colour, dash, label in looks:
        grid, height = curve_of(values)
        height = height / height.max()
        axes.plot(grid, height, color=colour, linestyle=dash, linewidth=1.2, label=label)
        heights.append(height)
    axes.fill_between(grid, heights[-1], color=POSTERIOR, alpha=0.2, linewidth=0)
    axes.vlines(medians, -0.1, -0.02, color=POSTERIOR, linewidth=0.8)
    ends = np.concatenate([np.quantile(every, (0.002, 0.998)), np.quantile(mean, (0.002, 0.998))])
    axes.set_xlim(ends.min(), ends.max())
    axes.set_ylim(-0.12, 1.45)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.legend(loc="upper right", ncols=3, handlelength=1.1, columnspacing=0.8, borderaxespad=0.0, fontsize=7.5)
    words = f"{name}: draws of all {len(draws)} patients, their medians as ticks, and the population's mean."
    return picture(figure, words)


def _effects(posterior: xr.Dataset) -> list[Picture]:
    """Return what each covariate moves, as one forest about 0; none where there is no covariate."""
    names = [str(n) for n, one in posterior.data_vars.items() if str(one.attrs.get("about", "")).startswith(MOVES)]
    rows: list[Interval] = [interval(name, posterior[name].values) for name in names]
    if not rows:
        return []
    return [forest("Effects of covariates, with 90 % intervals", rows, below="sd of the prior", at=0.0)]
