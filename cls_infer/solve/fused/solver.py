"""Batched solves on a GPU: a lane's whole way through its stops in one kernel."""

from dataclasses import dataclass
from math import prod
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..lanes import Counting, Solve, Tolerance
from ..machine.block import Block
from ..machine.rules import Functions, Made, results_of, with_counts, with_pulls, with_tangents
from ..stepper import Rhs, Stepper
from .launch import emulate, launch
from .thread import Threads

ROOM = 4 * 2**30
"""Bytes that journals may fill. More lanes than that keeps are solved once more for a gradient, so many at a time."""


@dataclass(frozen=True)
class Fused:
    """The functions of one problem as kernels; emulated, they run on a processor."""

    block: Block
    emulated: bool
    room: int = ROOM

    def call(self, name: str, *arrays: Any, abreast: int | None = None) -> Any:
        """Return what a function gives; however many run together."""
        shapes = results_of(name, arrays, self.block.journal)
        all_arrays = *arrays, *jax.tree.leaves(shapes)
        threads = Threads(self.block, name, tuple(tuple(a.shape) for a in all_arrays))
        return (emulate if self.emulated else launch)(threads, shapes, *arrays)

    @property
    def journal_bytes(self) -> int:
        """Bytes of one lane's journal: a record of every step it may take."""
        return 8 * prod(self.block.journal)

    @property
    def at_once(self) -> int:
        """How many lanes the room for journals keeps."""
        return max(1, self.room // self.journal_bytes)

    def rerun(self, taken: Any, *given: Any) -> tuple[jax.Array, ...]:
        """Return what a pull comes to from the beginning, so many lanes at a time; those of like length together."""
        lanes, most = len(taken), self.at_once
        order = jnp.argsort(taken)
        chunks = -(-lanes // most)
        places = jnp.pad(order, (0, chunks * most - lanes), mode="edge").reshape(chunks, most)

        def there_and_back(chunk: jax.Array) -> tuple[jax.Array, ...]:
            y0, numbers, start, stops, u, pull = (a[chunk] for a in given)
            _, _, tried, journal = self.call("record", y0, numbers, start, stops, u)
            return tuple(self.call("unwind", tried, journal, numbers, u, pull))

        found = jax.lax.map(there_and_back, places)
        first = jnp.argsort(order)
        return tuple(a.reshape(chunks * most, *a.shape[2:])[first] for a in found)


def fused_solver(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, *, emulated: bool) -> Solve:
    """Return the solver in fused kernels whose gradient goes back through the accepted steps.

    Args:
        rhs: derivative of one lane.
        stepper: the method.
        floor: the lowest value of each state.
        tolerance: accuracy and step limit.
        emulated: run every thread on the processor, one after the other.

    Raises:
        NotScalarError: when called, if the right-hand side holds something that cannot be taken apart into scalars,
            or that a GPU does not have.
    """
    return with_pulls(_functions(emulated), rhs, stepper, floor, tolerance)


def fused_solver_forward(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, *, emulated: bool
) -> Solve:
    """Return the solver in fused kernels whose tangents run through the accepted steps; all else as above."""
    return with_tangents(_functions(emulated), rhs, stepper, floor, tolerance)


def fused_solver_counting(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, *, emulated: bool
) -> Counting:
    """Return the solver in fused kernels that counts its steps; all else as above."""
    return with_counts(_functions(emulated), rhs, stepper, floor, tolerance)


def _functions(emulated: bool) -> Made:
    def made(block: Block) -> Functions:
        fused = Fused(block, emulated)
        return Functions(fused.call, fused.rerun, fused.at_once)

    return made
