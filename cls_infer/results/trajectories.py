"""Derived quantities and observables over time, for some of the draws."""

from collections.abc import Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import xarray as xr

from ..inference.evenly import evenly
from ..likelihood.batches import Batches, Pending, trace_in_batches
from ..likelihood.posterior import Posterior
from ..solve.lanes import Route
from ..solve.lattice import quantities_at
from ..solve.plan import start_of, usable
from ..solve.predict import along_route
from ..solve.route import route_of, stack_routes
from ..solve.states import reverse_solver
from .streamed import stream

DIMS = ("chain", "draw", "patient", "point")
POINTS = 121
MOST_DRAWS, FEWEST_DRAWS, MOST_LANES = 400, 40, 20_000


def thinned(draws: int, chains: int, patients: int) -> np.ndarray:
    """Return the numbers of the draws to follow: about 400 in all, fewer where there are many patients."""
    wanted = min(MOST_DRAWS, max(FEWEST_DRAWS, MOST_LANES // patients))
    return evenly(draws, max(1, wanted // chains))


def trace_trajectories(target: Posterior, z: np.ndarray, store: Path | None = None) -> Pending[xr.Dataset]:
    """Return what computes every observable and derived quantity [chain, draw, patient, point] of some draws z.

    Each patient has an own grid of times: `time` [patient, point] in h, evenly from the start in health to
    the last measurement. A volume collected over windows runs on from the start. NaN where a solve failed. What is
    large is written to the `store`, where there is one.
    """
    kept = thinned(z.shape[1], z.shape[0], len(target.plan.patients))
    times = _grids(target)
    routes = [
        route_of(start_of(target.model, p), list(grid), usable(target.model, p), slots=target.plan.slots)
        for p, grid in zip(target.cohort.patients, times, strict=True)
    ]
    return trace_courses(target, z, kept, times, routes, store)


def trace_courses(
    target: Posterior,
    z: np.ndarray,
    kept: np.ndarray,
    times: np.ndarray,
    routes: Sequence[Route],
    store: Path | None = None,
) -> Pending[xr.Dataset]:
    """Return what computes the same of the draws numbered `kept`, at `times` [patient, point] along one route each."""
    few = z[:, kept]
    solve = _trace(target, times, routes, few.reshape(-1, z.shape[-1]))
    coords = {
        "chain": np.arange(z.shape[0]),
        "draw": kept,
        "patient": list(target.plan.patients),
        "time": (("patient", "point"), times, {"unit": "h"}),
    }

    def solved() -> xr.Dataset:
        quantities = {**target.model.observables, **target.model.derived}
        shape = (*few.shape[:2], *times.shape)
        arrays = {name: (DIMS, shape, {"unit": one.unit, **kind_of(target, name)}) for name, one in quantities.items()}
        group = stream("trajectories", arrays, coords, store)
        for _, table in solve():
            group.add({name: table[..., number] for number, name in enumerate(arrays)})
        return group.end()

    return solved


def kind_of(target: Posterior, name: str) -> dict[str, str | float]:
    """Return the kind of quantity, and an observable's noise: what it takes to put scatter on a curve."""
    if name not in target.model.observables:
        return {"kind": "derived"}
    observable = target.model.observables[name]
    noise = observable.noise
    return {
        "kind": "accumulating" if observable.accumulates else "observable",
        "noise": noise.shape,
        "noise_scale": noise.scale,
        "noise_df": noise.df,
        "noise_relative": noise.relative,
    }


def _grids(target: Posterior) -> np.ndarray:
    """Return each patient's times [patient, point]."""
    grids = []
    for patient in target.cohort.patients:
        start = start_of(target.model, patient)
        ends = [m.time for m in patient.measurements if m.variable in target.model.observables]
        grids.append(np.linspace(start, max([*ends, start + 1.0]), POINTS))
    return np.stack(grids)


def _trace(target: Posterior, times: np.ndarray, routes: Sequence[Route], z: np.ndarray) -> Pending[Batches]:
    """Return what computes observables, then derived quantities [draw, patient, point, quantity]."""
    system = target.system
    solve = reverse_solver(system.rhs, system.floor, target.tolerance)
    place = np.stack([np.searchsorted(one.stops, grid) + 1 for one, grid in zip(routes, times, strict=True)])
    route = stack_routes(routes)

    def one(z: jax.Array) -> jax.Array:
        values, amounts = target.pooling.values(target.pooling.coordinates(z))
        along = along_route(system, solve, values, amounts, route)
        return jnp.where((along.status == 0)[:, None, None], quantities_at(system, along, place), jnp.nan)

    return trace_in_batches(one, z, patients=len(times))
