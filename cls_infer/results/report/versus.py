"""This run beside others of the same measurements: what they predict, and what they say of the same numbers."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..compare import Comparison, compare
from ..diagnose import entries
from ..fitted import Fit
from .course import with_unit
from .forest import Interval, forest, interval
from .parameters import NINETY
from .picture import NARROW, Picture

HERE = "this run"
MOST = 12
"""Numbers that are put beside each other."""


@dataclass(frozen=True)
class Versus:
    """What leaving out one measurement at a time says of the runs, with pictures; `others` are numbers not shown."""

    comparison: Comparison
    better: Picture
    numbers: list[Picture]
    others: int


def versus(fit: Fit, against: Mapping[str, Fit]) -> Versus | None:
    """Return the comparison with other runs, None where there are none.

    Raises:
        InputError: the runs were not fitted to the same measurements.
    """
    if not against:
        return None
    runs = {HERE: fit, **against}
    found = compare(runs)
    shared = shared_numbers([one.tree for one in runs.values()])
    pictures = [_number(runs, label) for label in shared[:MOST]]
    return Versus(found, _better(found), pictures, max(len(shared) - MOST, 0))


def _better(found: Comparison) -> Picture:
    """Return how much worse than the best each run predicts."""
    rows = []
    for one in found.runs:
        half = NINETY * one.difference_se if np.isfinite(one.difference_se) else 0.0
        rows.append(Interval(f"{one.run}", one.difference - half, one.difference, one.difference + half))
    return forest("Predictive density less that of the best run", rows, below="elpd difference [nat]", at=0.0)


def shared_numbers(trees: list[xr.DataTree]) -> list[str]:
    """Return the estimated numbers that every run has, in the order of the first; those of no one patient first."""
    by_run = [{label for label, _, _ in entries(tree["posterior"].to_dataset())} for tree in trees]
    first = [label for label, _, _ in entries(trees[0]["posterior"].to_dataset())]
    shared = [label for label in first if all(label in labels for labels in by_run)]
    return sorted(shared, key=lambda label: label.endswith("]"))


def _number(runs: Mapping[str, Fit], label: str) -> Picture:
    rows, unit = [], ""
    for run, fit in runs.items():
        posterior = fit.tree["posterior"].to_dataset()
        name, place = next((name, place) for known, name, place in entries(posterior) if known == label)
        rows.append(interval(run, posterior[name].sel(place).values))
        unit = posterior[name].attrs["unit"]
    return forest(label, rows, below=with_unit(label.partition("[")[0], unit), width=NARROW)
