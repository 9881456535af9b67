"""A traced JAX function taken apart into scalars.

Arrays are small and of known shape: here they are NumPy arrays of scalars on a tape. Loops of known length are
unrolled, inner functions entered, and what only moves elements about costs nothing.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.extend import core

from .cells import Cells, NotScalarError, cells, each
from .moves import MOVES
from .own_slopes import TOLD, with_own_slopes
from .tape import FLOAT, TRUTH, WHOLE, Ref, Tape, Value, kind_of


def scalarize(closed: Any, tape: Tape, inputs: Sequence[Cells]) -> list[Cells]:
    """Return the outputs of a function as `jax.make_jaxpr` traced it, its inputs given as arrays of scalars.

    Raises:
        NotScalarError: an operation that is not known here.
    """
    return _run(tape, closed.jaxpr, closed.consts, inputs)


def _run(tape: Tape, jaxpr: Any, consts: Sequence[Any], inputs: Sequence[Cells]) -> list[Cells]:
    known: dict[Any, Cells] = dict(zip(jaxpr.constvars, map(cells, consts), strict=True))
    known |= dict(zip(jaxpr.invars, inputs, strict=True))

    def read(atom: Any) -> Cells:
        return cells(atom.val) if isinstance(atom, core.Literal) else known[atom]

    for equation in jaxpr.eqns:
        known |= zip(equation.outvars, _apply(tape, equation, [read(a) for a in equation.invars]), strict=True)
    return [read(a) for a in jaxpr.outvars]


def _apply(tape: Tape, equation: Any, operands: list[Cells]) -> list[Cells]:
    name, params = equation.primitive.name, equation.params
    if name in ELEMENTWISE:
        return [each(ELEMENTWISE[name](tape, params), operands, equation.outvars[0].aval.shape)]
    if name in MOVES:
        moved = MOVES[name](params, *operands)
        return moved if isinstance(moved, list) else [moved]
    if name in REDUCTIONS:
        return [_reduce(tape, REDUCTIONS[name], operands[0], params["axes"])]
    if name in WITHIN:
        inner = params[WITHIN[name]]
        found = _run(tape, inner.jaxpr, inner.consts, operands)
        return with_own_slopes(tape, equation, operands, found, scalarize) if name in TOLD else found
    if name == "dot_general":
        return [_dot(tape, params["dimension_numbers"], *operands)]
    if name == "scan":
        return _scan(tape, params, operands)
    if name == "while":
        return _while(tape, params, operands)
    if name == "call_hi_primitive":
        inner = _expanded(params["_prim"], [atom.aval for atom in equation.invars])
        found = _run(tape, inner.jaxpr, inner.consts, operands)
        return with_own_slopes(tape, equation, operands, found, scalarize)
    if name == "custom_linear_solve":
        return _linear_solve(tape, params, operands)
    raise NotScalarError(f"`{name}` has no scalar counterpart")


type _Scalar = Callable[..., Value]


def _named(name: str) -> Callable[[Tape, Any], _Scalar]:
    return lambda tape, params: lambda *x: tape.apply(name, *x)


def _logistic(tape: Tape, params: Any) -> _Scalar:
    """1 / (1 + exp(-x)), whose slope is flat where the exponential leaves the range of numbers."""

    def logistic(x: Value) -> Value:
        found = tape.apply("reciprocal", tape.apply("add", 1.0, tape.apply("exp", tape.apply("neg", x))))
        return tape.ruled(found, lambda on: [(x, on.apply("mul", found, on.apply("sub", 1.0, found)))])

    return logistic


def _pow(tape: Tape, params: Any) -> _Scalar:
    """x**y as exp(y log x): right for positive x, not a number for negative ones, as for a real exponent.

    Its slopes are finite at x = 0 where the exponent is above 1.
    """

    def slopes(on: Tape, x: Value, y: Value, found: Value) -> list[tuple[Value, Value]]:
        less = on.apply("mul", on.apply("sub", y, 1.0), on.apply("log", x))
        log_x = on.select(on.apply("eq", x, 0.0), 0.0, on.apply("log", x))
        return [(x, on.apply("mul", y, on.apply("exp", less))), (y, on.apply("mul", found, log_x))]

    def power(x: Value, y: Value) -> Value:
        if not isinstance(y, Ref) and float(y).is_integer() and abs(y) <= 16:
            return tape.power(x, int(y))
        if not isinstance(y, Ref) and y == 0.5:
            return tape.apply("sqrt", x)
        found = tape.apply("exp", tape.apply("mul", y, tape.apply("log", x)))
        return tape.ruled(found, lambda on: slopes(on, x, y, found))

    return power


def _convert(tape: Tape, params: Any) -> _Scalar:
    kind = np.dtype(params["new_dtype"]).kind

    def convert(x: Value) -> Value:
        if kind == "f":
            return x if isinstance(x, Ref) and x.kind == FLOAT else tape.apply("to_float", x)
        if kind in "iu":
            return x if isinstance(x, Ref) and x.kind == WHOLE else tape.apply("to_whole", x)
        return x if kind_of(x) == TRUTH else tape.apply("ne", x, 0)

    return convert


def _select(tape: Tape, params: Any) -> _Scalar:
    def select(which: Value, *cases: Value) -> Value:
        if kind_of(which) != TRUTH:
            chosen = cases[-1]
            for i in range(len(cases) - 2, -1, -1):
                chosen = tape.select(tape.apply("eq", which, i), cases[i], chosen)
            return chosen
        return tape.select(which, cases[1], cases[0])

    return select


def _is_finite(tape: Tape, params: Any) -> _Scalar:
    return lambda x: tape.apply("lt", tape.apply("abs", x), float("inf"))


ELEMENTWISE: dict[str, Callable[[Tape, Any], _Scalar]] = {
    **{
        name: _named(name)
        for name in (
            "add",
            "sub",
            "mul",
            "neg",
            "abs",
            "max",
            "min",
            "sqrt",
            "exp",
            "expm1",
            "log",
            "log1p",
            "tanh",
            "sin",
            "cos",
        )
    },
    **{name: _named(name) for name in ("lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not")},
    "add_any": _named("add"),
    "div": lambda tape, params: tape.quotient,
    "integer_pow": lambda tape, params: lambda x: tape.power(x, params["y"]),
    "one_minus_square": lambda tape, params: lambda x: tape.apply("sub", 1.0, tape.apply("mul", x, x)),
    "square": lambda tape, params: lambda x: tape.apply("mul", x, x),
    "rsqrt": lambda tape, params: lambda x: tape.apply("reciprocal", tape.apply("sqrt", x)),
    "pow": _pow,
    "sign": lambda tape, params: tape.sign,
    "stop_gradient": lambda tape, params: lambda x: tape.apply("held", x) if kind_of(x) == FLOAT else x,
    "logistic": _logistic,
    "is_finite": _is_finite,
    "convert_element_type": _convert,
    "select_n": _select,
    **{name: lambda tape, params: lambda x: x for name in ("copy", "reshard", "pvary", "pcast")},
    "clamp": lambda tape, params: lambda low, x, high: tape.apply("min", tape.apply("max", x, low), high),
}


REDUCTIONS = {"reduce_sum": "add", "reduce_max": "max", "reduce_min": "min", "reduce_and": "and", "reduce_or": "or"}

WITHIN = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "eval_jaxpr": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_lin": "call_jaxpr",
}


def _reduce(tape: Tape, name: str, x: Cells, axes: Sequence[int]) -> Cells:
    kept = [n for axis, n in enumerate(x.shape) if axis not in axes]
    rows = np.moveaxis(x, axes, range(len(axes))).reshape(-1, *kept)
    total = rows[0, ...]
    for i in range(1, len(rows)):
        total = each(partial(tape.apply, name), [total, rows[i, ...]], tuple(kept))
    return total


def _dot(tape: Tape, dimensions: Any, x: Cells, y: Cells) -> Cells:
    (over_x, over_y), (batch_x, batch_y) = dimensions
    if batch_x or batch_y:
        raise NotScalarError("a batched product of matrices")
    left, right = _rows(x, over_x), _rows(y, over_y)
    out = np.empty((*left.shape[:-1], *right.shape[:-1]), object)
    for i in np.ndindex(left.shape[:-1]):
        for j in np.ndindex(right.shape[:-1]):
            total: Value = 0.0
            for a, b in zip(left[i], right[j], strict=True):
                total = tape.apply("add", total, tape.apply("mul", a, b))
            out[(*i, *j)] = total
    return out


def _rows(x: Cells, over: Sequence[int]) -> Cells:
    """Return x with the axes that are summed over as one, the last."""
    last = np.moveaxis(x, over, range(x.ndim - len(over), x.ndim))
    kept = last.shape[: x.ndim - len(over)]
    return last.reshape(*kept, int(np.prod(last.shape[len(kept) :], dtype=int)))


def _expanded(operation: Any, like: Sequence[Any]) -> Any:
    """Return the trace of what an operation with rules of its own, such as a root, comes to in plain ones."""

    def plain(*flat: Any) -> Any:
        return operation.expand(*jax.tree.unflatten(operation.in_tree, flat))

    return jax.make_jaxpr(plain)(*like)


def _linear_solve(tape: Tape, params: Any, operands: list[Cells]) -> list[Cells]:
    """Return what the solve that was given along with an equation does; how to check and transpose it is left aside."""
    lengths, inner = params["const_lengths"], params["jaxprs"].solve
    before = lengths.matvec + lengths.vecmat
    held = operands[before : before + lengths.solve]
    right = operands[sum(lengths) :]
    return _run(tape, inner.jaxpr, inner.consts, [*held, *right])


def _scan(tape: Tape, params: Any, operands: list[Cells]) -> list[Cells]:
    body = params["jaxpr"]
    consts, carry, rows = _parts(params, operands)
    carried = len(carry)
    order = range(params["length"])
    kept = []
    for i in reversed(order) if params["reverse"] else order:
        out = _run(tape, body.jaxpr, body.consts, [*consts, *carry, *(row[i, ...] for row in rows)])
        carry = out[:carried]
        kept.append(out[carried:])
    columns = zip(*(reversed(kept) if params["reverse"] else kept), strict=True)
    return [*carry, *(np.stack(column) for column in columns)]


def _parts(params: Any, operands: list[Cells]) -> tuple[list[Cells], list[Cells], list[Cells]]:
    """Return what a scan's body holds, carries and goes along; JAX says it in one of two ways, by its version."""
    if "num_consts" in params:
        held, carried = params["num_consts"], params["num_carry"]
        return operands[:held], operands[held : held + carried], operands[held + carried :]
    consts, carry, rows = map(list, params["ft_in"].update(operands).unpack())
    return consts, carry, rows


def _while(tape: Tape, params: Any, operands: list[Cells]) -> list[Cells]:
    asked, done = params["cond_nconsts"], params["body_nconsts"]
    for_cond, for_body, carry = operands[:asked], operands[asked : asked + done], operands[asked + done :]
    cond, body = params["cond_jaxpr"], params["body_jaxpr"]
    while True:
        going = _run(tape, cond.jaxpr, cond.consts, [*for_cond, *carry])[0].item()
        if isinstance(going, Ref):
            raise NotScalarError("a loop whose length is not known while tracing")
        if not going:
            return carry
        carry = _run(tape, body.jaxpr, body.consts, [*for_body, *carry])
