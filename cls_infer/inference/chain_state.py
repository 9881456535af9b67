"""NumPyro's sampler state as plain arrays by name, and back: positions, step sizes, adaptation, random numbers.

The mass matrices are left out: they are large, the same in every chain, and follow from the draws.
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .pooled import MATRICES


def state_arrays(state: Any) -> dict[str, np.ndarray]:
    """Return all of a state but its mass matrices, every array [chain, ...] under its place in the state."""
    places = jax.tree_util.tree_leaves_with_path(state)
    return {jax.tree_util.keystr(path): _plain(leaf) for path, leaf in places if not _is_matrix(path)}


def state_again(like: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """Return the state that was kept as these arrays, with the mass matrices of `like`, a state of the same sampler.

    Raises:
        ValueError: an array is missing, or of another shape or type than this sampler's.
    """

    def again(path: Any, leaf: Any) -> Any:
        if _is_matrix(path):
            return leaf
        name, asked = jax.tree_util.keystr(path), _plain(leaf)
        found = arrays.get(name)
        if found is None or (found.shape, found.dtype) != (asked.shape, asked.dtype):
            raise ValueError(f"`{name}` of the sampler's state is missing, or of another shape or type")
        if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            return jax.random.wrap_key_data(jnp.asarray(found), impl=jax.random.key_impl(leaf))
        return jnp.asarray(found)

    return jax.tree_util.tree_map_with_path(again, like)


def _is_matrix(path: Any) -> bool:
    return any(getattr(step, "name", None) in MATRICES for step in path)


def _plain(leaf: Any) -> np.ndarray:
    """Return a leaf as a NumPy array, keys of random numbers as their words."""
    return np.asarray(jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf)
