"""A quantity of every patient of a cohort, a shard at a time: a parameter, or the largest or last value of a course."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from .run import CohortRun

GROUPS = ("posterior", "extremes")


class Drawn(NamedTuple):
    """Draws [draw, patient] of a quantity of some patients, NaN where a solve failed; its unit."""

    patients: tuple[str, ...]
    values: np.ndarray
    unit: str


def check_quantities(run: CohortRun, asked: Sequence[str]) -> None:
    """Refuse quantities that no patient has.

    Raises:
        InputError: names each, with the nearest there is; the run holds nobody yet.
    """
    known = quantities(run)
    if not known:
        remedy = "let the fit go on until a shard is done"
        raise InputError([Problem(str(run.folder), "holds no patient who was fitted", remedy=remedy)])
    problems = [
        Problem("quantity", f"no patient has `{name}`", remedy=did_you_mean(name, known))
        for name in asked
        if name not in known
    ]
    if problems:
        raise InputError(problems)


def quantities(run: CohortRun) -> dict[str, str]:
    """Return the units of all quantities by name: parameters, then largest and last values."""
    found: dict[str, str] = {}
    for group in GROUPS:
        for shard in run.groups(group):
            found |= {str(name): str(one.attrs.get("unit", "")) for name, one in shard.data_vars.items()}
    return found


def parameters(run: CohortRun) -> list[str]:
    """Return the parameters that were estimated of anybody."""
    return sorted({str(name) for group in run.groups("posterior") for name in group.data_vars})


def drawn(run: CohortRun, quantity: str) -> Iterator[Drawn]:
    """Yield a quantity shard by shard: those patients in whom it was estimated."""
    for shard in run.done.shards:
        for group in GROUPS:
            dataset = run.group(shard, group)
            if quantity in dataset:
                one = dataset[quantity].transpose("chain", "draw", "patient")
                values = one.values.reshape(-1, one.sizes["patient"])
                there = np.isfinite(values).any(axis=0)
                names = tuple(str(name) for name, has in zip(one["patient"].values, there, strict=True) if has)
                if names:
                    yield Drawn(names, values[:, there], str(one.attrs.get("unit", "")))
                break


def covariates(run: CohortRun) -> Iterator[dict[str, dict[str, float | str]]]:
    """Yield what is charted of the patients of each shard, by name."""
    for shard in run.done.shards:
        patients = json.loads(run.group(shard, "inputs").attrs["patients"])
        yield {str(one["name"]): dict(one["covariates"]) for one in patients}


def evenly_drawn(values: np.ndarray, draws: int) -> np.ndarray:
    """Return so many draws of each patient [draw, patient], evenly from all."""
    return values[np.linspace(0, len(values) - 1, draws).astype(int)]
