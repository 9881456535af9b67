"""Fits of the same measurements side by side: predictive density, stacking weights, evidence."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import xarray as xr
from arviz_stats.loo.compare import compare as arviz_compare
from arviz_stats.utils import ELPDDataLOO

from ..errors import InputError, Problem
from .fitted import Fit
from .loo import By, Elpd, leave_one_out, measurements

FEW = 100
"""With fewer units the normal approximation of a difference is rough (Sivula et al. 2025, arXiv:2008.10296)."""

ALIKE = 4.0
"""Models that differ by less predict alike, whatever the standard error (the same)."""

NAMED = 5
"""So many places are named in a message, the others counted."""


@dataclass(frozen=True)
class Place:
    """One run among those compared.

    `difference` is to the best one and 0 or less, with its standard error, NaN where there is one unit; `weight` is the
    stacking weight; `unreliable` holds the units whose Pareto k-hat is above `good_khat`. `log_bayes_factor` is
    against the run of the largest evidence; it and the evidence are NaN where a method gives none, with the reason
    in `no_evidence`. `cautions` are sentences.
    """

    run: str
    model: str
    elpd: float
    se: float
    p: float
    difference: float
    difference_se: float
    weight: float
    khat_max: float
    good_khat: float
    unreliable: tuple[tuple[str, float], ...]
    log_evidence: float
    log_evidence_se: float
    log_bayes_factor: float
    no_evidence: str
    cautions: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """The runs, the best first; `units` were left out one at a time."""

    by: By
    units: int
    runs: tuple[Place, ...]
    cautions: tuple[str, ...]

    @property
    def trusted(self) -> bool:
        """Whether importance sampling held for every unit of every run."""
        return not any(run.unreliable for run in self.runs)


def compare(fits: Mapping[str, Fit], *, by: By = "observation") -> Comparison:
    """Return the runs in order of their expected log predictive density.

    Args:
        fits: at least one, by name.
        by: whether one measurement is left out at a time, or all of one patient.

    Raises:
        InputError: the runs were not fitted to the same measurements; names what differs.
    """
    trees = {name: fit.tree for name, fit in fits.items()}
    check_same_measurements(trees)
    found = {name: leave_one_out(tree, by) for name, tree in trees.items()}
    table = _table(found)
    evidence = {name: float(tree.attrs.get("log_evidence", nan)) for name, tree in trees.items()}
    places = [_place(name, fit, found[name], table[name], evidence) for name, fit in fits.items()]
    units = len(next(iter(found.values())).units)
    order = sorted(places, key=lambda one: -one.elpd)
    return Comparison(by, units, tuple(order), tuple(_cautions(trees, by, units, order)))


def check_same_measurements(trees: Mapping[str, xr.DataTree]) -> None:
    """Refuse runs of different measurements: their densities are of different things.

    Raises:
        InputError: names, run by run, what it lacks, has beyond the first run, or has with another value.
    """
    first, *others = trees
    known = _rows(trees[first])
    problems = []
    for name in others:
        rows = _rows(trees[name])
        lacking, beyond = ([key for key in a if key not in b] for a, b in ((known, rows), (rows, known)))
        other = [key for key in known if key in rows and known[key] != rows[key]]
        differs = {"lacks": lacking, "has besides": beyond, "has another value, time or unit of": other}
        said = [f"it {word} {_named(keys)}" for word, keys in differs.items() if keys]
        if said:
            message = f"was not fitted to the measurements of `{first}`: {'; '.join(said)}"
            remedy = "compare fits of the same rows: leave out of the data set what one of the models cannot predict"
            problems.append(Problem(name, message, remedy=remedy))
    if problems:
        raise InputError(problems)


def _rows(tree: xr.DataTree) -> dict[tuple[str, int, str], tuple]:
    observed = tree["observed_data"].to_dataset()
    columns = [observed[name].values.ravel() for name in ("measurement", "time", "censoring", "time_sd", "extra_sd")]
    units = observed["unit"].values.ravel()
    return {key: (*(float(one[at]) for one in columns), str(units[at])) for key, at in measurements(tree).items()}


def _named(keys: list[tuple[str, int, str]]) -> str:
    """Return the first of some rows and how many there are more."""
    shown = [f"`{variable}` of `{patient}` (row {row})" for patient, row, variable in keys[:NAMED]]
    return ", ".join(shown) + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")


def _table(found: Mapping[str, Elpd]) -> dict[str, tuple[float, float, float]]:
    """Return difference to the best, its standard error and the stacking weight of each run.

    What all models lack in a unit is taken off first: it changes none of the three, and keeps the optimiser from
    densities below the smallest number.
    """
    if len(found) == 1:
        return dict.fromkeys(found, (0.0, nan, 1.0))
    best = np.max([one.each for one in found.values()], axis=0)
    lifted = {name: _for_arviz(one, best) for name, one in found.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = arviz_compare(lifted, method="stacking", round_to="none")
    if len(best) == 1:
        table["dse"] = nan
    return {str(name): (row["elpd_diff"], row["dse"], row["weight"]) for name, row in table.iterrows()}


def _for_arviz(one: Elpd, best: np.ndarray) -> ELPDDataLOO:
    """Return a run's leaving out as ArviZ's own, relative to the best of all runs [unit]."""
    return ELPDDataLOO(
        elpd=one.total,
        se=one.se,
        p=one.p,
        n_samples=one.draws,
        n_data_points=len(best),
        scale="log",
        warning=False,
        good_k=one.good_khat,
        elpd_i=xr.DataArray(one.each - best, dims="unit"),
        pareto_k=xr.DataArray(one.khat, dims="unit"),
    )


def _place(name: str, fit: Fit, one: Elpd, row: tuple[float, float, float], evidence: Mapping[str, float]) -> Place:
    attrs = fit.tree.attrs
    difference, difference_se, weight = map(float, row)
    largest = max((number for number in evidence.values() if np.isfinite(number)), default=nan)
    known = np.isfinite(evidence[name])
    return Place(
        run=name,
        model=attrs["model"],
        elpd=one.total,
        se=one.se,
        p=one.p,
        difference=difference,
        difference_se=difference_se if difference else nan,
        weight=weight,
        khat_max=float(np.max(one.khat)),
        good_khat=one.good_khat,
        unreliable=tuple(one.unreliable),
        log_evidence=evidence[name],
        log_evidence_se=float(attrs.get("log_evidence_se", nan)) if known else nan,
        log_bayes_factor=evidence[name] - largest,
        no_evidence="" if known else f"fitted by {attrs['method']}, which estimates no evidence",
        cautions=tuple(_of_run(fit, one)),
    )


def _of_run(fit: Fit, one: Elpd) -> list[str]:
    """Return what to hold against a run."""
    said = []
    if not fit.verdict.numbers["complete"]:
        said.append("its sampling was interrupted: it holds fewer draws than were asked for")
    if not fit.verdict.ok:
        said.append(f"its verdict is not met: {fit.verdict.unmet[0]}")
    if one.dropped:
        said.append(f"{one.dropped} draws with a failed solve were left out; {one.draws} remain")
    if one.unreliable:
        shown = [f"{unit}, {khat:.2f}" for unit, khat in one.unreliable[:NAMED]]
        more = f"; and {len(one.unreliable) - NAMED} more" if len(one.unreliable) > NAMED else ""
        said.append(
            f"its elpd is not to be trusted: Pareto k-hat is above {one.good_khat:.2f} for "
            f"{len(one.unreliable)} of {len(one.units)}: {'; '.join(shown)}{more}. Fit without these to know"
        )
    return said


def _cautions(trees: Mapping[str, xr.DataTree], by: By, units: int, order: list[Place]) -> list[str]:
    """Return what to hold against the whole comparison."""
    said = []
    if by == "patient" and units == 1:
        said.append("one patient: to leave it out leaves the prior alone, so that elpd estimates the log evidence")
    if len(trees) == 1:
        return said
    if len({tree.attrs["cohort_digest"] for tree in trees.values()}) > 1:
        said.append("the measurements are the same, but the tables are not: therapy or patients differ")
    if units < FEW:
        said.append(f"{units} units: with fewer than {FEW} the standard error of a difference is rough and mostly low")
    alike = [one.run for one in order[1:] if abs(one.difference) < ALIKE]
    if alike:
        named = ", ".join(f"`{name}`" for name in (order[0].run, *alike))
        said.append(f"{named} predict alike: they are less than {ALIKE:g} apart")
    return said
