"""A function of one draw, applied to many: compiled once, so many lanes at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from ..solve.longer import longer

type Pending[Result] = Callable[[], Result]
"""Work already traced, and done when called: compiling and running leave Python free for what goes on beside it,
while two programs traced beside one another take longer than one after the other."""

type Batches = Iterator[tuple[slice, Any]]
"""Which draws, and what a function gives of them as NumPy arrays, stacked along a first axis."""


def trace_in_batches(
    fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256
) -> Pending[Batches]:
    """Return what compiles `fun` and applies it to draws z [draw, dim], so many at a time: yields which, and what it
    gives of them as NumPy arrays, stacked along a first axis.

    Args:
        fun: takes one z [dim], returns a pytree of arrays.
        z: the draws.
        patients: lanes that one draw takes.
        lanes: lanes to solve together; bounds the memory.
    """
    size = batch_size(z, patients=patients, lanes=lanes)
    traced = jax.jit(jax.vmap(fun)).lower(jax.ShapeDtypeStruct((size, *z.shape[1:]), z.dtype))
    return lambda: in_batches(traced.compile(), z, size)


def batch_size(z: np.ndarray, *, patients: int, lanes: int) -> int:
    """Return how many draws to take at a time, of so many patients each, to have so many lanes."""
    return min(len(z), max(1, lanes // patients))


def in_batches(run: Callable[[np.ndarray], Any], z: np.ndarray, size: int) -> Batches:
    """Yield which draws of z [draw, dim], and what `run` gives of them; it takes exactly `size` of them [draw, dim]."""
    for begin in range(0, len(z), size):
        batch = z[begin : begin + size]  # filled up to one shape, so that one program serves them all
        found = jax.tree.map(lambda a: np.asarray(a)[: len(batch)], run(longer(batch, size)))  # noqa: B023 - called at once
        yield slice(begin, begin + len(batch)), found


def gathered(batches: Batches, draws: int) -> Any:
    """Return the arrays of all draws, stacked along a first axis; beside these no more is held than of one batch."""
    every: Any = None
    for rows, found in batches:
        if every is None:
            every = jax.tree.map(lambda a: np.empty((draws, *a.shape[1:]), a.dtype), found)
        jax.tree.map(lambda whole, part: whole.__setitem__(rows, part), every, found)  # noqa: B023 - called at once
    return every


def trace_over_draws(
    fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256
) -> Pending[Any]:
    """Return what does the same to every draw and gives the arrays of all, stacked along a first axis."""
    batches = trace_in_batches(fun, z, patients=patients, lanes=lanes)
    return lambda: gathered(batches(), len(z))


def over_draws(fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256) -> Any:
    """Return `fun` of every draw at once, as `trace_over_draws` describes it."""
    return trace_over_draws(fun, z, patients=patients, lanes=lanes)()
