"""What only moves the elements of arrays about: it costs nothing once the arrays are taken apart."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .cells import Cells, NotScalarError, cells
from .tape import Ref


def _broadcast(params: Any, x: Cells) -> Cells:
    shape, where = params["shape"], params["broadcast_dimensions"]
    thin = [1] * len(shape)
    for axis, place in enumerate(where):
        thin[place] = x.shape[axis]
    return np.broadcast_to(x.reshape(thin), shape)


def _whole(index: Cells) -> int:
    found = index.item()
    if isinstance(found, Ref):
        raise NotScalarError("an index that is not known while tracing")
    return int(found)


def _slice(params: Any, x: Cells) -> Cells:
    strides = params["strides"] or (1,) * x.ndim
    return x[tuple(map(slice, params["start_indices"], params["limit_indices"], strides))]


def _window(x: Cells, sizes: Sequence[int], starts: Sequence[Cells]) -> tuple[slice, ...]:
    """Return the window of `sizes`, moved inside the array as JAX moves it."""
    first = [min(max(_whole(s), 0), n - size) for s, n, size in zip(starts, x.shape, sizes, strict=True)]
    return tuple(slice(a, a + size) for a, size in zip(first, sizes, strict=True))


def _dynamic_slice(params: Any, x: Cells, *starts: Cells) -> Cells:
    return x[_window(x, params["slice_sizes"], starts)]


def _dynamic_update_slice(params: Any, x: Cells, new: Cells, *starts: Cells) -> Cells:
    out = x.copy()
    out[_window(x, new.shape, starts)] = new
    return out


def _split(params: Any, x: Cells) -> list[Cells]:
    return np.split(x, np.cumsum(params["sizes"])[:-1], axis=params["axis"])


def _unstack(params: Any, x: Cells) -> list[Cells]:
    along = np.moveaxis(x, params["axis"], 0)
    return [along[i, ...] for i in range(len(along))]


def _pad(params: Any, x: Cells, filling: Cells) -> Cells:
    if any(low < 0 or high < 0 or inner for low, high, inner in params["padding_config"]):
        raise NotScalarError("padding that cuts or spreads")
    out = np.full(
        [n + low + high for n, (low, high, _) in zip(x.shape, params["padding_config"], strict=True)],
        filling.item(),
        object,
    )
    out[tuple(slice(low, low + n) for n, (low, _, _) in zip(x.shape, params["padding_config"], strict=True))] = x
    return out


def _iota(params: Any) -> Cells:
    along = np.arange(params["shape"][params["dimension"]])
    thin = [1] * len(params["shape"])
    thin[params["dimension"]] = -1
    return cells(np.broadcast_to(along.reshape(thin), params["shape"]).astype(params["dtype"]))


MOVES: dict[str, Callable[..., Cells | list[Cells]]] = {
    "reshape": lambda params, x: x.reshape(params["new_sizes"]),
    "squeeze": lambda params, x: np.squeeze(x, params["dimensions"]),
    "expand_dims": lambda params, x: np.expand_dims(x, params["dimensions"]),
    "transpose": lambda params, x: x.transpose(params["permutation"]),
    "rev": lambda params, x: np.flip(x, params["dimensions"]),
    "concatenate": lambda params, *xs: np.concatenate(xs, axis=params["dimension"]),
    "stack": lambda params, *xs: np.stack(xs, axis=params["axis"]),
    "unstack": _unstack,
    "broadcast_in_dim": _broadcast,
    "slice": _slice,
    "dynamic_slice": _dynamic_slice,
    "dynamic_update_slice": _dynamic_update_slice,
    "split": _split,
    "pad": _pad,
    "iota": _iota,
}
