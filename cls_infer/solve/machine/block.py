"""What a block of lanes does at once: a step forward, and the pull back through a step taken.

Both are the very functions that the other solver batches, traced for one lane and taken apart. The memory of a
block is rows of one float a lane.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..lanes import Tolerance
from ..one_step import Ahead, Place, departure, one_step
from ..stepper import Rhs, Stepper
from .known import origin_of
from .layout import fields
from .piece import Piece, Traced, traced
from .scalarize import scalarize
from .tape import Tape


class Record(NamedTuple):
    """A step taken, as a journal keeps it: the number of the stop ahead, time and states before, size (0 where
    rejected), whether the stop was reached, and what the method needs to take the step again."""

    stop: Any
    t: Any
    y: Any
    h: Any
    arrived: Any
    kept: Any


class Pulled(NamedTuple):
    """What a gradient has gathered on its way back: on the states, on the numbers, on the inputs to the stop ahead."""

    y: Any
    numbers: Any
    u: Any


class Carried(NamedTuple):
    """A tangent: of the states, the numbers and the inputs to the stop ahead."""

    y: Any
    numbers: Any
    u: Any


class Memory(NamedTuple):
    """All that a block of lanes holds: of arrays while tracing, of fields of rows once laid out."""

    place: Any
    ahead: Any
    numbers: Any
    u: Any
    record: Any
    pulled: Any
    carried: Any


@dataclass(frozen=True)
class Problem:
    """What is solved: the derivative of a lane, the method, the states' floor, the tolerance, and how many numbers
    and input channels a lane has."""

    rhs: Rhs
    stepper: Stepper
    floor: np.ndarray
    tolerance: Tolerance
    numbers: int
    channels: int

    @property
    def origin(self) -> tuple | None:
        """What tells the problem from every other in all sessions; None where nothing does."""
        if (of := origin_of(self.rhs)) is None:
            return None
        method = [(one.__module__, one.__qualname__) for one in self.stepper[1:]]
        return of, self.stepper.order, method, self.floor.tolist(), self.tolerance, self.numbers, self.channels

    def step(self, place: Place, ahead: Ahead, numbers: jax.Array, u: jax.Array) -> tuple[Place, Record]:
        """Return where a step leads, and its record; which stop is ahead the loop over the steps knows."""
        moved = one_step(self.rhs, self.stepper, self.floor, self.tolerance, place, ahead, numbers, u)
        return moved.place, Record(jnp.zeros(()), place.t, place.y, moved.h, moved.arrived, moved.kept)

    def again(self, record: Record, numbers: jax.Array, u: jax.Array) -> jax.Array:
        """Return the states after the step that is recorded, as a function of what it varies with."""
        return self.stepper.again(self.rhs, record.t, record.h, record.y, record.kept, numbers, u)

    def stepping(self) -> tuple[Any, Memory]:
        """Return the trace of a step, and arrays of the shapes and kinds of what one lane of a block holds."""
        y, numbers, u = np.zeros(self.floor.size), np.zeros(self.numbers), np.zeros(self.channels)
        start = partial(departure, self.stepper, self.tolerance)
        ahead = Ahead(np.zeros(()), np.zeros((), bool))
        place = _zeros(jax.eval_shape(start, np.zeros(()), y))
        closed, shapes = jax.make_jaxpr(self.step, return_shape=True)(place, ahead, numbers, u)
        _, record = _zeros(shapes)
        return closed, Memory(place, ahead, numbers, u, record, Pulled(y, numbers, u), Carried(y, numbers, u))


def _zeros(shapes: Any) -> Any:
    return jax.tree.map(lambda a: np.zeros(a.shape, a.dtype), shapes)


@dataclass(frozen=True)
class Block:
    """A problem's memory laid out, and its step forward and pull back, each traced when it is first asked for.

    Asking raises NotScalarError if the right-hand side holds something that has no counterpart among scalars.
    """

    problem: Problem

    @cached_property
    def _stepping(self) -> tuple[Any, Memory]:
        return self.problem.stepping()

    @property
    def _like(self) -> Memory:
        return self._stepping[1]

    @cached_property
    def fields(self) -> Memory:
        """The fields of a block's memory."""
        flat, tree = jax.tree.flatten(self._like)
        return jax.tree.unflatten(tree, fields(flat))

    @property
    def rows(self) -> int:
        """How many rows the memory has."""
        last = self.fields.carried.u
        return last.first + last.size

    @property
    def record(self) -> range:
        """The rows of a step's record."""
        return range(self.fields.record.stop.first, self.fields.pulled.y.first)

    @property
    def journal(self) -> tuple[int, int]:
        """The most steps of a lane, and how many numbers a step's record has."""
        return self.problem.tolerance.max_steps, len(self.record)

    @cached_property
    def step(self) -> Piece:
        """The step forward."""
        of = self.fields
        return traced(self._stepping[0], (of.place, of.ahead, of.numbers, of.u)).value((of.place, of.record))

    @cached_property
    def pull(self) -> Piece:
        """The pull back through a recorded step: what was gathered on numbers and inputs grows by it."""
        pulled = self.fields.pulled
        return self._again.pulled(pulled.y, self._varying, pulled, added=(pulled.numbers, pulled.u))

    @cached_property
    def carry(self) -> Piece:
        """The tangent through a recorded step."""
        return self._again.pushed(self._varying, self.fields.carried, self.fields.carried.y)

    @cached_property
    def _again(self) -> Traced:
        like, of = self._like, self.fields
        closed = jax.make_jaxpr(self.problem.again)(like.record, like.numbers, like.u)
        return traced(closed, (of.record, of.numbers, of.u))

    @cached_property
    def _varying(self) -> list[int]:
        """Which of the arrays that a step taken again is given vary: states, numbers and inputs."""
        record, numbers, u = self.fields.record, self.fields.numbers, self.fields.u
        given = jax.tree.leaves((record, numbers, u))
        return [given.index(field) for field in (record.y, numbers, u)]

    @cached_property
    def at_departure(self) -> list[tuple[int, float]]:
        """What a lane's rows hold at its departure, beside time and states."""
        tape, problem, of, like = Tape(), self.problem, self.fields.place, self._like.place
        closed = jax.make_jaxpr(partial(departure, problem.stepper, problem.tolerance))(like.t, like.y)
        found = scalarize(closed, tape, [of.t.inputs(tape), of.y.inputs(tape)])
        rows: list[tuple[int, float]] = []
        for field, cells in zip(jax.tree.leaves(of), found, strict=True):
            if field not in (of.t, of.y):
                rows += zip(field.rows(), map(float, cells.ravel()), strict=True)
        return rows
