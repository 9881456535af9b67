"""The one primitive: states at the stops of many lanes, with a reverse rule and forward tangents."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any, Literal
from warnings import warn

import jax
import jax.numpy as jnp
import numpy as np

from .fold import fold_lanes
from .fused.solver import fused_solver, fused_solver_counting, fused_solver_forward
from .grid import on_grid
from .lanes import (
    Case,
    Counting,
    Journey,
    Route,
    Solve,
    Tolerance,
    check_lanes,
    check_route,
    check_tolerance,
    with_room,
)
from .machine.cells import NotScalarError
from .machine.pointwise import machine_pointwise, machine_pointwise_forward
from .machine.solver import machine_solver, machine_solver_counting, machine_solver_forward
from .platform import platform
from .replay import replay, unwind
from .rosenbrock import ROS34PW2
from .stepper import Rhs, Stepper
from .travel import arrive, travel
from .tsit5 import TSIT5

LOG_AXES = Journey(0, 0, -1, 1, 1, 1, 1, 1, 1)

FINE = 1e-7
"""Below this relative error a step the order of the explicit pair pays; above it the steps are limited by
stability, and those of the implicit pair are not."""

type Engine = Literal["auto", "machine", "fused", "xla"]
"""By what lanes are solved: `machine` code for the processor; kernels `fused` for a GPU, a lane's whole way in one;
`xla` for whatever device there is. `auto` takes machine code on a processor and fused kernels on a GPU, unless the
right-hand side holds something that cannot be taken apart into scalars. On a processor fused kernels are emulated,
one lane after the other, to test them."""

BEST = {"cpu": "machine", "gpu": "fused"}
"""The engine that `auto` tries first, by platform; XLA on any other."""


STEPPERS = {"tsit5": TSIT5, "ros34pw2": ROS34PW2, "grid": on_grid(ROS34PW2)}


def stepper_for(tolerance: Tolerance) -> Stepper:
    """Return the method that is asked for, else the one that needs the least work at this tolerance."""
    if tolerance.method != "auto":
        return STEPPERS[tolerance.method]
    return TSIT5 if tolerance.rtol < FINE else ROS34PW2


def reverse_solver(rhs: Rhs, floor: np.ndarray, tolerance: Tolerance, *, engine: Engine = "auto") -> Solve:
    """Return the solver whose gradient goes back through the accepted steps: cost independent of parameters.

    Args:
        rhs: derivative of one lane.
        floor: the lowest value of each state.
        tolerance: accuracy and step limit.
        engine: by what the lanes are solved.

    Raises:
        InputError: a tolerance that is not above 0; when called, no lanes, or stops that do not go forward.
    """
    by = {"machine": machine_solver, "fused": fused_solver, "xla": batched_solver}
    return _solver(engine, by, rhs, floor, tolerance)


def forward_solver(rhs: Rhs, floor: np.ndarray, tolerance: Tolerance, *, engine: Engine = "auto") -> Solve:
    """Return the solver whose tangents run through the accepted steps, with the step sizes held.

    For Jacobians: d states / d parameters, all columns side by side. Arguments as above.
    """
    by = {"machine": machine_solver_forward, "fused": fused_solver_forward, "xla": batched_solver_forward}
    return _solver(engine, by, rhs, floor, tolerance)


def counting_solver(rhs: Rhs, floor: np.ndarray, tolerance: Tolerance, *, engine: Engine = "auto") -> Counting:
    """Return the solver that also says how many steps of each lane it tried. Arguments as above; no gradient."""
    by = {"machine": machine_solver_counting, "fused": fused_solver_counting, "xla": batched_solver_counting}
    return _solver(engine, by, rhs, floor, tolerance)


def pointwise(fun: Callable[..., jax.Array], *, engine: Engine = "auto") -> Callable[..., jax.Array]:
    """Return a function of one lane for arrays of many lanes, with its gradient; XLA fuses it by itself."""
    xla = partial(jax.vmap, fun)
    return _chosen(engine, machine=lambda: machine_pointwise(fun), fused=xla, xla=xla)


def pointwise_forward(fun: Callable[..., jax.Array], *, engine: Engine = "auto") -> Callable[..., jax.Array]:
    """Return the same with its tangents, all columns side by side."""
    xla = partial(jax.vmap, fun)
    return _chosen(engine, machine=lambda: machine_pointwise_forward(fun), fused=xla, xla=xla)


def _solver(
    engine: Engine, by: Mapping[str, Callable[..., Any]], rhs: Rhs, floor: np.ndarray, tolerance: Tolerance
) -> Callable[..., Any]:
    """Return the solver that the engine's own function makes of the problem; it refuses to solve no lanes."""
    check_tolerance(tolerance)

    @cache
    def made(tolerance: Tolerance) -> Callable[..., Any]:
        problem = rhs, stepper_for(tolerance), floor, tolerance
        return _chosen(
            engine,
            machine=lambda: by["machine"](*problem),
            fused=lambda: by["fused"](*problem, emulated=platform() == "cpu"),
            xla=lambda: by["xla"](*problem),
        )

    def checked(y0: jax.Array, case: Case, route: Route) -> Any:
        check_lanes(y0)
        check_route(route.start, route.stops)
        return made(with_room(tolerance, route.stops.shape[1]))(y0, case, route)

    return checked


