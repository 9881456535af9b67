"""What a simulation shows of what its scenario says it should."""

import numpy as np

from ..cohort.scenario import Shows
from ..errors import InputError, Problem
from .simulate import Simulation


def found(shows: Shows, simulation: Simulation) -> float:
    """Return the number that a scenario speaks of.

    Raises:
        InputError: the model has no such quantity; the hour is not among the simulated times; what is asked for does
            not happen.
    """
    for name in shows.names:
        if name not in simulation.columns:
            remedy = f"it has {', '.join(f'`{name}`' for name in simulation.columns)}"
            raise InputError([Problem("--scenario", f"the model has no quantity `{name}`", remedy=remedy)])
    time, values = simulation.time, _course(shows, simulation)
    match shows.measure:
        case "at":
            number = values[_place(time, shows.hour)]
        case "largest":
            number = values.max()
        case "smallest":
            number = values.min()
        case "mean":
            part = slice(_place(time, shows.hour), _place(time, shows.until) + 1)
            number = np.trapezoid(values[part], time[part]) / np.ptp(time[part])
        case "at_largest":
            number = values[np.argmax(simulation.columns[shows.of][1])]
        case "hour_of_largest":
            number = time[np.argmax(values)]
        case "half_life":
            largest = int(np.argmax(values))
            number = _first_below(time[largest:], values[largest:], values[largest] / 2) - time[largest]
        case "first_below":
            number = _first_below(time, values, shows.level)
        case "hours_below":
            number = float(np.sum(np.diff(time) * _share_below(values, shows.level)))
        case other:
            raise AssertionError(f"the reader let the measure `{other}` through")
    return float(number) / shows.per


def _course(shows: Shows, simulation: Simulation) -> np.ndarray:
    """Return the course of what is read [time]."""
    values = _sum((shows.quantity, *shows.plus), simulation)
    if shows.over:
        values = values / _sum(shows.over, simulation)
    start = values[_place(simulation.time, shows.since)]
    if shows.change:
        values = values - start if shows.change == "rise" else start - values
    return (values / start if shows.relative else values) + shows.offset


def _sum(names: tuple[str, ...], simulation: Simulation) -> np.ndarray:
    return np.sum([simulation.columns[name][1] for name in names], axis=0)


def _place(time: np.ndarray, hour: float | None) -> int:
    """Return where an hour is among the simulated times [h]."""
    assert hour is not None  # the reader asked for it
    place = int(np.argmin(np.abs(time - hour)))
    if abs(time[place] - hour) > 1e-6:
        message = f"{hour:g} h is not among the simulated times"
        raise InputError([Problem("--scenario", message, remedy="choose `hours` and `every` so that it is")])
    return place


def _first_below(time: np.ndarray, values: np.ndarray, level: float | None) -> float:
    """Return the first hour at which a course is below a level, straight between the simulated times."""
    assert level is not None  # the reader asked for it
    below = np.flatnonzero(values < level)
    if not below.size:
        message = f"the course stays above {level:.4g} for all of its {time[-1]:g} h"
        raise InputError([Problem("--scenario", message, remedy="lengthen `hours`")])
    i = int(below[0])
    if i == 0:
        return float(time[0])
    return float(np.interp(level, [values[i], values[i - 1]], [time[i], time[i - 1]]))


def _share_below(values: np.ndarray, level: float | None) -> np.ndarray:
    """Return the share of each interval spent below a level, straight between the simulated times."""
    assert level is not None  # the reader asked for it
    low, high = np.minimum(values[1:], values[:-1]), np.maximum(values[1:], values[:-1])
    level_between = (level - low) / np.where(high > low, high - low, 1.0)
    return np.clip(np.where(high > low, level_between, low < level), 0.0, 1.0)
