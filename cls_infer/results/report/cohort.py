"""A cohort as a whole: each parameter over the patients, the population against the individuals, what covariates do."""

from collections.abc import Sequence
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

WORDS = (("mean", "mu"), ("spread", "tau"))

FEWEST = 3
"""Patients below whom there is no spread to look at."""

MOVES, AT = "change in sd of the prior", "at the mean of "
"""How the population's numbers say that they are the effect of a covariate, or the centre of a cause or a group."""


@dataclass(frozen=True)
class Law:
    """What is known of one parameter's population: its `centre`, the `spread` between patients in standard deviations
    of the prior, and what to expect of somebody `new`."""

    name: str
    unit: str
    centre: Interval
    spread: Interval
    new: Interval


@dataclass(frozen=True)
class Together:
    """The pictures of a cohort, its population in numbers, and which parameters have no forest; `effects` are of
    covariates, with what each is for in words, and `centres` of causes or groups."""

    forests: list[Picture]
    against: list[Picture]
    laws: list[Law]
    effects: list[Picture]
    about: list[tuple[str, str]]
    centres: list[Picture]
    without: list[str]


def together(tree: xr.DataTree, rows: list[Row]) -> Together | None:
    """Return what there is to see of all patients at once, None of one patient."""
    posterior = tree["posterior"].to_dataset()
    own = _own(posterior, rows)
    if posterior.sizes["patient"] < 2 or not own:
        return None
    pooled = [name for name in own if f"{name}_mu" in posterior]
    few = posterior.sizes["patient"] < FEWEST
    effects = [str(n) for n, one in posterior.data_vars.items() if str(one.attrs.get("about", "")).startswith(MOVES)]
    laws = [_law(tree, name) for name in pooled]
    return Together(
        forests=[_forest(posterior, name, laws) for name in own[:MOST]],
        against=[] if few else [_against(tree, name) for name in pooled[:MOST]],
        laws=laws,
        effects=_effects(posterior, effects),
        about=[(name, posterior[name].attrs["about"].removeprefix(MOVES).strip()) for name in effects],
        centres=[one for law in laws if (one := _centres(posterior, law))],
        without=own[MOST:],
    )


def _law(tree: xr.DataTree, name: str) -> Law:
    posterior, new = tree["posterior"].to_dataset(), tree["new_patient"].to_dataset()[name]
    centre, spread = (interval(word, posterior[f"{name}_{what}"].values) for word, what in WORDS)
    return Law(name, posterior[name].attrs["unit"], centre, spread, interval("new patient", new.values))


def _own(posterior: xr.Dataset, rows: list[Row]) -> list[str]:
    """Return the parameters that differ between patients, in order of their place in the page."""
    told: dict[str, list[float]] = {}
    for row in rows:
        told.setdefault(row.variable, []).append(row.contraction)
    names = [str(name) for name, one in posterior.data_vars.items() if "patient" in one.dims]
    names = [name for name in names if posterior[name].notnull().any(("chain", "draw")).sum() > 1]
    return sorted(names, key=lambda name: (f"{name}_mu" not in posterior, -float(np.mean(told.get(name, [0.0])))))


def _forest(posterior: xr.Dataset, name: str, laws: Sequence[Law]) -> Picture:
    """Return the patients by their median of a parameter, beside the population where there is one."""
    one = posterior[name]
    draws = one.transpose("patient", "chain", "draw").values.reshape(one.sizes["patient"], -1)
    names = [str(patient) for patient in posterior["patient"].values]
    rows = [interval(n, d) for n, d in zip(names, draws, strict=True) if np.isfinite(d).any()]
    common = [row for law in laws if law.name == name for row in (law.centre, law.new)]
    rows.sort(key=lambda row: -row.middle)
    title = f"{name} of {len(rows)} patients" + (", and their population" if common else "")
    return forest(title, rows, below=with_unit(name, one.attrs["unit"]), common=common)


def _against(tree: xr.DataTree, name: str) -> Picture:
    """Return the individuals taken together, their medians as ticks, with the population's mean, after and before, and
    what it lets expect of somebody new."""
    posterior, prior = tree["posterior"].to_dataset(), tree["prior"].to_dataset()
    draws = posterior[name].transpose("patient", "chain", "draw").values.reshape(posterior.sizes["patient"], -1)
    draws = draws[np.isfinite(draws).any(axis=1)]
    medians = np.nanmedian(draws, axis=1)
    figure, axes = panel(with_unit(name, posterior[name].attrs["unit"]), height=2.0, left=BARE)
    every, mean = draws[np.isfinite(draws)], posterior[f"{name}_mu"].values.ravel()
    before = prior[f"{name}_mu"].values.ravel()
    new = tree["new_patient"].to_dataset()[name].values.ravel()
    heights = []
    looks = (
        (before, PRIOR, "--", "mean, prior"),
        (mean, OTHER, "-", "mean, posterior"),
        (new, OTHER, ":", "new patient"),
        (every, POSTERIOR, "-", "all patients"),
    )
    for values, colour, dash, label in looks:
        grid, height = curve_of(values)
        height = height / height.max()
        axes.plot(grid, height, color=colour, linestyle=dash, linewidth=1.2, label=label)
        heights.append(height)
    axes.fill_between(grid, heights[-1], color=POSTERIOR, alpha=0.2, linewidth=0)
    axes.vlines(medians, -0.1, -0.02, color=POSTERIOR, linewidth=0.8)
    far = [np.quantile(every, (0.002, 0.998)), np.quantile(mean, (0.002, 0.998)), np.quantile(new, (0.02, 0.98))]
    ends = np.concatenate(far)
    axes.set_xlim(ends.min(), ends.max())
    axes.set_ylim(-0.12, 1.7)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.legend(loc="upper right", ncols=2, handlelength=1.4, columnspacing=0.8, borderaxespad=0.0, fontsize=7.5)
    words = (
        f"{name}: draws of all {len(draws)} patients, their medians as ticks, the population's mean and a new patient."
    )
    return picture(figure, words)


def _effects(posterior: xr.Dataset, names: Sequence[str]) -> list[Picture]:
    """Return what each covariate moves, as one forest about 0; none where there is no covariate."""
    rows = [interval(name, posterior[name].values) for name in names]
    return [forest("Effects of covariates, with 90 % intervals", rows, below="sd of the prior", at=0.0)] if rows else []


def _centres(posterior: xr.Dataset, law: Law) -> Picture | None:
    """Return where patients of each cause or group are centred, beside the mean of all; None where there are none."""
    names = [str(name) for name in posterior.data_vars if str(name).startswith(f"{law.name}_mu_")]
    said = {name: str(posterior[name].attrs.get("about", "")) for name in names}
    called = {name: words.removeprefix(AT).replace("`", "") for name, words in said.items() if words.startswith(AT)}
    rows = [interval(words, posterior[name].values) for name, words in called.items()]
    if not rows:
        return None
    title, below = f"{law.name}: centres, and the mean of all", with_unit(law.name, law.unit)
    return forest(title, rows, below=below, common=[law.centre])
