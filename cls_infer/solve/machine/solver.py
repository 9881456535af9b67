"""Batched solves in machine code: states at the stops of many lanes, with a reverse rule."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..fold import fold_lanes
from ..lanes import Case, Route, Solve, Tolerance, inputs_along
from ..stepper import Rhs, Stepper
from .block import Block, Problem
from .build import build
from .loops import PIECES, Loops

type OnArrays = Callable[..., tuple[jax.Array, jax.Array]]

MANY, FEW = 8, 4
"""Lanes a block: eight fill the widest registers; where there are no more than four, as many are faster."""

KEPT = 16
"""Up to so many lanes a solve keeps its steps for the gradient; of more lanes the memory would grow with them, and
they are solved once more on the way back."""


@dataclass(frozen=True)
class Machine:
    """The functions of one problem, written when they are first called."""

    block: Block
    _targets: dict[tuple[str, int], str] = field(default_factory=dict)

    def _call(self, name: str, shapes: Any, *arrays: Any, abreast: int | None = None) -> Any:
        """Return what a function of `loops.ARGUMENTS` gives, in these shapes; `abreast` may run together."""
        lanes = FEW if (abreast or len(arrays[-1])) <= FEW else MANY
        return jax.ffi.ffi_call(self._target(name, lanes), shapes)(*arrays)

    def _target(self, name: str, lanes: int) -> str:
        """Return under which name XLA can call a function, written the first time it is asked for."""
        if (name, lanes) not in self._targets:
            pieces = {piece: getattr(self.block, piece) for piece in PIECES[name]}
            self._targets[name, lanes] = build(
                pieces, lanes, lambda module: Loops(module, self.block, lanes).write(name)
            )
        return self._targets[name, lanes]

    def forward(self, y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> Any:
        """Return states [lane, stop, state], status [lane] and steps taken [lane]."""
        return self._call("forward", _ends(y0, stops), y0, numbers, start, stops, u)

    def record(self, y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> Any:
        """Return the same, and a journal of the steps [lane, step, row]."""
        rows = (y0.shape[0], self.block.problem.tolerance.max_steps, len(self.block.record))
        return self._call("record", (*_ends(y0, stops), _floats(rows)), y0, numbers, start, stops, u)

    def tangents(
        self, taken: Any, journal: Any, numbers: Any, u: Any, d_y0: Any, d_numbers: Any, d_u: Any
    ) -> jax.Array:
        """Return tangents of the states [lane, column, stop, state] from those of y0, numbers and inputs."""
        lanes, columns, states = d_y0.shape
        shape = _floats((lanes, columns, u.shape[1], states))
        return self._call("tangents", shape, taken, journal, numbers, u, d_y0, d_numbers, d_u, abreast=columns)

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
    """Return the solver in machine code whose gradient goes back through the accepted steps.

    Raises:
        NotScalarError: when called, if the right-hand side holds something that cannot be taken apart into scalars.
    """
    return on_lanes(rhs, stepper, floor, tolerance, lambda block: _with_pulls(Machine(block)))


def machine_solver_forward(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver in machine code whose tangents run through the accepted steps; raises as the other does."""
    return on_lanes(rhs, stepper, floor, tolerance, lambda block: _with_tangents(Machine(block)))


def on_lanes(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, made: Callable[[Block], OnArrays]
) -> Solve:
    """Return the solver that `made` makes of a problem's block, on arrays [lane, ...]: y0, numbers, start, stops, u."""

    @cache
    def solver(numbers: int, channels: int) -> OnArrays:
        return made(Block(Problem(rhs, stepper, floor, tolerance, numbers, channels)))

    def solve(y0: Any, case: Case, route: Route) -> tuple[jax.Array, jax.Array]:
        u = inputs_along(route.forcing, case.amounts)
        start, stops = jnp.asarray(route.start, float), jnp.asarray(route.stops, float)
        return solver(case.numbers.shape[1], u.shape[2])(y0, case.numbers, start, stops, u)

    return solve


def _with_tangents(machine: Machine) -> OnArrays:
    forward = fold_lanes(machine.forward, (0, 0, 0, 0, 0), 0)
    record = fold_lanes(machine.record, (0, 0, 0, 0, 0), 0)
    carried = _over_columns(machine)

    @jax.custom_jvp
    def solve(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        return forward(y0, numbers, start, stops, u)[:2]

    @solve.defjvp
    def rule(given: tuple, along: tuple) -> tuple[Any, Any]:  # pyright: ignore[reportUnusedFunction]
        states, status, taken, journal = record(*given)
        d_y0, d_numbers, _, _, d_u = along
        d_states = carried(taken, journal, given[1], given[4], d_y0, d_numbers, d_u)
        d_states = jnp.where(status[:, None, None] == 0, d_states, 0.0)
        return (states, status), (d_states, np.zeros(status.shape, jax.dtypes.float0))

    return solve


def _over_columns(machine: Machine) -> Callable[..., jax.Array]:
    """Return the tangents along one direction [lane, stop, state]; several become the columns of one call."""

    def one(taken: Any, journal: Any, numbers: Any, u: Any, *along: Any) -> jax.Array:
        return machine.tangents(taken, journal, numbers, u, *(d[:, None] for d in along))[:, 0]

    folded = fold_lanes(one, (0,) * 7, 0)
    several = jax.custom_batching.custom_vmap(one)

    @several.def_vmap
    def rule(size: int, batched: Any, *given: Any) -> tuple[Any, bool]:  # pyright: ignore[reportUnusedFunction]
        if any(batched[:4]):
            return jax.vmap(folded, [0 if b else None for b in batched], axis_size=size)(*given), True
        columns = [
            jnp.moveaxis(d if b else jnp.broadcast_to(d, (size, *d.shape)), 0, 1)
            for d, b in zip(given[4:], batched[4:], strict=True)
        ]
        return jnp.moveaxis(machine.tangents(*given[:4], *columns), 1, 0), True

    return several


def _with_pulls(machine: Machine) -> OnArrays:
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
