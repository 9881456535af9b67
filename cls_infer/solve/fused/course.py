"""The course of a block of lanes inside a kernel: where they are, and one step on.

A block goes in lockstep: step n is the n-th of every lane that still runs, and a lane that has come to its end stays
there until the last one has.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from ..lanes import RUNNING, STEP_LIMIT
from ..machine.block import Block
from .table import Table
from .vectors import Rows, Vector, as_float, constant, evaluate


class Now(NamedTuple):
    """Where a block is: the number of steps tried, the rows of each lane's place, the stop ahead of each lane, and how
    many steps each has tried."""

    n: jax.Array
    place: dict[int, Vector]
    stop: Vector
    tried: Vector


class Given(NamedTuple):
    """The tables a step reads: numbers, times of the stops, inputs on the way to every stop."""

    numbers: Table
    stops: Table
    u: Table


@dataclass(frozen=True)
class Course:
    """The steps of a block through `last + 1` stops."""

    block: Block
    last: int

    @property
    def place(self) -> range:
        """The rows of a place."""
        return range(self.block.fields.place.t.first, self.block.fields.ahead.target.first)

    def depart(self, y0: Table, start: Table) -> Now:
        """Return where the lanes are at their start."""
        of = self.block.fields.place
        place = {row: constant(value) for row, value in self.block.at_departure}
        place[of.t.first] = start.read(0)
        place |= {row: read() for row, read in y0.rows(of.y).items()}
        nowhere = jnp.zeros_like(place[of.t.first], jnp.int32)
        return Now(jnp.zeros((), int), place, nowhere, nowhere)

    def goes(self, now: Now) -> Vector:
        """Return which lanes still run."""
        return now.place[self.block.fields.place.status.first] == RUNNING

    def under_way(self, now: Now) -> jax.Array:
        """Return whether any lane still runs."""
        return jnp.max(self.goes(now).astype(jnp.int32)) > 0

    def ahead(self, now: Now) -> Vector:
        """Return the stop ahead of each lane, the last one for lanes that have come to it."""
        return jnp.minimum(now.stop, self.last)

    def around(self, given: Given, stop: Vector) -> Rows:
        """Return where the numbers, and the inputs on the way to each lane's stop, are to be had."""
        of = self.block.fields
        return {**given.numbers.rows(of.numbers), **given.u.rows(of.u, stop)}

    def step(self, given: Given, now: Now) -> tuple[Now, dict[int, Vector]]:
        """Return where a step leads, and the rows of its record; a lane that has come to its end stays."""
        of, here = self.block.fields, self.ahead(now)
        ahead = {
            of.ahead.target.first: lambda: given.stops.read(0, here),
            of.ahead.last.first: lambda: as_float(now.stop >= self.last),
        }
        out = evaluate(self.block.step, {**held(now.place), **ahead, **self.around(given, here)})
        place = {row: out[row] for row in self.place}
        record = {row: out[row] for row in self.block.record}
        record[of.record.stop.first] = here.astype(jnp.float64)
        n, status = now.n + 1, of.place.status.first
        at_limit = (place[status] == RUNNING) & (n >= self.block.problem.tolerance.max_steps)
        place[status] = lax.select(at_limit, constant(STEP_LIMIT), place[status])
        arrived = record[of.record.arrived.first] != 0
        tried = lax.select(self.goes(now), jnp.full_like(now.tried, n), now.tried)
        return Now(n, place, now.stop + arrived.astype(jnp.int32), tried), record


def held(vectors: dict[int, Vector]) -> Rows:
    """Return rows that are at hand already."""
    return {row: lambda x=x: x for row, x in vectors.items()}


def repeat[C](count: int | jax.Array, body: Callable[[jax.Array, C], C], carry: C) -> C:
    """Return what `count` turns of `body(i, carry)` make of a carry."""
    return lax.fori_loop(0, count, body, carry)
