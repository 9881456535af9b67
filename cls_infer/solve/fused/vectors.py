"""A tape's operations on vectors of lanes, as JAX traces them inside a kernel.

The same operations that `machine.emit` writes as LLVM. All vectors have the length of a block of lanes: no operation
changes shape, so that nothing in the kernel leaves its registers but by a load or a store.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import lax

from ..machine.piece import Piece
from ..machine.tape import FLOAT, TRUTH, WHOLE, Ref, Value, kind_of

LANES = 32
"""Lanes a block: one warp, a lane a thread, so that a block waits for its own slowest lane alone."""

TYPES = {FLOAT: jnp.float64, WHOLE: jnp.int64, TRUTH: jnp.bool_}

type Vector = jax.Array
type Rows = Mapping[int, Callable[[], Vector]]
"""Where a row of a block's memory is to be had: each is asked for once, and only if it is needed."""


def constant(number: float | int | bool, kind: str = FLOAT) -> Vector:
    """Return the same number for every lane."""
    return jnp.full((LANES,), number, TYPES[kind])


def evaluate(piece: Piece, rows: Rows) -> dict[int, Vector]:
    """Return the rows that a piece writes, as floats, from those it reads."""
    done: dict[int, Vector] = {}

    def read(x: Value, kind: str) -> Vector:
        return done[x.place] if isinstance(x, Ref) else constant(x, kind)

    for place in piece.tape.needed(output.value for output in piece.outputs):
        operation = piece.tape.operations[place]
        if operation.name == "input":
            done[place] = _as_kind(rows[operation.index](), operation.kind)
        elif operation.name == "select":
            which, yes, no = operation.operands
            done[place] = lax.select(read(which, TRUTH), read(yes, operation.kind), read(no, operation.kind))
        else:
            kind = kind_of(*operation.operands)
            done[place] = OPERATIONS[operation.name](*(read(x, kind) for x in operation.operands))
    return {row: as_float(read(value, kind_of(value))) for row, value in piece.outputs}


def changing(piece: Piece) -> list[int]:
    """Return the rows that a piece writes something else into than it has read from them."""
    operations = piece.tape.operations

    def same(row: int, value: Value) -> bool:
        return isinstance(value, Ref) and operations[value.place][0::3] == ("input", row)

    return [row for row, value in piece.outputs if not same(row, value)]


def _as_kind(row: Vector, kind: str) -> Vector:
    return row != 0 if kind == TRUTH else row.astype(TYPES[kind])


def as_float(x: Vector) -> Vector:
    """Return truth values as 0 and 1, whole numbers as floats."""
    return lax.select(x, constant(1.0), constant(0.0)) if x.dtype == bool else x.astype(jnp.float64)


def _to_whole(x: Vector) -> Vector:
    return lax.select(x, constant(1, WHOLE), constant(0, WHOLE)) if x.dtype == bool else x.astype(jnp.int64)


def _either(beats: Callable[[Vector, Vector], Vector]) -> Callable[[Vector, Vector], Vector]:
    """Return the maximum or the minimum that is not a number where one operand is not; a GPU's own forgets that."""
    return lambda x, y: lax.select(beats(x, y) | (x != x), x, y)


OPERATIONS: Mapping[str, Callable[..., Vector]] = {
    "add": lax.add,
    "sub": lax.sub,
    "mul": lax.mul,
    "neg": lax.neg,
    "reciprocal": lambda x: lax.div(constant(1.0), x),
    "abs": lax.abs,
    "max": _either(lax.gt),
    "min": _either(lax.lt),
    "sqrt": lax.sqrt,
    "exp": lax.exp,
    "expm1": lax.expm1,
    "log": lax.log,
    "log1p": lax.log1p,
    "tanh": lax.tanh,
    "sin": lax.sin,
    "cos": lax.cos,
    "lt": lax.lt,
    "le": lax.le,
    "gt": lax.gt,
    "ge": lax.ge,
    "eq": lax.eq,
    "ne": lax.ne,
    "and": lax.bitwise_and,
    "or": lax.bitwise_or,
    "not": lax.bitwise_not,
    "to_float": as_float,
    "to_whole": _to_whole,
}
"""What each operation does, whatever the kind of its operands."""
