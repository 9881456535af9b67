"""Seconds: of compiling, of one awaited run, and medians of runs that take turns."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import jax


class Compiled(NamedTuple):
    """A program ready to run, and the seconds that tracing and compiling it took."""

    run: Callable[..., Any]
    trace: float
    compile: float


class Timed(NamedTuple):
    """Median seconds of a run, and of how many runs."""

    seconds: float
    runs: int


def compiled(fun: Callable[..., Any], *given: Any) -> Compiled:
    """Return a function compiled for arguments like these. What is written in machine code counts as tracing."""
    begun = perf_counter()
    lowered = jax.jit(fun).trace(*given).lower()
    traced = perf_counter()
    return Compiled(lowered.compile(), traced - begun, perf_counter() - traced)


def awaited(run: Callable[..., Any], *given: Any) -> tuple[float, Any]:
    """Return the seconds until the result is there, and the result."""
    begun = perf_counter()
    result = jax.block_until_ready(run(*given))
    return perf_counter() - begun, result


def in_turns[K](
    jobs: Mapping[K, tuple[Callable[..., Any], Sequence[Any]]], *, rounds: int, budget: float
) -> dict[K, Timed]:
    """Return the median of each job's runs, one run of each in turn so that a slow minute hits all alike.

    Args:
        jobs: function and arguments, by key; each has run once before.
        rounds: most runs of a job.
        budget: a job that has taken so many seconds takes no more turns.
    """
    taken: dict[K, list[float]] = {key: [] for key in jobs}
    for _ in range(rounds):
        for key, (run, given) in jobs.items():
            if sum(taken[key]) < budget:
                taken[key].append(awaited(run, *given)[0])
    return {key: Timed(median(times), len(times)) for key, times in taken.items()}
