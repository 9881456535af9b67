"""Batched solves in machine code: states at the stops of many lanes, with a reverse rule."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..fold import fold_lanes
from ..lanes import Case, Route, Tolerance
from ..stepper import Rhs, Stepper
from .block import Block, Problem
from .build import build

type Solve = Callable[[jax.Array, Case, Route], tuple[jax.Array, jax.Array]]

MANY, FEW = 8, 4
"""Lanes a block: eight fill the widest registers; where there are no more than four, as many are faster."""

KEPT = 16
"""Up to so many lanes a solve keeps its steps for the gradient; of more lanes the memory would grow with them, and
they are solved once more on the way back."""


@dataclass(frozen=True)
class Machine:
    """The functions of one problem, written when they are first called."""

    block: Block

    def _call(self, name: str, shapes: Any, *arrays: Any) -> Any:
        """Return what a function of `loops.ARGUMENTS` gives, in these shapes."""
        lanes = FEW if arrays[-1].shape[0] <= FEW else MANY
        target = build(self.block, name, lanes)
        return jax.ffi.ffi_call(target, shapes)(*arrays)

    def forward(self, y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> Any:
        """Return states [lane, stop, state], status [lane] and steps taken [lane]."""
        return self._call("forward", _ends(y0, stops), y0, numbers, start, stops, u)

    def record(self, y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> Any:
        """Return the same, and a journal of the steps [lane, step, row]."""
        rows = (y0.shape[0], self.block.problem.tolerance.max_steps, len(self.block.record))
        return self._call("record", (*_ends(y0, stops), _floats(rows)), y0, numbers, start, stops, u)

    def unwind(self, taken: Any, journal: Any, numbers: Any, u: Any, pull: Any) -> Any:
        """Return what a pull [lane, stop, state] on the states comes to on y0, numbers and inputs."""
        shapes = (_floats((len(pull), pull.shape[2])), _floats(numbers.shape), _floats(u.shape))
        return self._call("unwind", shapes, taken, journal, numbers, u, pull)

    def rerun(self, order: Any, y0: Any, numbers: Any, start: Any, stops: Any, u: Any, pull: Any) -> Any:
        """Return the same from the beginning, the lanes taken in an order in which like ones stand together."""
        shapes = (_floats(y0.shape), _floats(numbers.shape), _floats(u.shape))
        return self._call("rerun", shapes, order, y0, numbers, start, stops, u, pull)


def _floats(shape: tuple[int, ...]) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, np.float64)


def _ends(y0: Any, stops: Any) -> tuple[jax.ShapeDtypeStruct, ...]:
    count = jax.ShapeDtypeStruct((y0.shape[0],), np.int64)
    return _floats((*stops.shape, y0.shape[1])), count, count


def machine_solver(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver in machine code, whose gradient goes back through the accepted steps.

    Raises:
        NotScalarError: when called, if the right-hand side holds something that cannot be taken apart into scalars.
    """

    @cache
    def solver(numbers: int, channels: int) -> Callable[..., tuple[jax.Array, jax.Array]]:
        return _differentiable(Machine(Block(Problem(rhs, stepper, floor, tolerance, numbers, channels))))

    def solve(y0: Any, case: Case, route: Route) -> tuple[jax.Array, jax.Array]:
        u = jnp.asarray(route.forcing.charted)
        if route.forcing.share.shape[2]:
            u = u + jnp.einsum("le,lsec->lsc", case.amounts, jnp.asarray(route.forcing.share))
        start, stops = jnp.asarray(route.start, float), jnp.asarray(route.stops, float)
        return solver(case.numbers.shape[1], u.shape[2])(y0, case.numbers, start, stops, u)

    return solve


def _differentiable(machine: Machine) -> Callable[..., tuple[jax.Array, jax.Array]]:
    forward = fold_lanes(machine.forward, (0, 0, 0, 0, 0), 0)
    record = fold_lanes(machine.record, (0, 0, 0, 0, 0), 0)
    unwind = fold_lanes(machine.unwind, (0, 0, 0, 0, 0), 0)

    rerun = fold_lanes(lambda taken, *rest: machine.rerun(jnp.argsort(taken), *rest), (0, 0, 0, 0, 0, 0, 0), 0)

    @jax.custom_vjp
    def solve(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        return forward(y0, numbers, start, stops, u)[:2]

    def ahead(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        given = (y0, numbers, start, stops, u)
        if len(y0) > KEPT:
            states, status, taken = forward(*given)
            return (states, status), (taken, None, given)
        states, status, taken, journal = record(*given)
        return (states, status), (taken, journal, given)

    def back(kept: Any, pull: Any) -> tuple[Any, ...]:
        taken, journal, given = kept
        if journal is None:
            on_y0, on_numbers, on_u = rerun(taken, *given, pull[0])
        else:
            on_y0, on_numbers, on_u = unwind(taken, journal, given[1], given[4], pull[0])
        return on_y0, on_numbers, None, None, on_u

    solve.defvjp(ahead, back)
    return solve
