"""Batched solves on a GPU, a block of lanes a kernel: states at the stops of many lanes, with a reverse rule."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..fold import fold_lanes
from ..lanes import Solve, Tolerance
from ..machine.block import Block
from ..machine.solver import OnArrays, on_lanes
from ..stepper import Rhs, Stepper
from .kernels import Kernels

MARKS = 1
"""The axis of the lanes in the marks that the forward kernel leaves."""


def fused_solver(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, *, interpret: bool) -> Solve:
    """Return the solver in fused kernels whose gradient goes back through the accepted steps.

    Args:
        rhs: derivative of one lane.
        stepper: the method.
        floor: the lowest value of each state.
        tolerance: accuracy and step limit.
        interpret: run the kernels as plain programs, on any device: slow, for tests.

    Raises:
        NotScalarError: when called, if the right-hand side holds something that cannot be taken apart into scalars.
    """
    return on_lanes(rhs, stepper, floor, tolerance, _made(_with_pulls, interpret))


def fused_solver_forward(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, *, interpret: bool
) -> Solve:
    """Return the solver in fused kernels whose tangents run through the accepted steps; all else as above."""
    return on_lanes(rhs, stepper, floor, tolerance, _made(_with_tangents, interpret))


def _made(rule: Callable[[Kernels], OnArrays], interpret: bool) -> Callable[[Block], OnArrays]:
    return lambda block: rule(Kernels(block, interpret))


def _with_tangents(kernels: Kernels) -> OnArrays:
    forward = fold_lanes(kernels.forward, (0,) * 5, 0)
    tangents = fold_lanes(kernels.tangents, (0,) * 8, 0)  # so that columns become lanes

    @jax.custom_jvp
    def solve(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        return forward(y0, numbers, start, stops, u)[:2]

    @solve.defjvp
    def rule(given: tuple, along: tuple) -> tuple[Any, Any]:  # pyright: ignore[reportUnusedFunction]
        states, status, _ = forward(*given)
        d_y0, d_numbers, _, _, d_u = along
        d_states = jnp.where(status[:, None, None] == 0, tangents(*given, d_y0, d_numbers, d_u), 0.0)
        return (states, status), (d_states, np.zeros(status.shape, jax.dtypes.float0))

    return solve


def _with_pulls(kernels: Kernels) -> OnArrays:
    forward = fold_lanes(kernels.forward, (0,) * 5, 0)
    marked = fold_lanes(kernels.marked, (0,) * 5, (0, 0, 0, MARKS))
    back = fold_lanes(kernels.back, (0, MARKS, 0, 0, 0, 0), 0)

    @jax.custom_vjp
    def solve(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        return forward(y0, numbers, start, stops, u)[:2]

    def ahead(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        states, status, tried, marks = marked(y0, numbers, start, stops, u)
        return (states, status), (tried, marks, numbers, stops, u)

    def reverse(kept: tuple, pull: Any) -> tuple[Any, ...]:
        on_y0, on_numbers, on_u = back(*kept, pull[0])
        return on_y0, on_numbers, None, None, on_u

    solve.defvjp(ahead, reverse)
    return solve
