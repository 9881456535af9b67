"""The kernel of the gradient: from mark to mark backwards, the steps between taken once more and pulled through."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from .course import Course, Given, Now, held, repeat
from .marks import Marks
from .table import Table
from .vectors import Vector, changing, constant, evaluate


class Pulls(NamedTuple):
    """The tables of what is pulled: on the states at the stops, read; on y0, numbers and inputs, written."""

    states: Table
    y0: Table
    numbers: Table
    u: Table


class Gathered(NamedTuple):
    """What has been gathered on the way back, by rows, and the stop that was ahead of each lane."""

    pulled: dict[int, Vector]
    stop: Vector


def go_back(course: Course, given: Given, tried: Table, marks: Marks, journal: Table, pulls: Pulls) -> None:
    """Take a block back from its end to its start.

    Args:
        course: the steps of the block.
        given: what a step reads.
        tried: how many steps each lane has tried.
        marks: where the block was now and then.
        journal: room for the records of the steps from one mark to the next.
        pulls: what is pulled.
    """
    of, every = course.block.fields.pulled, marks.every
    _clear(course, pulls.u)
    rows = changing(course.block.pull)  # what no step adds to need not be carried along
    longest = jnp.max(tried.read(0)).astype(int)
    between = lax.div(longest + (every - 1), every)

    def segment(i: jax.Array, gathered: Gathered) -> Gathered:
        def forth(k: jax.Array, now: Now) -> Now:
            now, record = course.step(given, now)
            for j, row in enumerate(course.block.record):
                journal.write(j, record[row], k)
            return now

        repeat(every, forth, marks.find(course.place, between - 1 - i))
        return repeat(every, lambda k, g: _pull(course, given, journal, pulls, every - 1 - k, g), gathered)

    start = Gathered({row: constant(0.0) for row in rows}, jnp.zeros_like(tried.read(0), jnp.int32))
    end = repeat(between, segment, start)
    _deliver(course, pulls.u, end, jnp.ones_like(end.stop, bool))
    for table, field in ((pulls.y0, of.y), (pulls.numbers, of.numbers)):
        for k, row in enumerate(field.rows()):
            table.write(k, end.pulled.get(row, constant(0.0)))


def _pull(course: Course, given: Given, journal: Table, pulls: Pulls, k: jax.Array, gathered: Gathered) -> Gathered:
    """Go back through step `k` since the mark."""
    of, record = course.block.fields, course.block.record
    found = {row: journal.read(j, k) for j, row in enumerate(record)}
    ahead = found[of.record.stop.first].astype(jnp.int32)
    left = ahead != gathered.stop
    _deliver(course, pulls.u, gathered, left)
    pulled = {
        row: lax.select(left, constant(0.0), x) if row in of.pulled.u.rows() else x
        for row, x in gathered.pulled.items()
    }
    arrived = found[of.record.arrived.first] != 0
    for j, row in enumerate(of.pulled.y.rows()):
        pulled[row] += lax.select(arrived, pulls.states.read(j, ahead), constant(0.0))
    nothing = {row: constant(0.0) for field in of.pulled for row in field.rows()}
    before = evaluate(course.block.pull, {**held(found), **course.around(given, ahead), **held({**nothing, **pulled})})
    # a step that was rejected, or that a lane at its end did not take, passes everything through
    taken = found[of.record.h.first] != 0
    return Gathered({row: lax.select(taken, before[row], x) for row, x in pulled.items()}, ahead)


def _deliver(course: Course, on_u: Table, gathered: Gathered, where: Vector) -> None:
    """Write what was gathered on the inputs to the stop that is left behind."""
    for k, row in enumerate(course.block.fields.pulled.u.rows()):
        if row in gathered.pulled:
            on_u.write(k, gathered.pulled[row], gathered.stop, where=where)


def _clear(course: Course, on_u: Table) -> None:
    """Write that nothing is pulled on the inputs: some stops may never have been ahead, some inputs never matter."""

    def body(stop: Any, carry: tuple) -> tuple:
        for k in range(course.block.fields.pulled.u.size):
            on_u.write(k, constant(0.0), stop)
        return carry

    repeat(course.last + 1, body, ())
