"""This package's solver: its two methods, its two engines."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.solve.fused.solver import Fused, fused_solver
from cls_infer.solve.lanes import OK, Case, Forcing, Route, Tolerance
from cls_infer.solve.machine.block import Block
from cls_infer.solve.machine.block import Problem as Asked
from cls_infer.solve.machine.solver import Machine, machine_solver
from cls_infer.solve.platform import platform
from cls_infer.solve.rosenbrock import ROS34PW2
from cls_infer.solve.states import pointwise, reverse_solver
from cls_infer.solve.stepper import Stepper
from cls_infer.solve.tsit5 import TSIT5

from .problem import Problem
from .solved import Batched, Solved


def route_of(problem: Problem, lanes: int) -> Route:
    """Return the way of the lanes: one input all the way, nothing uncharted."""
    stops, channels = len(problem.times), len(problem.u)
    charted = np.broadcast_to(problem.u, (lanes, stops, channels))
    forcing = Forcing(charted, np.zeros((lanes, stops, 0, channels)))
    return Route(np.full(lanes, problem.start), np.broadcast_to(problem.times, (lanes, stops)), forcing)


def tolerance_of(problem: Problem, rtol: float) -> Tolerance:
    """Return how exactly to solve."""
    return Tolerance(rtol, rtol * problem.atol_share, max_steps=problem.most_steps, first_step=problem.first_step)


def by_machine(problem: Problem, stepper: Stepper, tolerance: Tolerance) -> Callable[..., Solved]:
    """Return `solve(values, rtol)` by code for the processor, or where there is a GPU for that; the tolerance is
    compiled in."""
    made = machine_solver if platform() == "cpu" else partial(fused_solver, emulated=False)
    solver = made(problem.rhs, stepper, problem.floor, tolerance)
    return lambda values, rtol: _solved(problem, solver, _in_health(problem, values))


def _in_health(problem: Problem, values: tuple) -> tuple[jax.Array, jax.Array]:
    """Return where each lane starts and its numbers, computed by what solves it."""
    rows = pointwise(lambda one: jnp.concatenate(problem.prepare(tuple(one))))(jnp.stack(values, axis=1))
    states = problem.floor.size
    return rows[:, :states], rows[:, states:]


def _solved(problem: Problem, solver: Callable, begun: tuple[jax.Array, jax.Array]) -> Solved:
    y0, numbers = begun
    lanes = y0.shape[0]
    states, status = solver(y0, Case(numbers, jnp.zeros((lanes, 0))), route_of(problem, lanes))
    return Solved(states, status == OK)


def _steps(problem: Problem, stepper: Stepper, tolerance: Tolerance) -> Callable[[tuple], Any]:
    def count(values: tuple) -> Any:
        y0, numbers = _in_health(problem, values)
        asked = Asked(problem.rhs, stepper, problem.floor, tolerance, numbers.shape[1], len(problem.u))
        route = route_of(problem, y0.shape[0])
        given = [jnp.asarray(a, float) for a in (route.start, route.stops, route.forcing.charted)]
        block = Block(asked)
        functions = Machine(block) if platform() == "cpu" else Fused(block, emulated=False)
        return functions.call("forward", y0, numbers, *given)[2]

    return count


def contenders(problem: Problem) -> list[Batched]:
    """Return the package's own entries."""
    found = []
    for method, stepper, tolerances in (
        ("ROS34PW2", ROS34PW2, (3e-4, 1e-4, 1e-5, 1e-6)),
        ("Tsit5", TSIT5, (1e-4, 1e-6, 1e-8)),
    ):
        for rtol in tolerances:
            tolerance = tolerance_of(problem, rtol)
            solve, count = by_machine(problem, stepper, tolerance), _steps(problem, stepper, tolerance)
            engine = "machine" if platform() == "cpu" else "fused"
            found.append(Batched(f"{engine} {method}", (rtol,), solve, count=count))
    as_shipped = tolerance_of(problem, 3e-4)._replace(max_steps=Tolerance().max_steps)
    solver = reverse_solver(problem.rhs, problem.floor, as_shipped, engine="xla")
    found.append(
        Batched(
            "xla ROS34PW2", (3e-4,), lambda values, rtol: _solved(problem, solver, jax.vmap(problem.prepare)(values))
        )
    )
    return found
