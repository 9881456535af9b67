"""A function of one draw, applied to many: compiled once, so many lanes at a time."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

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
    size = min(len(z), max(1, lanes // patients))
    traced = jax.jit(jax.vmap(fun)).lower(jax.ShapeDtypeStruct((size, *z.shape[1:]), z.dtype))

    def in_batches() -> Batches:
        run = traced.compile()
        for begin in range(0, len(z), size):
            batch = z[begin : begin + size]  # filled up to one shape, so that one program serves them all
            full = np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
            found = jax.tree.map(lambda a: np.asarray(a)[: len(batch)], run(full))  # noqa: B023 - called at once
            yield slice(begin, begin + len(batch)), found

    return in_batches


def trace_over_draws(
    fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256
) -> Pending[Any]:
    """Return what does the same to every draw and gives the arrays of all, stacked along a first axis; beside these no
    more is held than of one batch."""
    batches = trace_in_batches(fun, z, patients=patients, lanes=lanes)

    def over_all() -> Any:
        every: Any = None
        for rows, found in batches():
            if every is None:
                every = jax.tree.map(lambda a: np.empty((len(z), *a.shape[1:]), a.dtype), found)
            jax.tree.map(lambda whole, part: whole.__setitem__(rows, part), every, found)  # noqa: B023 - called at once
        return every

    return over_all


def over_draws(fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256) -> Any:
    """Return `fun` of every draw at once, as `trace_over_draws` describes it."""
    return trace_over_draws(fun, z, patients=patients, lanes=lanes)()
