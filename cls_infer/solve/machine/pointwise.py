"""A function of one lane for many lanes at once, with its gradient or its tangents, in machine code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from llvmlite import ir

from ..fold import fold_lanes
from .build import build, found_or
from .handler import Entry
from .known import Written, origin_of
from .layout import Field, fields
from .piece import Piece, Traced, traced
from .script import Script, Word
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


@dataclass(frozen=True)
class Pointwise:
    """A function of arrays of these shapes."""

    fun: Callable[..., jax.Array]
    shapes: tuple[tuple[int, ...], ...]

    @cached_property
    def _closed(self) -> tuple[Any, Any]:
        """The function's trace, and the shape of its result."""
        return jax.make_jaxpr(self.fun, return_shape=True)(*map(np.zeros, self.shapes))

    @cached_property
    def _laid(self) -> tuple[list[Field], Field, list[Field]]:
        """The fields of the arguments, of the result, and of what comes back to the arguments or goes along."""
        given = list(map(np.zeros, self.shapes))
        laid = fields([*given, np.zeros(self._closed[1].shape), *given])
        return laid[: len(given)], laid[len(given)], laid[len(given) + 1 :]

    @cached_property
    def _traced(self) -> Traced:
        return traced(self._closed[0], self._laid[0])

    @cached_property
    def _value(self) -> Written:
        def write() -> Written:
            given, result, _ = self._laid
            return _written(self._traced.value(result), given, [result])

        return self._found_or("value", write)

    @cached_property
    def _pulled(self) -> Written:
        def write() -> Written:
            given, result, beside = self._laid
            return _written(self._traced.pulled(result, range(len(given)), beside), [result, *given], beside)

        return self._found_or("pulled", write)

    @cached_property
    def _pushed(self) -> Written:
        def write() -> Written:
            given, result, beside = self._laid
            return _written(self._traced.pushed(range(len(given)), beside, result), [*given, *beside], [result])

        return self._found_or("pushed", write)

    def _found_or(self, name: str, write: Callable[[], Written]) -> Written:
        return found_or(origin_of(self.fun), (name, self.shapes), write)

    def value(self, *given: jax.Array) -> jax.Array:
        """Return the results [lane, ...]."""
        return _call(self._value, given)[0]

    def pulled(self, pull: jax.Array, *given: jax.Array) -> list[jax.Array]:
        """Return what a pull [lane, ...] on the results comes to on each argument: nothing where nobody pulls, whatever
        the slope there."""
        felt = jnp.any(pull.reshape(len(pull), -1) != 0, axis=1)
        return [jnp.where(felt.reshape(-1, *[1] * (a.ndim - 1)), a, 0.0) for a in _call(self._pulled, (pull, *given))]

    def pushed(self, *given: jax.Array) -> jax.Array:
        """Return the results' tangents [lane, ...] from the arguments and, after them, their tangents."""
        return _call(self._pushed, given)[0]


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


def _call(written: Written, given: Sequence[jax.Array]) -> list[jax.Array]:
    """Return the results [lane, ...] of a function, whose shapes its sizes are."""
    shapes = [jax.ShapeDtypeStruct((len(given[0]), *size), np.float64) for size in written.sizes]
    return list(jax.ffi.ffi_call(written.target, shapes)(*given))


def _written(piece: Piece, given: list[Field], results: list[Field]) -> Written:
    """Write a piece for every lane of the fields."""
    written = build({"piece": piece}, ABREAST, lambda module: _over_lanes(module, given, results))
    return written._replace(sizes=tuple(field.shape for field in results))


def _over_lanes(module: ir.Module, given: list[Field], results: list[Field]) -> Entry:
    """Add a function of the number of lanes and an array for each field."""
    laid = [*given, *results]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64, *[F64.as_pointer()] * len(laid)]), "over_lanes")
    s = Script(ir.IRBuilder(function.append_basic_block()), ABREAST)
    lanes, *arrays = function.args
    memory = s.array(F64, max(field.first + field.size for field in laid) * ABREAST, align=8 * ABREAST)
    blocks = s.b.sdiv(s.b.add(lanes, s.number(ABREAST - 1)), s.number(ABREAST))
    with s.each(blocks) as block:

        def over(laid: list[Field], arrays: list[Word], move: Callable[..., None], block: ir.Value = block) -> None:
            with s.each(ABREAST) as w:
                lane, end = s.b.add(s.b.mul(block, s.number(ABREAST)), w), s.b.sub(lanes, s.number(1))
                lane = s.b.select(s.b.icmp_signed("<", lane, end), lane, end)  # beyond the last: the last once more
                for field, array in zip(laid, arrays, strict=True):
                    move(memory, field.first, field.size, w, s.at(array, (lane, field.size)))

        over(given, arrays[: len(given)], s.gather)
        s.b.call(module.globals["piece"], [memory])
        over(results, arrays[len(given) :], s.scatter)
    s.b.ret_void()
    return Entry(function, len(results), [(0, 0)])
