"""How right a contender was: against exact courses, in nats, in steps."""

from typing import Any

import numpy as np

from .exact import Exact, errors
from .problem import Chart, log_likelihood


def of_states(states: Any, ok: Any, exact: Exact, chart: Chart) -> dict[str, float | int]:
    """Return how many lanes were judged, how many of those failed, and the errors of the others.

    Args:
        states: of lanes from the first on [lane, stop, state].
        ok: which the contender says it solved [lane].
        exact: of the lanes judged, which may be more or fewer.
        chart: of as many lanes as `states`, or more.
    """
    count = min(len(states), len(exact.states))
    states, ok, truth, known = (
        np.asarray(states)[:count],
        np.asarray(ok)[:count],
        exact.states[:count],
        exact.ok[:count],
    )
    solved = known & ok & np.isfinite(states).all((1, 2))
    found: dict[str, float | int] = {"judged": int(known.sum()), "failed": int((known & ~solved).sum())}
    if solved.any():
        some = Chart(chart.state, chart.seen[:count], chart.sd[:count])
        off = np.asarray(log_likelihood(states, some) - log_likelihood(truth, some))
        nats = np.abs(off[solved])
        found["worst_error"] = float(np.max(errors(states[solved], truth[solved])))
        found |= {"median_nats": float(np.median(nats)), "worst_nats": float(np.max(nats))}
    return found


def of_gradient(gradient: tuple, exact: np.ndarray, ok: np.ndarray) -> dict[str, float]:
    """Return the largest error of a gradient [value][lane] against an exact one [value, lane] of the lanes `ok`.

    Relative to the lane's largest partial derivative in units of the value, the natural scale of a logarithm.
    """
    count = min(exact.shape[1], len(gradient[0]))
    here, true, good = np.stack([np.asarray(g) for g in gradient])[:, :count], exact[:, :count], ok[:count]
    good = good & np.isfinite(here).all(0) & np.isfinite(true).all(0)
    if not good.any():
        return {}
    scale = np.max(np.abs(true), axis=0) + 1e-300
    return {"gradient_error": float(np.max((np.max(np.abs(here - true), axis=0) / scale)[good]))}


def of_steps(steps: Any) -> dict[str, float]:
    """Return the median, 99th percentile and largest number of steps of a lane."""
    p50, p99 = np.percentile(np.asarray(steps), (50, 99))
    return {"steps_p50": float(p50), "steps_p99": float(p99), "steps_max": float(np.max(steps))}
