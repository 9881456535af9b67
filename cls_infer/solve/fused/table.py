"""What a kernel has in the device's memory: tables of rows of one float a lane, of which a row is a vector."""

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jax.experimental.pallas import triton

from ..machine.layout import Field
from .vectors import LANES, Rows, Vector

type Group = int | Vector
"""A group of rows: a number, or one for each lane."""


@dataclass(frozen=True)
class Table:
    """A table [row, lane] that a kernel reads or writes; `width` rows are a group, as those of one stop."""

    ref: Any
    width: int = 1

    def rows(self, field: Field, group: Group = 0) -> Rows:
        """Return where the rows of a field are to be had."""
        return {row: lambda k=k: self.read(k, group) for k, row in enumerate(field.rows())}

    def read(self, k: int, group: Group = 0) -> Vector:
        """Return row `k` of a group."""
        return triton.load(self._at(k, group))

    def write(self, k: int, value: Vector, group: Group = 0, *, where: Vector | None = None) -> None:
        """Write row `k` of a group, in those lanes where `where` holds."""
        triton.store(self._at(k, group), value, mask=where)

    def _at(self, k: int, group: Group) -> Any:
        rows = jnp.broadcast_to(jnp.asarray(group * self.width + k, jnp.int32), (LANES,))
        return self.ref.at[rows, jnp.arange(LANES, dtype=jnp.int32)]
