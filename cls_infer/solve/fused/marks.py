"""Where a block was now and then on its way: from there the steps between are taken once more for a gradient.

To keep every step of a lane would take as much memory as it may take steps. Of n steps about the square root of n
places are marked, and only the steps from one mark to the next are ever kept at once.
"""

from dataclasses import dataclass
from math import ceil, sqrt

import jax.numpy as jnp
from jax import lax

from ..machine.block import Block
from .course import Now
from .table import Table
from .vectors import Vector


@dataclass(frozen=True)
class Spacing:
    """How far marks stand apart [steps], how many there are room for, and how many rows each is; and of the journal
    between two marks, the rows a step."""

    every: int
    count: int
    rows: int
    step_rows: int

    @property
    def mark_rows(self) -> int:
        """Rows of all marks."""
        return self.count * self.rows

    @property
    def journal_rows(self) -> int:
        """Rows of the steps from one mark to the next."""
        return self.every * self.step_rows


def spacing(block: Block) -> Spacing:
    """Return the spacing for which marks and journal together take the least memory."""
    of, most = block.fields, block.problem.tolerance.max_steps
    rows, step_rows = of.ahead.target.first - of.place.t.first + 1, len(block.record)
    every = min(most, ceil(sqrt(most * rows / step_rows)))
    return Spacing(every, ceil(most / every), rows, step_rows)


@dataclass(frozen=True)
class Marks:
    """A table of marks: the rows of a block's places, then the stops ahead."""

    table: Table
    every: int

    def leave(self, now: Now) -> None:
        """Mark where a block is, if it is time to."""
        due = jnp.broadcast_to(lax.rem(now.n, self.every) == 0, now.stop.shape)
        group = lax.div(now.n, self.every)
        for k, row in enumerate(now.place):
            self.table.write(k, now.place[row], group, where=due)
        self.table.write(len(now.place), now.stop.astype(jnp.float64), group, where=due)

    def find(self, place: range, group: Vector) -> Now:
        """Return where the block was at a mark; what was tried until then does not matter any more."""
        stop = self.table.read(len(place), group).astype(jnp.int32)
        found = {row: self.table.read(k, group) for k, row in enumerate(place)}
        return Now(group * self.every, found, stop, jnp.zeros_like(stop))
