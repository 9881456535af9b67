"""The rules of a batched solve: states at the stops of many lanes, their gradient, and their tangents.

They rest on the functions of `loops`, however these are called: by a processor or a GPU.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..fold import fold_lanes
from ..lanes import Case, Counting, Route, Solve, Tolerance, inputs_along
from ..stepper import Rhs, Stepper
from .block import Block, Problem
from .loops import ARGUMENTS

type _OnArrays = Callable[..., tuple[jax.Array, jax.Array]]


class Functions(NamedTuple):
    """How the functions of a problem are called, on arrays [lane, ...].

    `call(name, *arrays)` returns the results of a function of `loops.ARGUMENTS`; `abreast` says how many may run
    together where it is not the lanes. `rerun(taken, y0, numbers, start, stops, u, pull)` returns what a pull comes
    to from the beginning. Up to `kept` lanes a solve keeps its steps for the gradient; of more lanes the memory would
    grow with them, and they are solved once more on the way back.
    """

    call: Callable[..., Any]
    rerun: Callable[..., Any]
    kept: int


type Made = Callable[[Block], Functions]


def results_of(name: str, arrays: Sequence[Any], journal: tuple[int, ...]) -> Any:
    """Return the shapes of a function's results, by the shapes of what it is given and a lane's journal."""
    given = dict(zip(ARGUMENTS[name], arrays, strict=False))  # the results come last
    lanes, stops = given["u"].shape[:2]
    match name:
        case "forward" | "record":
            count = jax.ShapeDtypeStruct((lanes,), np.int64)
            ends = _floats((lanes, stops, given["y0"].shape[1])), count, count
            return ends if name == "forward" else (*ends, _floats((lanes, *journal)))
        case "tangents":
            columns, states = given["d_y0"].shape[1:]
            return _floats((lanes, columns, stops, states))
        case _:  # both ways back
            return _floats((lanes, given["pull"].shape[2])), _floats(given["numbers"].shape), _floats(given["u"].shape)


def _floats(shape: tuple[int, ...]) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(shape, np.float64)


def with_pulls(made: Made, rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver whose gradient goes back through the steps, of the functions made for a block."""
    return _on_lanes(rhs, stepper, floor, tolerance, lambda block: _pulled(made(block)))


def with_tangents(made: Made, rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Solve:
    """Return the solver whose tangents run through the steps, of the functions made for a block."""
    return _on_lanes(rhs, stepper, floor, tolerance, lambda block: _carried(made(block)))


def with_counts(made: Made, rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance) -> Counting:
    """Return the solver that counts its steps, of the functions made for a block."""
    return _on_lanes(
        rhs,
        stepper,
        floor,
        tolerance,
        lambda block: fold_lanes(partial(made(block).call, "forward"), (0, 0, 0, 0, 0), 0),
    )


def _on_lanes(
    rhs: Rhs, stepper: Stepper, floor: np.ndarray, tolerance: Tolerance, made: Callable[[Block], Callable[..., Any]]
) -> Callable[..., Any]:
    @cache
    def solver(numbers: int, channels: int) -> Callable[..., Any]:
        return made(Block(Problem(rhs, stepper, floor, tolerance, numbers, channels)))

    def solve(y0: Any, case: Case, route: Route) -> Any:
        u = inputs_along(route.forcing, case.amounts)
        start, stops = jnp.asarray(route.start, float), jnp.asarray(route.stops, float)
        return solver(case.numbers.shape[1], u.shape[2])(y0, case.numbers, start, stops, u)

    return solve


def _carried(functions: Functions) -> _OnArrays:
    forward = fold_lanes(partial(functions.call, "forward"), (0, 0, 0, 0, 0), 0)
    record = fold_lanes(partial(functions.call, "record"), (0, 0, 0, 0, 0), 0)
    carried = _over_columns(functions)

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


def _over_columns(functions: Functions) -> Callable[..., jax.Array]:
    """Return the tangents along one direction [lane, stop, state]; several become the columns of one call."""

    def tangents(*given: Any) -> jax.Array:
        return functions.call("tangents", *given, abreast=given[-1].shape[1])

    def one(taken: Any, journal: Any, numbers: Any, u: Any, *along: Any) -> jax.Array:
        return tangents(taken, journal, numbers, u, *(d[:, None] for d in along))[:, 0]

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
        return jnp.moveaxis(tangents(*given[:4], *columns), 1, 0), True

    return several


def _pulled(functions: Functions) -> _OnArrays:
    forward = fold_lanes(partial(functions.call, "forward"), (0, 0, 0, 0, 0), 0)
    record = fold_lanes(partial(functions.call, "record"), (0, 0, 0, 0, 0), 0)
    unwind = fold_lanes(partial(functions.call, "unwind"), (0, 0, 0, 0, 0), 0)
    rerun = fold_lanes(functions.rerun, (0, 0, 0, 0, 0, 0, 0), 0)

    @jax.custom_vjp
    def solve(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        return forward(y0, numbers, start, stops, u)[:2]

    def ahead(y0: Any, numbers: Any, start: Any, stops: Any, u: Any) -> tuple[Any, Any]:
        given = (y0, numbers, start, stops, u)
        if len(y0) > functions.kept:
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