def _chosen[F: Callable](engine: Engine, **by: Callable[[], F]) -> F | Callable[..., Any]:
    """Return what the engine's own function makes; for `auto`, that of the platform's best, and XLA if it cannot."""
    if engine != "auto":
        return by[engine]()
    best, xla = by[BEST.get(platform(), "xla")](), by["xla"]()

    def first_that_can(*given: Any) -> Any:
        try:
            return best(*given)
        except NotScalarError as cannot:
            warn(f"solved by XLA, some ten times slower: {cannot}", stacklevel=2)
            return xla(*given)

    return first_that_can


def batched_solver(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver by XLA, whose gradient replays the accepted steps backwards.

    Where no gradient is asked for no step is kept.
    """
    go = fold_lanes(
        lambda y0, case, route: travel(rhs, stepper, floor, tolerance, y0, case, route), (0, 0, 0), LOG_AXES
    )
    only_states = fold_lanes(
        lambda y0, case, route: arrive(rhs, stepper, floor, tolerance, y0, case, route), (0, 0, 0), (0, 0)
    )
    back = fold_lanes(
        lambda case, route, journey, pull: unwind(rhs, stepper, case, route, journey, pull),
        (0, 0, LOG_AXES, 0),
        (0, 0),
    )

    @jax.custom_vjp
    def solve(y0: Any, case: Case, route: Route) -> tuple[Any, jax.Array]:
        return only_states(y0, case, route)

    def forward(y0: Any, case: Case, route: Route) -> tuple[Any, Any]:
        journey = go(y0, case, route)
        return (journey.at_stops, journey.status), (case, route, journey)

    def reverse(kept: Any, pull: Any) -> tuple[Any, Any, None]:
        pull_y0, pull_case = back(*kept, pull[0])
        return pull_y0, pull_case, None

    solve.defvjp(forward, reverse)
    return solve


def batched_solver_counting(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Counting:
    """Return the solver by XLA that counts steps: those a lane accepted, for it tries them together with others."""

    def solve(y0: Any, case: Case, route: Route) -> tuple[Any, jax.Array, jax.Array]:
        journey = travel(rhs, stepper, floor, tolerance, y0, case, route)
        return journey.at_stops, journey.status, jnp.sum(journey.h > 0, axis=0)

    return solve


def batched_solver_forward(rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver by XLA, whose tangents replay the accepted steps a few columns at a time."""

    def solve(y0: Any, case: Case, route: Route) -> tuple[Any, jax.Array]:
        held = jax.lax.stop_gradient(travel(rhs, stepper, floor, tolerance, *jax.lax.stop_gradient((y0, case)), route))
        states = replay(rhs, stepper, y0, case, route, held)
        return jnp.where(held.status[:, None, None] == 0, states, held.at_stops), held.status

    return solve
