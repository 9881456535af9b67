"""A kernel run over all blocks of lanes: arrays [lane, ...] laid out as tables [row, lane], padded to whole blocks."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.experimental import pallas
from jax.experimental.pallas import triton

from .vectors import LANES


def laid(array: Any) -> jax.Array:
    """Return an array [lane, ...] as a table [row, lane]; one of no rows has a row of noughts."""
    flat = array.reshape(array.shape[0], -1).astype(jnp.float64)
    return flat.T if flat.shape[1] else jnp.zeros((1, len(flat)))


def taken_back(table: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """Return a table [row, lane] as an array [lane, *shape]."""
    return table[: math.prod(shape)].T.reshape(table.shape[1], *shape)


def run(
    kernel: Callable[..., None], tables: Sequence[jax.Array], rows: Sequence[int], *, interpret: bool
) -> list[jax.Array]:
    """Return the tables that a kernel writes, of so many rows each.

    Args:
        kernel: takes references to the tables of one block, those it reads and those it writes.
        tables: what it reads [row, lane].
        rows: how many rows each table has that it writes.
        interpret: run the kernel as a plain program on whatever device there is.
    """
    lanes = tables[0].shape[1]
    whole = -(-lanes // LANES) * LANES
    padded = [jnp.pad(table, ((0, 0), (0, whole - lanes)), mode="edge") for table in tables]
    written = pallas.pallas_call(
        kernel,
        out_shape=[jax.ShapeDtypeStruct((n, whole), jnp.float64) for n in rows],
        grid=(whole // LANES,),
        in_specs=[_columns(table.shape[0]) for table in tables],
        out_specs=[_columns(n) for n in rows],
        compiler_params=triton.CompilerParams(num_warps=LANES // 32, num_stages=1),
        interpret=interpret,
    )(*padded)
    return [table[:, :lanes] for table in written]


def _columns(rows: int) -> pallas.BlockSpec:
    return pallas.BlockSpec((rows, LANES), lambda block: (0, block))
