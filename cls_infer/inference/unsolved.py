"""Patients whom no start of a search can solve, in words: how far a course got, and which parameter mends it."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import Problem
from ..likelihood.posterior import Posterior
from ..solve.lanes import NO_HEALTH, OK, STATUS_WORDS
from ..solve.predict import along_route
from ..solve.states import forward_solver

REMEDY = (
    "compare the chart with `cls-infer simulate`: a volume or a rate is likely charted in the wrong unit; or leave the "
    "patient out"
)


def unsolved(target: Posterior, patients: Sequence[int], tried: np.ndarray) -> list[Problem]:
    """Return what keeps each of these patients from being solved: status, measurement not reached, what mends it.

    Args:
        target: the fit's target.
        patients: their places in the cohort.
        tried: coordinates from which none could be solved [patient, point, slot], the first about the prior's median.
            A parameter mends it that does so when it alone moves by one prior sd from there.
    """
    slots, starts = target.pooling.slots, tried.shape[1]
    free = [place for place, slot in enumerate(slots) if slot.size]
    step = np.eye(len(slots))[free]
    points = np.concatenate([tried, tried[:, :1] + np.concatenate([step, -step])], axis=1)  # [patient, point, slot]
    of = np.repeat(np.asarray(patients), points.shape[1])
    states, status = _courses(target, points.reshape(-1, len(slots)), of)
    reached = _last_reached(states).reshape(points.shape[:2])
    status = status.reshape(points.shape[:2])
    mends = [[slots[free[i % len(free)]].name for i in np.flatnonzero(row == 0)] for row in status[:, starts:]]
    return [
        Problem(
            f"patient `{target.plan.patients[patient]}`",
            _found(target, patient, status[row, :starts], reached[row, :starts]),
            remedy=f"{_mended(mends[row])}; {REMEDY}",
        )
        for row, patient in enumerate(patients)
    ]


def _found(target: Posterior, patient: int, status: np.ndarray, reached: np.ndarray) -> str:
    """Say what ended a patient's courses [start], and which measurement the longest does not pass."""
    starts = f"from any of {len(status)} starts about" if len(status) > 1 else "at"
    words = ", ".join(sorted({STATUS_WORDS[int(code)] for code in status if code})) or "a likelihood that is not finite"
    longest = int(np.argmax(reached))
    course = "" if status[longest] in (OK, NO_HEALTH) else f"; {_where(target, patient, int(reached[longest]))}"
    return f"cannot be solved {starts} the prior's median: {words}{course}"


def _mended(parameters: Sequence[str]) -> str:
    return f"moving `{parameters[0]}` by one prior sd mends it" if parameters else "no single parameter mends it"


def _courses(target: Posterior, coordinates: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the states [lane, stop + 1, state] and the status [lane] of patients `of` [lane]."""
    system = target.system
    solve = forward_solver(system.rhs, system.floor, target.tolerance)

    def run(coordinates: jax.Array) -> tuple[jax.Array, jax.Array]:
        along = along_route(system, solve, *target.pooling.values_of(coordinates, of), target.seen(of)[0])
        return along.y, along.status

    states, status = jax.jit(run)(jnp.asarray(coordinates))
    return np.asarray(states), np.asarray(status)


def _last_reached(states: np.ndarray) -> np.ndarray:
    """Return the last stop each failed lane is known to have passed [lane].

    Stops it did not reach hold the states of where it ended, which may itself be a stop.
    """
    same = np.all(states == states[:, -1:], axis=2)
    return np.argmax(same, axis=1) - 1


def _where(target: Posterior, patient: int, reached: int) -> str:
    """Say which measurement is the first that the course which got furthest does not pass."""
    chart = target.plan.chart
    missed = np.flatnonzero(chart.mask[patient] & (chart.stop[patient].max(axis=-1) > reached))
    if not len(missed):
        return "it passes every measurement"
    first = missed[np.argmin(chart.time[patient][missed])]
    variable = list(target.model.observables)[chart.variable[patient, first]]
    row = f" (row {chart.row[patient, first]})" if chart.row[patient, first] else ""
    return (
        f"the longest course ends at or before `{variable}` {chart.value[patient, first]:.3g} at "
        f"{chart.time[patient, first]:g} h{row}"
    )
