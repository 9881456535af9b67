"""The kernel that takes lanes through their stops, and marks now and then where they are."""

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from .course import Course, Given, Now, repeat
from .marks import Marks
from .table import Table


class Results(NamedTuple):
    """The tables the kernel writes: states at the stops, status, steps tried; and its marks, if it leaves any."""

    states: Table
    status: Table
    tried: Table
    marks: Marks | None


def go(course: Course, y0: Table, start: Table, given: Given, results: Results) -> None:
    """Take a block from its start to its end."""
    of = course.block.fields.place

    def body(now: Now) -> Now:
        if results.marks:
            results.marks.leave(now)
        here = course.ahead(now)
        then, _ = course.step(given, now)
        for k, row in enumerate(of.y.rows()):
            results.states.write(k, then.place[row], here, where=then.stop > now.stop)
        return then

    end = lax.while_loop(course.under_way, body, course.depart(y0, start))
    _fill(course, end, results.states)
    results.status.write(0, end.place[of.status.first])
    results.tried.write(0, end.tried.astype(jnp.float64))


def _fill(course: Course, end: Now, states: Table) -> None:
    """Write the states of the last place for the stops that a lane has not reached."""

    def body(stop: Any, carry: tuple) -> tuple:
        for k, row in enumerate(course.block.fields.place.y.rows()):
            states.write(k, end.place[row], stop, where=end.stop <= stop)
        return carry

    repeat(course.last + 1, body, ())
