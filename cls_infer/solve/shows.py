"""What a simulation shows of what its scenario says it should."""

import numpy as np

from ..cohort.scenario import Shows
from ..errors import InputError, Problem
from .simulate import Simulation


def found(shows: Shows, simulation: Simulation) -> float:
    """Return the number that a scenario speaks of.

    Raises:
        InputError: the model has no such quantity; the hour is not among the simulated times.
    """
    if shows.quantity not in simulation.columns:
        remedy = f"it has {', '.join(f'`{name}`' for name in simulation.columns)}"
        raise InputError([Problem("--scenario", f"the model has no quantity `{shows.quantity}`", remedy=remedy)])
    _, values = simulation.columns[shows.quantity]
    if shows.relative:
        values = values / values[0]
    if shows.measure != "at":
        return float(values.max() if shows.measure == "largest" else values.min())
    assert shows.hour is not None  # the reader asked for it
    place = int(np.argmin(np.abs(simulation.time - shows.hour)))
    if abs(simulation.time[place] - shows.hour) > 1e-6:
        message = f"{shows.hour:g} h is not among the simulated times"
        raise InputError([Problem("--scenario", message, remedy="choose `hours` and `every` so that it is")])
    return float(values[place])
