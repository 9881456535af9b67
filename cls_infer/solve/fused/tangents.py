"""The kernel of the tangents: a lane's steps taken with one direction along which everything may change."""

from typing import NamedTuple

from jax import lax

from .course import Course, Given, Now, held
from .table import Table
from .vectors import Vector, evaluate


class Along(NamedTuple):
    """The tables of tangents: of y0, numbers and inputs, read; of the states at the stops, written."""

    y0: Table
    numbers: Table
    u: Table
    states: Table


class _Carried(NamedTuple):
    now: Now
    tangent: dict[int, Vector]


def carry(course: Course, y0: Table, start: Table, given: Given, along: Along) -> None:
    """Take a block from its start to its end, and its tangents with it; the step sizes are held."""
    of = course.block.fields

    def body(at: _Carried) -> _Carried:
        here = course.ahead(at.now)
        then, record = course.step(given, at.now)
        rows = {
            **held(record),
            **course.around(given, here),
            **held(at.tangent),
            **along.numbers.rows(of.carried.numbers),
            **along.u.rows(of.carried.u, here),
        }
        after = evaluate(course.block.carry, rows)
        taken = record[of.record.h.first] != 0  # a step that was rejected, or not taken, changes nothing
        tangent = {row: lax.select(taken, after[row], x) for row, x in at.tangent.items()}
        for k, row in enumerate(of.carried.y.rows()):
            along.states.write(k, tangent[row], here, where=then.stop > at.now.stop)
        return _Carried(then, tangent)

    first = {row: read() for row, read in along.y0.rows(of.carried.y).items()}
    lax.while_loop(lambda at: course.under_way(at.now), body, _Carried(course.depart(y0, start), first))
