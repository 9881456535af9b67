"""A function of one lane for many lanes at once, with its gradient or its tangents, in machine code."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from llvmlite import ir

from ..fold import fold_lanes
from .build import Entry, build
from .layout import Field, fields
from .piece import Piece, piece_of
from .script import Script
from .vector_math import F64, I64

ABREAST = 8
"""Lanes a block."""


type OnLanes = Callable[..., jax.Array]


def machine_pointwise(fun: OnLanes) -> OnLanes:
    """Return the function of arrays [lane, ...] that a function of one lane's arrays is, with its gradient.

    Raises:
        NotScalarError: when called, if the function holds something that cannot be taken apart into scalars.
    """
    return _by_shapes(fun, _with_pulls)


def machine_pointwise_forward(fun: OnLanes) -> OnLanes:
    """Return the same with its tangents: several columns become lanes. Raises as the other does."""
    return _by_shapes(fun, _with_tangents)


def _by_shapes(fun: OnLanes, rule: "Callable[[Pointwise], OnLanes]") -> OnLanes:
    @cache
    def made(*shapes: tuple[int, ...]) -> OnLanes:
        return rule(Pointwise(fun, shapes))

    def over_lanes(*given: Any) -> jax.Array:
        given = tuple(jnp.asarray(a, float) for a in given)
        return made(*(a.shape[1:] for a in given))(*given)

    return over_lanes


class Written(NamedTuple):
    """Under which name XLA can call a function of arrays [lane, ...], and the fields of its results."""

    target: str
    results: list[Field]

    def call(self, *given: jax.Array) -> list[jax.Array]:
        """Return the results [lane, ...]."""
        lanes = len(given[0])
        shapes = [jax.ShapeDtypeStruct((lanes, *field.shape), np.float64) for field in self.results]
        return list(jax.ffi.ffi_call(self.target, shapes)(*given))


@dataclass(frozen=True)
class Pointwise:
    """A function of arrays of these shapes."""

    fun: Callable[..., jax.Array]
    shapes: tuple[tuple[int, ...], ...]

    @cached_property
    def _like(self) -> tuple[list[np.ndarray], np.ndarray]:
        given = [np.zeros(shape) for shape in self.shapes]
        return given, np.zeros(jax.eval_shape(self.fun, *given).shape)

    @cached_property
    def _value(self) -> Written:
        like, result = self._like
        laid = fields([*like, result])
        return _written(piece_of(self.fun, like, laid[:-1], laid[-1]), laid, 1)

    @cached_property
    def _pulled(self) -> Written:
        like, result = self._like
        laid = fields([result, *like, *like])
        count = 1 + len(like)

        def back(pull: jax.Array, *given: jax.Array) -> tuple[jax.Array, ...]:
            return jax.vjp(self.fun, *given)[1](pull)

        return _written(piece_of(back, [result, *like], laid[:count], laid[count:]), laid, len(like))

    @cached_property
    def _pushed(self) -> Written:
        like, result = self._like
        laid = fields([*like, *like, result])

        def ahead(*given: jax.Array) -> jax.Array:
            return jax.jvp(self.fun, given[: len(like)], given[len(like) :])[1]

        return _written(piece_of(ahead, [*like, *like], laid[:-1], laid[-1]), laid, 1)

    def value(self, *given: jax.Array) -> jax.Array:
        """Return the results [lane, ...]."""
        return self._value.call(*given)[0]

    def pulled(self, pull: jax.Array, *given: jax.Array) -> list[jax.Array]:
        """Return what a pull [lane, ...] on the results comes to on each argument: nothing where nobody pulls, whatever
        the slope there."""
        felt = jnp.any(pull.reshape(len(pull), -1) != 0, axis=1)
        return [jnp.where(felt.reshape(-1, *[1] * (a.ndim - 1)), a, 0.0) for a in self._pulled.call(pull, *given)]

    def pushed(self, *given: jax.Array) -> jax.Array:
        """Return the results' tangents [lane, ...] from the arguments and, after them, their tangents."""
        return self._pushed.call(*given)[0]


def _with_tangents(made: Pointwise) -> OnLanes:
    axes = (0,) * len(made.shapes)
    value, pushed = fold_lanes(made.value, axes, 0), fold_lanes(made.pushed, (*axes, *axes), 0)

    @jax.custom_jvp
    def over_lanes(*given: jax.Array) -> jax.Array:
        return value(*given)

    over_lanes.defjvp(lambda given, along: (value(*given), pushed(*given, *along)))
    return over_lanes


def _with_pulls(made: Pointwise) -> OnLanes:
    axes = (0,) * len(made.shapes)
    value, pulled = fold_lanes(made.value, axes, 0), fold_lanes(made.pulled, (0, *axes), 0)

    @jax.custom_vjp
    def over_lanes(*given: jax.Array) -> jax.Array:
        return value(*given)

    over_lanes.defvjp(lambda *given: (value(*given), given), lambda given, pull: tuple(pulled(pull, *given)))
    return over_lanes


def _written(piece: Piece, laid: list[Field], results: int) -> Written:
    """Write a piece for every lane of the fields; the last so many are results."""
    target = build({"piece": piece}, ABREAST, lambda module: _over_lanes(module, laid, results))
    return Written(target, laid[-results:])


def _over_lanes(module: ir.Module, laid: list[Field], results: int) -> Entry:
    """Add a function of the number of lanes and an array for each field."""
    kinds = [F64.as_pointer()] * len(laid)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64, *kinds]), "over_lanes")
    s = Script(ir.IRBuilder(function.append_basic_block()), ABREAST)
    lanes, *arrays = function.args
    memory = s.array(F64, (laid[-1].first + laid[-1].size) * ABREAST, align=8 * ABREAST)
    blocks = s.b.sdiv(s.b.add(lanes, s.number(ABREAST - 1)), s.number(ABREAST))
    with s.each(blocks) as block:

        def over(first: int, last: int, move: Callable[..., None], block: ir.Value = block) -> None:
            with s.each(ABREAST) as w:
                lane, end = s.b.add(s.b.mul(block, s.number(ABREAST)), w), s.b.sub(lanes, s.number(1))
                lane = s.b.select(s.b.icmp_signed("<", lane, end), lane, end)  # beyond the last: the last once more
                for field, array in zip(laid[first:last], arrays[first:last], strict=True):
                    move(memory, field.first, field.size, w, s.at(array, (lane, field.size)))

        over(0, len(laid) - results, s.gather)
        s.b.call(module.globals["piece"], [memory])
        over(len(laid) - results, len(laid), s.scatter)
    s.b.ret_void()
    return Entry(function, results, [(0, 0)])
