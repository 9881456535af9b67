"""Fold an outer batch axis (chains, starts) into the lanes instead of batching the loops.

Under plain `vmap` a loop over lanes would run under a mask that copies its whole journal at every step;
folded, chains are simply more lanes.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


def fold_lanes(fun: Callable[..., Any], in_axes: Any, out_axes: Any) -> Callable[..., Any]:
    """Return `fun`, whose `vmap` merges the mapped axis into the lane axis.

    Args:
        fun: a function of lanes.
        in_axes: for each argument, a pytree prefix of lane axes; -1 marks a count without lanes.
        out_axes: the same for the result.
    """
    folded = jax.custom_batching.custom_vmap(fun)

    @folded.def_vmap
    def rule(axis_size: int, in_batched: Any, *args: Any) -> tuple[Any, Any]:  # pyright: ignore[reportUnusedFunction]
        def merge(x: Any, batched: bool, axis: int) -> jax.Array:
            if axis < 0:
                return jnp.max(x) if batched else x
            outer = x if batched else jnp.broadcast_to(x, (axis_size, *x.shape))
            front = jnp.moveaxis(outer, 0, axis)
            before, (outer_size, lanes), after = (
                front.shape[:axis],
                front.shape[axis : axis + 2],
                front.shape[axis + 2 :],
            )
            return front.reshape(*before, outer_size * lanes, *after)

        def split(x: Any, axis: int) -> jax.Array:
            if axis < 0:
                return jnp.broadcast_to(x, (axis_size, *x.shape))
            apart = x.reshape(*x.shape[:axis], axis_size, x.shape[axis] // axis_size, *x.shape[axis + 1 :])
            return jnp.moveaxis(apart, axis, 0)

        axes = jax.tree.broadcast(in_axes, args)
        merged = jax.tree.map(merge, args, tuple(in_batched), axes)
        out = folded(*merged)
        out = jax.tree.map(split, out, jax.tree.broadcast(out_axes, out))
        return out, jax.tree.map(lambda _: True, out)

    return folded
