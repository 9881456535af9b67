"""A tape as an LLVM function on rows of lanes."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from llvmlite import ir

from .tape import FLOAT, TRUTH, WHOLE, Ref, Tape, Value, kind_of
from .vector_math import F64, FUSES, I64, Vector, Vectors


class Output(NamedTuple):
    """A value and the row of the memory it is written to."""

    row: int
    value: Value


def declare(module: ir.Module, name: str) -> ir.Function:
    """Add the function `name`(memory) to the module, still without its operations."""
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), [F64.as_pointer()]), name)
    function.args[0].add_attribute("noalias")
    return function


def emit(function: ir.Function, lanes: int, tape: Tape, outputs: Sequence[Output]) -> None:
    """Write a function's operations: input k is row k of the memory, a row one float a lane.

    Truth values are written as 0 and 1, whole numbers as floats.
    """
    function.linkage = "internal"
    b = ir.IRBuilder(function.append_basic_block())
    v = Vectors(b, lanes)
    memory = b.bitcast(function.args[0], v.floats.as_pointer())
    done: dict[int, Vector] = {}

    def read(x: Value, kind: str) -> Vector:
        return done[x.place] if isinstance(x, Ref) else _number(v, x, kind)

    for place in tape.needed(output.value for output in outputs):
        operation = tape.operations[place]
        if operation.name == "input":
            done[place] = _as_kind(v, b.load(_row(b, memory, operation.index), align=8 * lanes), operation.kind)
        elif operation.name == "select":
            which, yes, no = operation.operands
            done[place] = b.select(read(which, TRUTH), read(yes, operation.kind), read(no, operation.kind))
        else:
            kind = kind_of(*operation.operands)
            done[place] = EMITTERS[operation.name, kind](v, *(read(x, kind) for x in operation.operands))
    for row, value in outputs:
        b.store(_as_float(v, read(value, kind_of(value)), kind_of(value)), _row(b, memory, row), align=8 * lanes)
    b.ret_void()


def _row(b: ir.IRBuilder, memory: ir.Value, row: int) -> ir.Value:
    return b.gep(memory, [ir.Constant(I64, row)], inbounds=True)


def _number(v: Vectors, x: float | int | bool, kind: str) -> Vector:
    if kind == TRUTH:
        return v.truth(bool(x))
    return v.whole(int(x)) if kind == WHOLE else v.constant(x)


def _as_kind(v: Vectors, row: Vector, kind: str) -> Vector:
    if kind == TRUTH:
        return v.b.fcmp_ordered("!=", row, v.constant(0))
    return v.b.fptosi(row, v.wholes) if kind == WHOLE else row


def _as_float(v: Vectors, value: Vector, kind: str) -> Vector:
    if kind == TRUTH:
        return v.b.select(value, v.constant(1), v.constant(0))
    return v.b.sitofp(value, v.floats) if kind == WHOLE else value


type _Emitter = Callable[..., Vector]


def _intrinsic(name: str) -> _Emitter:
    return lambda v, *x: v.intrinsic(name, *x)


def _compare(sign: str) -> dict[tuple[str, str], _Emitter]:
    floats = "fcmp_unordered" if sign == "!=" else "fcmp_ordered"
    return {
        (SIGNS[sign], FLOAT): lambda v, x, y: getattr(v.b, floats)(sign, x, y),
        (SIGNS[sign], WHOLE): lambda v, x, y: v.b.icmp_signed(sign, x, y),
        (SIGNS[sign], TRUTH): lambda v, x, y: v.b.icmp_unsigned(sign, x, y),
    }


SIGNS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}

EMITTERS: Mapping[tuple[str, str], _Emitter] = {
    ("add", FLOAT): lambda v, x, y: v.b.fadd(x, y, flags=FUSES),
    ("sub", FLOAT): lambda v, x, y: v.b.fsub(x, y, flags=FUSES),
    ("mul", FLOAT): lambda v, x, y: v.b.fmul(x, y, flags=FUSES),
    ("neg", FLOAT): lambda v, x: v.b.fneg(x),
    ("reciprocal", FLOAT): lambda v, x: v.b.fdiv(v.constant(1), x),
    ("abs", FLOAT): _intrinsic("fabs"),
    ("max", FLOAT): _intrinsic("maximum"),
    ("min", FLOAT): _intrinsic("minimum"),
    ("sqrt", FLOAT): _intrinsic("sqrt"),
    ("exp", FLOAT): Vectors.exp,
    ("expm1", FLOAT): Vectors.expm1,
    ("log", FLOAT): Vectors.log,
    ("log1p", FLOAT): Vectors.log1p,
    ("tanh", FLOAT): Vectors.tanh,
    ("sin", FLOAT): _intrinsic("sin"),  # by a library, one lane at a time: no body of a model has them
    ("cos", FLOAT): _intrinsic("cos"),
    ("add", WHOLE): lambda v, x, y: v.b.add(x, y),
    ("sub", WHOLE): lambda v, x, y: v.b.sub(x, y),
    ("mul", WHOLE): lambda v, x, y: v.b.mul(x, y),
    ("and", TRUTH): lambda v, x, y: v.b.and_(x, y),
    ("or", TRUTH): lambda v, x, y: v.b.or_(x, y),
    ("not", TRUTH): lambda v, x: v.b.not_(x),
    ("to_float", TRUTH): lambda v, x: _as_float(v, x, TRUTH),
    ("to_float", WHOLE): lambda v, x: _as_float(v, x, WHOLE),
    ("to_whole", FLOAT): lambda v, x: v.b.fptosi(x, v.wholes),
    ("to_whole", TRUTH): lambda v, x: v.b.zext(x, v.wholes),
    **{("held", kind): lambda v, x: x for kind in (FLOAT, WHOLE, TRUTH)},
    **{key: value for sign in SIGNS for key, value in _compare(sign).items()},
}
"""How each operation is written, by its name and the kind of its operands."""
