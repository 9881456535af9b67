"""A function of one lane, traced and taken apart: a straight line of operations from rows to rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax

from .cells import Cells, each
from .emit import Output
from .layout import Field
from .scalarize import scalarize
from .slopes import pull, push
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


@dataclass(frozen=True)
class Traced:
    """A function of one lane on a tape: what it is given and what it finds, as arrays of scalars."""

    tape: Tape
    given: list[Cells]
    found: list[Cells]

    def value(self, written: Any) -> Piece:
        """Return the piece that writes what is found to some fields."""
        return Piece(self.tape, _written(written, self.found))

    def pulled(self, on: Any, back_to: Sequence[int], written: Any, *, added: Sequence[Field] = ()) -> Piece:
        """Return the piece that writes what pulls, the fields `on` what is found, come to on some of what is given; to
        the fields `added` it is added."""
        tape = self.tape.copy()
        pulls = pull(tape, self.found, _inputs(on, tape), [self.given[n] for n in back_to])
        for n, field in enumerate(jax.tree.leaves(written)):
            if field in added:
                pulls[n] = each(partial(tape.apply, "add"), [field.inputs(tape), pulls[n]], field.shape)
        return Piece(tape, _written(written, pulls))

    def pushed(self, along: Sequence[int], by: Any, written: Any) -> Piece:
        """Return the piece that writes the tangents of what is found from those, the fields `by`, of some of what is
        given."""
        tape = self.tape.copy()
        return Piece(tape, _written(written, push(tape, self.found, [self.given[n] for n in along], _inputs(by, tape))))


def traced(closed: Any, read: Any) -> Traced:
    """Return a function as `jax.make_jaxpr` traced it on a tape, its arguments read from some fields.

    Raises:
        NotScalarError: the function holds something that has no counterpart among scalars.
    """
    tape = Tape()
    given = _inputs(read, tape)
    return Traced(tape, given, scalarize(closed, tape, given))


def _inputs(fields: Any, tape: Tape) -> list[Cells]:
    return [field.inputs(tape) for field in jax.tree.leaves(fields)]


def _written(fields: Any, found: Sequence[Cells]) -> list[Output]:
    outputs: list[Output] = []
    for field, cells in zip(jax.tree.leaves(fields), found, strict=True):
        outputs += map(Output, field.rows(), cells.ravel())
    return outputs
