"""A function of one draw, applied to many: compiled once, so many lanes at a time."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

type Pending[Result] = Callable[[], Result]
"""Work already traced, and done when called: compiling and running leave Python free for what goes on beside it,
while two programs traced beside one another take longer than one after the other."""


def trace_over_draws(
    fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256
) -> Pending[Any]:
    """Return what compiles `fun` and applies it to every draw z [draw, dim]: NumPy arrays, stacked along a first axis.

    Args:
        fun: takes one z [dim], returns a pytree of arrays.
        z: the draws.
        patients: lanes that one draw takes.
        lanes: lanes to solve together; bounds the memory.
    """
    size = min(len(z), max(1, lanes // patients))
    traced = jax.jit(jax.vmap(fun)).lower(jax.ShapeDtypeStruct((size, *z.shape[1:]), z.dtype))

    def over_all() -> Any:
        run = traced.compile()
        pieces = []  # of one shape, so that one program serves them all
        for begin in range(0, len(z), size):
            batch = z[begin : begin + size]
            full = np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
            pieces.append(jax.tree.map(np.asarray, run(full)))
        return jax.tree.map(lambda *a: np.concatenate(a)[: len(z)], *pieces)

    return over_all


def over_draws(fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256) -> Any:
    """Return `fun` of every draw at once, as `trace_over_draws` describes it."""
    return trace_over_draws(fun, z, patients=patients, lanes=lanes)()
