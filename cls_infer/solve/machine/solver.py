"""Batched solves in machine code for the processor."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..lanes import Counting, Solve, Tolerance
from ..stepper import Rhs, Stepper
from .block import Block
from .build import build, found_or
from .known import Written
from .loops import PIECES, Loops
from .rules import Functions, results_of, with_counts, with_pulls, with_tangents

MANY, FEW = 8, 4
"""Lanes a block: eight fill the widest registers; where there are no more than four, as many are faster."""

KEPT = 16
"""Up to so many lanes a solve on a processor keeps its steps."""


@dataclass(frozen=True)
class Machine:
    """The functions of one problem in machine code, written when they are first called."""

    block: Block
    _known: dict[tuple[str, int], Written] = field(default_factory=dict)

    def call(self, name: str, *arrays: Any, abreast: int | None = None) -> Any:
        """Return what a function gives; `abreast` may run together."""
        lanes = FEW if (abreast or len(arrays[-1])) <= FEW else MANY
        known = self._written(name, lanes)
        shapes = results_of(name, arrays, *known.sizes)
        return jax.ffi.ffi_call(known.target, shapes)(*arrays)

    def _written(self, name: str, lanes: int) -> Written:
        """Return under which name XLA can call a function, written the first time it is asked for; its one size
        is that of a lane's journal."""
        if (name, lanes) not in self._known:
            write = partial(self._write, name, lanes)
            self._known[name, lanes] = found_or(self.block.problem.origin, (name, lanes), write)
        return self._known[name, lanes]

    def _write(self, name: str, lanes: int) -> Written:
        pieces = {piece: getattr(self.block, piece) for piece in PIECES[name]}
        written = build(pieces, lanes, lambda module: Loops(module, self.block, lanes).write(name))
        return written._replace(sizes=(self.block.journal,))

    def rerun(self, taken: Any, *rest: Any) -> Any:
        """Return what a pull comes to from the beginning; lanes of like length stand together."""
        return self.call("rerun", jnp.argsort(taken), *rest)


def machine_solver(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver in machine code whose gradient goes back through the accepted steps.

    Raises:
        NotScalarError: when called, if the right-hand side holds something that cannot be taken apart into scalars.
    """
    return with_pulls(_in_machine_code, rhs, stepper, floor, tolerance)


def machine_solver_forward(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver in machine code whose tangents run through the accepted steps; raises as the other does."""
    return with_tangents(_in_machine_code, rhs, stepper, floor, tolerance)


def machine_solver_counting(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Counting:
    """Return the solver in machine code that counts its steps; raises as the others do."""
    return with_counts(_in_machine_code, rhs, stepper, floor, tolerance)


def _in_machine_code(block: Block) -> Functions:
    machine = Machine(block)
    return Functions(machine.call, machine.rerun, KEPT)
