"""Draws as a tidy table: one row, one number."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import xarray as xr

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from ..printable import cell

BY_DRAW = ("chain", "draw")


def write_draws(tree: xr.DataTree, group: str, path: Path) -> int:
    """Write the draws of one group as CSV and return how many rows that are.

    Columns: `name`, `unit`, the other dimensions that any variable of the group has (`patient`, `assay`, ...), `chain`,
    `draw`, `value`. What is NaN, as a parameter of a patient in whom it was known, has no row.

    Raises:
        InputError: the tree has no such group of draws.
    """
    dataset = _dataset(tree, group)
    others = list(dict.fromkeys(str(d) for v in dataset.values() for d in v.dims if d not in BY_DRAW))
    rows = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["name", "unit", *others, *BY_DRAW, "value"])
        for name, variable in dataset.items():
            for row in _rows(str(name), variable, others):
                out.writerow(row)
                rows += 1
    return rows


def _dataset(tree: xr.DataTree, group: str) -> xr.Dataset:
    """Return the variables of a group that have draws."""
    drawn = {name: found for name, node in tree.children.items() if (found := _drawn(node.to_dataset()))}
    if group not in drawn:
        raise InputError(
            [Problem("--group", f"the run has no draws `{group}`", remedy=did_you_mean(group, map(str, drawn)))]
        )
    return drawn[group]


def _drawn(dataset: xr.Dataset) -> xr.Dataset:
    return dataset[[name for name, variable in dataset.items() if set(BY_DRAW) <= set(variable.dims)]]


def _rows(name: str, variable: xr.DataArray, others: list[str]) -> Iterator[list[object]]:
    """Yield the rows of one variable, patient by patient, chain by chain."""
    own = [dim for dim in others if dim in variable.dims]
    values = variable.transpose(*own, *BY_DRAW).values
    labels = [_labels(variable, dim) for dim in (*own, *BY_DRAW)]
    unit = variable.attrs.get("unit", "")
    for place in np.ndindex(*values.shape):
        value = values[place]
        if isinstance(value, np.floating) and np.isnan(value):
            continue
        at = dict(zip((*own, *BY_DRAW), (label[i] for label, i in zip(labels, place, strict=True)), strict=True))
        yield [name, unit, *(at.get(dim, "") for dim in (*others, *BY_DRAW)), value.item()]


def _labels(variable: xr.DataArray, dim: str) -> list[object]:
    """Return what each place along a dimension is called: its coordinate, else its number from 0."""
    if dim in variable.coords:
        return [cell(label) if isinstance(label, str) else label for label in variable[dim].values.tolist()]
    return list(range(variable.sizes[dim]))
