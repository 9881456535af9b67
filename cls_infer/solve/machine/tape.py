"""A straight line of scalar operations: what a traced step becomes once its loops and arrays are unrolled.

Every operation stands once however often it is asked for, numbers are folded, and what is multiplied by nought
vanishes: a Jacobian written densely keeps its pattern of zeros. A quotient is a product with a reciprocal, so that a
denominator costs one division however many quotients and derivatives share it.
"""

import math
import operator
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

FLOAT, WHOLE, TRUTH = "float", "whole", "truth"
"""The kinds of a value: a float64, an int64, a truth value."""


@dataclass(frozen=True, slots=True)
class Ref:
    """A value on the tape: the place of its operation, and its kind."""

    place: int
    kind: str


type Value = Ref | float | int | bool
"""A scalar: on the tape, or a number known while tracing."""


type Rule = Callable[["Tape"], list[tuple[Value, Value]]]
"""Writes on a tape on which values a result depends, and how steeply."""


class Operation(NamedTuple):
    """An operation's name, its operands, the kind of its result; `index` is that of an input, or tells apart what is
    held."""

    name: str
    operands: tuple[Value, ...]
    kind: str
    index: int = 0


FOLDS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "neg": operator.neg,
    "reciprocal": lambda x: 1 / x if x else math.copysign(math.inf, x),
    "abs": abs,
    "max": lambda x, y: math.nan if x != x or y != y else max(x, y),
    "min": lambda x, y: math.nan if x != x or y != y else min(x, y),
    "sqrt": lambda x: math.sqrt(x) if x >= 0 else math.nan,
    "exp": lambda x: math.exp(x) if x < 709 else math.inf,
    "expm1": lambda x: math.expm1(x) if x < 709 else math.inf,
    "log": lambda x: math.log(x) if x > 0 else (-math.inf if x == 0 else math.nan),
    "log1p": lambda x: math.log1p(x) if x > -1 else (-math.inf if x == -1 else math.nan),
    "tanh": math.tanh,
    "sin": math.sin,
    "cos": math.cos,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "eq": operator.eq,
    "ne": operator.ne,
    "and": lambda x, y: x and y,
    "or": lambda x, y: x or y,
    "not": lambda x: not x,
    "to_float": float,
    "to_whole": int,
    "held": lambda x: x,
}
"""What each operation does to known numbers; on the tape it does the same to one value a lane."""

TRUTHS = {"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"}
COMMUTES = {"add", "mul", "max", "min", "eq", "ne", "and", "or"}


