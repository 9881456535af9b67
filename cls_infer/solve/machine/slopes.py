"""Derivatives of what is on a tape, written on the same tape: back to what results depend on, or along with it.

A piece traced once gives its pull and its tangent too. To let JAX differentiate the function, and to take apart what
comes of it, took three times as long as to trace the function itself.
"""

from collections.abc import Callable, Mapping, Sequence

from .cells import Cells, each
from .tape import FLOAT, Operation, Ref, Tape, Value

type _Slopes = Callable[..., tuple[Value, ...]]


def pull(tape: Tape, found: Sequence[Cells], on: Sequence[Cells], back_to: Sequence[Cells]) -> list[Cells]:
    """Return what a pull `on` some results comes to on the inputs `back_to`.

    Where two numbers are alike, the slope of the larger of them is shared between them, as JAX has it.
    """
    gathered: dict[int, Value] = {}

    def gather(x: Value, more: Value) -> None:
        if isinstance(x, Ref) and x.kind == FLOAT:
            gathered[x.place] = tape.apply("add", gathered.get(x.place, 0.0), more)

    for result, pulled in zip(found, on, strict=True):
        for x, more in zip(result.ravel(), pulled.ravel(), strict=True):
            gather(x, more)
    varying = _varying(tape, back_to)
    for place in sorted(varying, reverse=True):
        if place in gathered:
            for x, more in _passed_on(tape, place, gathered[place]):
                if isinstance(x, Ref) and x.place in varying:
                    gather(x, more)
    return [each(lambda x: gathered.get(x.place, 0.0), [a], a.shape) for a in back_to]


def push(tape: Tape, found: Sequence[Cells], given: Sequence[Cells], along: Sequence[Cells]) -> list[Cells]:
    """Return the tangents of results from those `along` some inputs."""
    moved: dict[int, Value] = {}
    for a, d in zip(given, along, strict=True):
        moved |= {x.place: more for x, more in zip(a.ravel(), d.ravel(), strict=True)}

    def of(x: Value) -> Value:
        return moved.get(x.place, 0.0) if isinstance(x, Ref) else 0.0

    for place in sorted(_varying(tape, given).difference(moved)):
        operation = tape.operations[place]
        if operation.name == "select" and place not in tape.rules:
            which, yes, no = operation.operands
            moved[place] = tape.select(which, of(yes), of(no))
            continue
        total: Value = 0.0
        for x, slope in _slopes(tape, place):
            total = tape.apply("add", total, tape.apply("mul", of(x), slope))
        moved[place] = total
    return [each(of, [a], a.shape) for a in found]


def _varying(tape: Tape, inputs: Sequence[Cells]) -> set[int]:
    """Return the places of floats that depend on some inputs, these among them."""
    found = {x.place for a in inputs for x in a.ravel()}
    for place, operation in enumerate(tape.operations):
        if operation.kind == FLOAT and any(isinstance(x, Ref) and x.place in found for x in operation.operands):
            found.add(place)
    return found


def _passed_on(tape: Tape, place: int, pulled: Value) -> list[tuple[Value, Value]]:
    """Return what a pull on the result of an operation comes to on each of its operands."""
    operation = tape.operations[place]
    if operation.name == "select" and place not in tape.rules:
        which, yes, no = operation.operands
        return [(yes, tape.select(which, pulled, 0.0)), (no, tape.select(which, 0.0, pulled))]
    return [(x, tape.apply("mul", pulled, slope)) for x, slope in _slopes(tape, place)]


def _slopes(tape: Tape, place: int) -> list[tuple[Value, Value]]:
    """Return what an operation's result depends on, and how steeply."""
    if place in tape.rules:
        return tape.rules[place](tape)
    operation = tape.operations[place]
    of = SLOPES.get(operation.name)
    return list(zip(operation.operands, of(tape, operation, Ref(place, FLOAT)), strict=True)) if of else []


def _larger(name: str) -> _Slopes:
    def slopes(tape: Tape, operation: Operation, result: Ref) -> tuple[Value, ...]:
        x, y = operation.operands
        alike = tape.select(tape.apply("eq", x, y), 0.5, 0.0)
        return (
            tape.select(tape.apply(name, x, y), 1.0, alike),
            tape.select(tape.apply(name, y, x), 1.0, alike),
        )

    return slopes


def _of_one(slope: Callable[[Tape, Value, Ref], Value]) -> _Slopes:
    """Return the slope of an operation with one operand, from this and the result."""
    return lambda tape, operation, result: (slope(tape, operation.operands[0], result),)


SLOPES: Mapping[str, _Slopes] = {
    "add": lambda tape, operation, result: (1.0, 1.0),
    "sub": lambda tape, operation, result: (1.0, -1.0),
    "mul": lambda tape, operation, result: operation.operands[::-1],
    "neg": lambda tape, operation, result: (-1.0,),
    "reciprocal": _of_one(lambda tape, x, r: tape.apply("neg", tape.apply("mul", r, r))),
    "abs": _of_one(lambda tape, x, r: tape.sign(x)),
    "max": _larger("gt"),
    "min": _larger("lt"),
    "sqrt": _of_one(lambda tape, x, r: tape.quotient(0.5, r)),
    "exp": _of_one(lambda tape, x, r: r),
    "expm1": _of_one(lambda tape, x, r: tape.apply("add", r, 1.0)),
    "log": _of_one(lambda tape, x, r: tape.quotient(1.0, x)),
    "log1p": _of_one(lambda tape, x, r: tape.quotient(1.0, tape.apply("add", 1.0, x))),
    "tanh": _of_one(lambda tape, x, r: tape.apply("sub", 1.0, tape.apply("mul", r, r))),
    "sin": _of_one(lambda tape, x, r: tape.apply("cos", x)),
    "cos": _of_one(lambda tape, x, r: tape.apply("neg", tape.apply("sin", x))),
}
"""How steeply the result of an operation depends on each operand. `select` passes on without a factor, and what is
not here has no slope."""
