"""A lane as a thread of a GPU: the functions that a processor runs on blocks of lanes, on one lane a thread.

A thread finds its own lane in every array and calls the function there as if there were no other lane. So all that a
processor does, tests of it included, holds on a GPU; what is new is here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from llvmlite import ir

from ..machine.block import Block
from ..machine.cells import NotScalarError
from ..machine.emit import declare, emit
from ..machine.loops import ARGUMENTS, PIECES, RESULTS, SIZES, Loops
from ..machine.piece import Piece
from ..machine.vector_math import I64

LIBRARY = {"sin", "cos"}
"""Operations that need a library, which a GPU does not have."""


@dataclass(frozen=True)
class Threads:
    """A function of `loops.ARGUMENTS` for arrays of these shapes, the results last: a thread a lane, and of tangents
    one for each column of each lane."""

    block: Block
    name: str
    shapes: tuple[tuple[int, ...], ...]

    @property
    def names(self) -> list[str]:
        """The arrays' names."""
        return [argument.removesuffix(":i") for argument in ARGUMENTS[self.name]]

    @property
    def results(self) -> int:
        """How many of the arrays are results."""
        return RESULTS[self.name]

    @property
    def columns(self) -> int:
        """Columns of a tangent; 1 where there are none."""
        array, axis = SIZES["columns"]
        return self.shapes[self.names.index(array)][axis] if array in self.names else 1

    @property
    def count(self) -> int:
        """How many threads there are."""
        return self.shapes[0][0] * self.columns

    def pieces(self) -> Mapping[str, Piece]:
        """Return the pieces that the function calls.

        Raises:
            NotScalarError: one of them needs what a GPU does not have.
        """
        pieces = {name: getattr(self.block, name) for name in PIECES[self.name]}
        for piece in pieces.values():
            if lacking := LIBRARY & {operation.name for operation in piece.tape.operations}:
                raise NotScalarError(f"`{min(lacking)}` has no counterpart on a GPU")
        return pieces

    def write(self, module: ir.Module) -> ir.Function:
        """Add the function of a thread's number and the arrays to a module that holds the pieces."""
        whole = Loops(module, self.block, 1).write(self.name).function
        whole.linkage = "internal"
        kinds = [argument.type for argument in whole.args[len(SIZES) :]]
        thread = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64, *kinds]), f"{self.name}_of_thread")
        thread.linkage = "internal"
        b = ir.IRBuilder(thread.append_basic_block())
        number, *arrays = thread.args
        lane = b.sdiv(number, ir.Constant(I64, self.columns))
        stops = self.shapes[self.names.index("u")][1]
        own = [
            b.gep(array, [b.mul(number if name.startswith("d_") else lane, ir.Constant(I64, prod(rest)))])
            for name, array, rest in zip(self.names, arrays, self._of_one(), strict=True)
        ]
        b.call(whole, [*(ir.Constant(I64, n) for n in (1, stops, 1)), *own])
        b.ret_void()
        return thread

    def _of_one(self) -> Sequence[tuple[int, ...]]:
        """Return the shapes of what a thread has to itself."""
        return [s[2:] if name.startswith("d_") else s[1:] for name, s in zip(self.names, self.shapes, strict=True)]

    def module(self) -> ir.Module:
        """Return a module that holds the pieces, one lane wide."""
        module = ir.Module()
        for name, piece in self.pieces().items():
            emit(declare(module, name), 1, piece.tape, piece.outputs)
        return module
