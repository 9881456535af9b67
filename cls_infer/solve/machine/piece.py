"""A function of one lane, traced and taken apart: a straight line of operations from rows to rows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from .emit import Output
from .scalarize import scalarize
from .tape import Tape


@dataclass(frozen=True)
class Piece:
    """The operations, and which rows their results are written to; inputs know their rows."""

    tape: Tape
    outputs: list[Output]

    @property
    def told(self) -> str:
        """Everything there is to know of the piece, in words: two that read alike do the same."""
        needed = self.tape.needed(output.value for output in self.outputs)
        return repr(([(place, *self.tape.operations[place]) for place in needed], self.outputs))


def piece_of(fun: Callable, like: Sequence[Any], read: Any, written: Any) -> Piece:
    """Return the piece that a function is, for arguments `like` these, read from some fields and written to others.

    Raises:
        NotScalarError: the function holds something that has no counterpart among scalars.
    """
    tape = Tape()
    found = scalarize(jax.make_jaxpr(fun)(*like), tape, [field.inputs(tape) for field in jax.tree.leaves(read)])
    outputs: list[Output] = []
    for field, cells in zip(jax.tree.leaves(written), found, strict=True):
        outputs += map(Output, field.rows(), cells.ravel())
    return Piece(tape, outputs)
