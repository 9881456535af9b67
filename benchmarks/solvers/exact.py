"""Courses that the contenders are judged against."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from cls_infer.solve.tsit5 import TSIT5

from . import ours
from .one_lane import callbacks, radau
from .ours import by_machine
from .problem import Problem
from .solved import Solved

TIGHT, MOST_STEPS = 1e-10, 300_000
MANY, FEW, CHECKED = 1024, 32, 4
"""Lanes judged: where the explicit method can follow, and where Radau goes one by one; and lanes that both follow."""


class Exact(NamedTuple):
    """States [lane, stop, state], which lanes have them, and how far two methods differ on the first lanes."""

    states: np.ndarray
    ok: np.ndarray
    agreement: float


def explicit(problem: Problem) -> Callable[..., Solved]:
    """Return this package's Tsit5 at the tight tolerance, for many lanes."""
    return jax.jit(by_machine(problem, TSIT5, ours.tolerance_of(problem, TIGHT)._replace(max_steps=MOST_STEPS)))


def exact_of(problem: Problem, values: tuple, follow: Callable[..., Solved]) -> Exact:
    """Return the courses of the lanes judged, at a tolerance of 1e-10.

    Those of bodies are by `follow`, checked by SciPy's Radau on a few lanes; those of stiff equations by Radau alone,
    checked by itself at ten times the tolerance.
    """
    if problem.stiff:
        some = tuple(v[:FEW] for v in values)
        states, ok = _by_radau(problem, some, TIGHT)
        looser, _ = _by_radau(problem, tuple(v[:CHECKED] for v in some), 10 * TIGHT)
        return Exact(states, ok, worst(looser, states[:CHECKED], ok[:CHECKED]))
    some = tuple(v[:MANY] for v in values)
    states, ok, _ = follow(some, TIGHT)
    states, ok = np.asarray(states), np.asarray(ok) & np.isfinite(states).all((1, 2))
    first = tuple(v[:CHECKED] for v in some)
    other, there = _by_radau(problem, first, TIGHT)
    return Exact(states, ok, worst(other, states[:CHECKED], ok[:CHECKED] & there))


def _by_radau(problem: Problem, values: tuple, rtol: float) -> tuple[np.ndarray, np.ndarray]:
    solve = radau(problem, *callbacks(problem))
    y0, numbers = jax.jit(jax.vmap(problem.prepare))(values)
    shape = (len(y0), len(problem.times), y0.shape[1])
    states, ok = np.full(shape, np.nan), np.zeros(len(y0), bool)
    for i in np.flatnonzero(np.isfinite(y0).all(1)):
        found, solved, _ = solve(y0[i], numbers[i], rtol)
        if solved and found.shape == shape[1:] and np.isfinite(found).all():
            states[i], ok[i] = found, True
    return states, ok


def errors(states: Any, exact: np.ndarray) -> np.ndarray:
    """Return each lane's largest error, relative to the value or to a hundredth of the state's largest [lane]."""
    largest = np.max(np.abs(exact), axis=1, keepdims=True)
    scale = np.maximum(np.abs(exact), 0.01 * largest) + 1e-300
    return np.max(np.abs(np.asarray(states) - exact) / scale, axis=(1, 2))


def worst(states: Any, exact: np.ndarray, judged: np.ndarray) -> float:
    """Return the largest error of the lanes judged; not a number where there is none."""
    return float(np.max(errors(states[judged], exact[judged]))) if judged.any() else float("nan")
