"""The one primitive: states at the stops of many lanes, with a reverse rule and forward tangents."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .fold import fold_lanes
from .lanes import Case, Journey, Route, Tolerance
from .replay import replay, unwind
from .step import Rhs
from .travel import travel

LOG_AXES = Journey(0, 0, -1, 1, 1, 1, 1, 1)

type Solve = Callable[[jax.Array, Case, Route], tuple[jax.Array, jax.Array]]
"""states [lane, stop, state] and status [lane] from y0 [lane], case [lane] and route [lane]."""


def reverse_solver(rhs: Rhs, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver whose gradient replays the accepted steps backwards: cost independent of parameters."""
    go = fold_lanes(lambda y0, case, route: travel(rhs, floor, tolerance, y0, case, route), (0, 0, 0), LOG_AXES)
    back = fold_lanes(
        lambda case, route, journey, pull: unwind(rhs, case, route, journey, pull),
        (0, 0, LOG_AXES, 0),
        (0, 0),
    )

    @jax.custom_vjp
    def solve(y0: Any, case: Case, route: Route) -> tuple[Any, jax.Array]:
        journey = go(y0, case, route)
        return journey.at_stops, journey.status

    def forward(y0: Any, case: Case, route: Route) -> tuple[Any, Any]:
        journey = go(y0, case, route)
        return (journey.at_stops, journey.status), (case, route, journey)

    def reverse(kept: Any, pull: Any) -> tuple[Any, Any, None]:
        pull_y0, pull_case = back(*kept, pull[0])
        return pull_y0, pull_case, None

    solve.defvjp(forward, reverse)
    return solve


def forward_solver(rhs: Rhs, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver whose tangents run through the accepted steps, with the step sizes held.

    For Jacobians: d states / d parameters, a few columns at a time.
    """

    def solve(y0: Any, case: Case, route: Route) -> tuple[Any, jax.Array]:
        held = jax.lax.stop_gradient(travel(rhs, floor, tolerance, *jax.lax.stop_gradient((y0, case)), route))
        states = replay(rhs, y0, case, route, held)
        return jnp.where(held.status[:, None, None] == 0, states, held.at_stops), held.status

    return solve
