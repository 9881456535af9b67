"""The kernels of one problem as functions of arrays [lane, ...]."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax

from ..machine.block import Block
from .back import Pulls, go_back
from .course import Course, Given
from .forward import Results, go
from .marks import Marks, Spacing, spacing
from .run import laid, run, taken_back
from .table import Table
from .tangents import Along, carry


@dataclass(frozen=True)
class Kernels:
    """A problem's kernels; interpreted, they run anywhere as plain programs, to be tested."""

    block: Block
    interpret: bool

    @cached_property
    def spacing(self) -> Spacing:
        """How the forward kernel marks its way for the gradient."""
        return spacing(self.block)

    def forward(self, y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[jax.Array, ...]:
        """Return states [lane, stop, state], status [lane] and steps tried [lane]."""
        states, status, tried = self._go((y0, numbers, start, stops, u), [])
        return taken_back(states, (stops.shape[1], y0.shape[1])), status[0].astype(int), tried[0].astype(int)

    def marked(self, y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[jax.Array, ...]:
        """Return the same, and the marks [row, lane] left on the way."""
        states, status, tried, marks = self._go((y0, numbers, start, stops, u), [self.spacing.mark_rows])
        return taken_back(states, (stops.shape[1], y0.shape[1])), status[0].astype(int), tried[0].astype(int), marks

    def _go(self, arrays: tuple, more: list[int]) -> list[jax.Array]:
        y0, _, _, stops, u = arrays
        course, size = Course(self.block, stops.shape[1] - 1), y0.shape[1]

        def kernel(y0: Any, numbers: Any, start: Any, stops: Any, u_: Any, states: Any, *rest: Any) -> None:
            status, tried, *marks = rest
            given = Given(Table(numbers), Table(stops), Table(u_, u.shape[2]))
            left = Marks(Table(marks[0], self.spacing.rows), self.spacing.every) if marks else None
            go(course, Table(y0), Table(start), given, Results(Table(states, size), Table(status), Table(tried), left))

        return run(kernel, [laid(a) for a in arrays], [stops.shape[1] * size, 1, 1, *more], interpret=self.interpret)

    def back(self, tried: Any, marks: Any, numbers: Any, stops: Any, u: Any, pull: Any) -> tuple[jax.Array, ...]:
        """Return what a pull [lane, stop, state] on the states comes to on y0, numbers and inputs."""
        size, channels = pull.shape[2], u.shape[2]
        course = Course(self.block, stops.shape[1] - 1)

        def kernel(tried: Any, marks: Any, numbers: Any, stops: Any, u: Any, pull: Any, *written: Any) -> None:
            on_y0, on_numbers, on_u, journal = written
            given = Given(Table(numbers), Table(stops), Table(u, channels))
            pulls = Pulls(Table(pull, size), Table(on_y0), Table(on_numbers), Table(on_u, channels))
            kept = Marks(Table(marks, self.spacing.rows), self.spacing.every)
            go_back(course, given, Table(tried), kept, Table(journal, self.spacing.step_rows), pulls)

        tables = [laid(tried), marks, *map(laid, (numbers, stops, u, pull))]
        rows = [size, max(numbers.shape[1], 1), u.shape[1] * channels, self.spacing.journal_rows]
        on_y0, on_numbers, on_u, _ = run(kernel, tables, rows, interpret=self.interpret)
        shapes = (size,), numbers.shape[1:], u.shape[1:]
        return tuple(map(taken_back, (on_y0, on_numbers, on_u), shapes))

    def tangents(self, *given: Any) -> jax.Array:
        """Return the tangent of the states [lane, stop, state]: from y0, numbers, start, stops and u, then from the
        tangents of y0, numbers and u."""
        y0, _, _, stops, u = given[:5]
        course = Course(self.block, stops.shape[1] - 1)
        size, channels = y0.shape[1], u.shape[2]

        def kernel(*refs: Any) -> None:
            y0, numbers, start, stops, u, d_y0, d_numbers, d_u, d_states = refs
            reads = Given(Table(numbers), Table(stops), Table(u, channels))
            along = Along(Table(d_y0), Table(d_numbers), Table(d_u, channels), Table(d_states, size))
            carry(course, Table(y0), Table(start), reads, along)

        (d_states,) = run(kernel, [laid(a) for a in given], [stops.shape[1] * size], interpret=self.interpret)
        return taken_back(d_states, (stops.shape[1], size))
