"""Contenders that take one lane at a time: a few lanes are timed, and the rest said to cost the same."""

from collections.abc import Sequence
from time import perf_counter

import jax
import numpy as np

from . import judge
from .batched import Given
from .problem import Problem
from .solved import OneAtATime
from .table import Row

TIMED, BUDGET = 16, 4.0
"""Most lanes that are timed, and the seconds after which no further lane is begun."""


def rows(problem: Problem, contenders: Sequence[OneAtATime], given: Given, counts: Sequence[int]) -> list[Row]:
    """Return the rows of every number of lanes: value only, none of them has a gradient."""
    y0, numbers = jax.jit(jax.vmap(problem.prepare))(tuple(v[:TIMED] for v in given.values))
    y0, numbers = np.asarray(y0), np.asarray(numbers)
    found = []
    for contender in contenders:
        for rtol in contender.tolerances:
            found += _of_one(problem, contender, rtol, given, y0, numbers, counts)
    return found


def _of_one(
    problem: Problem,
    contender: OneAtATime,
    rtol: float,
    given: Given,
    y0: np.ndarray,
    numbers: np.ndarray,
    counts: Sequence[int],
) -> list[Row]:
    contender.solve(y0[0], numbers[0], 1e-2)  # compiles the callback
    states, solved, steps, took = [], [], [], []
    for start, case in zip(y0, numbers, strict=True):
        begun = perf_counter()
        y, ok, count = contender.solve(start, case, rtol)
        took.append(perf_counter() - begun)
        whole = np.full((len(problem.times), len(start)), np.nan)
        whole[: len(y)] = y
        states.append(whole)
        solved.append(ok)
        steps += [count] if count else []
        if sum(took) > BUDGET:
            break
    told = judge.of_states(np.stack(states), np.array(solved), given.exact, given.chart)
    told |= judge.of_steps(steps) if steps else {}
    note = f"no gradient; the mean of {len(took)} lanes one by one stands for all"
    row = Row(problem.name, given.spread, 0, contender.name, rtol, 1e6 * float(np.mean(took)), value_runs=1, **told)
    return [row._replace(lanes=lanes, note=note) for lanes in counts]
