"""A function of one draw, applied to many: compiled once, so many lanes at a time."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def over_draws(fun: Callable[[jax.Array], Any], z: np.ndarray, *, patients: int, lanes: int = 256) -> Any:
    """Return `fun` of every draw z [draw, dim], stacked along a first axis, as NumPy arrays.

    Args:
        fun: takes one z [dim], returns a pytree of arrays.
        z: the draws.
        patients: lanes that one draw takes.
        lanes: lanes to solve together; bounds the memory.
    """
    size = min(len(z), max(1, lanes // patients))
    run = jax.jit(jax.vmap(fun))
    pieces = []  # of one shape, so that one program serves them all
    for begin in range(0, len(z), size):
        batch = z[begin : begin + size]
        full = np.concatenate([batch, np.repeat(batch[-1:], size - len(batch), axis=0)])
        pieces.append(jax.tree.map(np.asarray, run(jnp.asarray(full))))
    return jax.tree.map(lambda *a: np.concatenate(a)[: len(z)], *pieces)