@dataclass
class Tape:
    """Operations in the order of their making.

    `rules` tells of results whose slopes are not those of the operations that led there, such as that of a root, what
    they depend on and how steeply.
    """

    operations: list[Operation] = field(default_factory=list)
    rules: dict[int, "Rule"] = field(default_factory=dict)
    _places: dict[tuple, Ref] = field(default_factory=dict)

    def copy(self) -> "Tape":
        """Return a tape that goes on from here."""
        return Tape(list(self.operations), dict(self.rules), dict(self._places))

    def input(self, index: int, kind: str = FLOAT) -> Ref:
        """Return input number `index` of the function that is traced."""
        return self._record("input", (), kind, index)

    def apply(self, name: str, *operands: Value) -> Value:
        """Return the result of an operation: a number where it is known, else its place on the tape."""
        if not any(isinstance(x, Ref) for x in operands):
            return FOLDS[name](*operands)
        simpler = _simplified(self, name, operands)
        if simpler is not None:
            return simpler
        if name in COMMUTES:
            operands = tuple(sorted(operands, key=_order))
        kind = TRUTH if name in TRUTHS else {"to_float": FLOAT, "to_whole": WHOLE}.get(name) or kind_of(*operands)
        return self._record(name, operands, kind)

    def select(self, which: Value, yes: Value, no: Value) -> Value:
        """Return `yes` where `which` holds, else `no`."""
        if not isinstance(which, Ref):
            return yes if which else no
        if _same(yes, no):
            return yes
        kind = kind_of(yes, no)
        if kind == TRUTH and yes is True and no is False:
            return which
        return self._record("select", (which, yes, no), kind)

    def sign(self, x: Value) -> Value:
        """Return -1, 0 or 1."""
        below = self.select(self.apply("lt", x, 0.0), -1.0, 0.0)
        return self.select(self.apply("gt", x, 0.0), 1.0, below)

    def ruled(self, x: Value, rule: "Rule", *, apart: bool = False) -> Value:
        """Return a value whose slopes are those of a rule; `apart` from the same value reached in another way."""
        if not isinstance(x, Ref):
            return x
        if apart:
            x = self._record("held", (x,), x.kind, len(self.operations))
        self.rules[x.place] = rule
        return x

    def quotient(self, x: Value, y: Value) -> Value:
        """Return x / y."""
        if _is(x, 0.0) or _is(y, 1.0):
            return x
        return self.apply("mul", x, self.apply("reciprocal", y))

    def power(self, x: Value, exponent: int) -> Value:
        """Return x to a whole power, by repeated squaring."""
        if exponent < 0:
            return self.apply("reciprocal", self.power(x, -exponent))
        result: Value = 1.0
        for bit in bin(exponent)[2:]:
            result = self.apply("mul", result, result)
            result = self.apply("mul", result, x) if bit == "1" else result
        return result

    def needed(self, outputs: Iterable[Value]) -> list[int]:
        """Return the places of the operations that the outputs need, in order."""
        open_, seen = [x.place for x in outputs if isinstance(x, Ref)], set()
        while open_:
            place = open_.pop()
            if place not in seen:
                seen.add(place)
                open_ += [x.place for x in self.operations[place].operands if isinstance(x, Ref)]
        return sorted(seen)

    def _record(self, name: str, operands: tuple[Value, ...], kind: str, index: int = 0) -> Ref:
        key = (name, *map(_identity, operands), index)
        if key not in self._places:
            self._places[key] = Ref(len(self.operations), kind)
            self.operations.append(Operation(name, operands, kind, index))
        return self._places[key]


def kind_of(*values: Value) -> str:
    """Return the kind that the values share; a number beside a value on the tape is of that value's kind."""
    for x in values:
        if isinstance(x, Ref):
            return x.kind
    return TRUTH if isinstance(values[0], bool) else WHOLE if isinstance(values[0], int) else FLOAT


def _simplified(tape: Tape, name: str, operands: tuple[Value, ...]) -> Value | None:
    """Return what an operation with a number among its operands comes to without it; None if it must be done."""
    x, y = operands if len(operands) == 2 else (operands[0], None)
    match name:
        case "add":
            return y if _is(x, 0) else x if _is(y, 0) else None
        case "sub":
            return x if _is(y, 0) else tape.apply("neg", y) if _is(x, 0) else 0.0 if _same(x, y) else None
        case "mul":
            return _product(tape, x, y) if not _is(y, 0) and not _is(x, 0) else 0.0
        case "and":
            return _either(x, y, absorbing=False)
        case "or":
            return _either(x, y, absorbing=True)
        case "neg" | "not" if isinstance(x, Ref) and tape.operations[x.place].name == name:
            return tape.operations[x.place].operands[0]
        case _:
            return None


def _product(tape: Tape, x: Value, y: Value | None) -> Value | None:
    for one, other in ((x, y), (y, x)):
        if _is(one, 1):
            return other
        if _is(one, -1) and other is not None:
            return tape.apply("neg", other)
    return None


def _either(x: Value, y: Value | None, *, absorbing: bool) -> Value | None:
    """Return what `and` (absorbing False) or `or` (True) comes to where one operand is known."""
    for one, other in ((x, y), (y, x)):
        if not isinstance(one, Ref):
            return absorbing if bool(one) is absorbing else other
    return x if _same(x, y) else None


def _is(x: Value | None, number: float) -> bool:
    return not isinstance(x, Ref) and x is not None and x == number


def _same(x: Value | None, y: Value | None) -> bool:
    return _identity(x) == _identity(y)


def _identity(x: Value | None) -> tuple:
    """Return what tells a value from every other: 0.0 and -0.0, 1 and 1.0 and True are different."""
    return ("ref", x.place) if isinstance(x, Ref) else (type(x).__name__, repr(x))


def _order(x: Value) -> tuple:
    return (0, x.place) if isinstance(x, Ref) else (1, repr(x))
