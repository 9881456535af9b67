"""All runs that one model is compared by, simulated in one batch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..cohort.scenario import Scenario
from ..errors import InputError, Problem
from ..model import Model
from ..solve.simulate import Run, Simulation, regular_times, simulate_together


def simulations_of(
    model: Model, runs: Mapping[str, Scenario], hours: Mapping[str, Sequence[float]]
) -> dict[str, Simulation]:
    """Return the simulation of each run, by name, with the model's states among its columns.

    Args:
        model: the model.
        runs: what to simulate; each starts in health at time 0.
        hours: of each run, times [h] to stop at beside its regular ones.

    Raises:
        InputError: a run cannot be solved.
    """
    asked = [
        Run(np.unique([*regular_times(run.hours, run.every), *hours[name]]), run.changes, run.therapy)
        for name, run in runs.items()
    ]
    found = dict(zip(runs, simulate_together(model, asked), strict=True))
    problems = [
        Problem(name, f"`{model.name}` cannot be solved: {one.status}", remedy="change less")
        for name, one in found.items()
        if not one.ok
    ]
    if problems:
        raise InputError(problems)
    # an observable takes the place of a state of the same name
    return {n: replace(s, columns=s.states | s.columns) for n, s in found.items()}
