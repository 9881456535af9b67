"""All runs of one model in one batch: one compiled program a model."""

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.scenario import Scenario
from ..errors import InputError, Problem
from ..model import Model
from ..solve.lanes import STATUS_WORDS
from ..solve.predict import along_route
from ..solve.route import route_of, stack_routes
from ..solve.simulate import EXACT, Simulation
from ..solve.states import reverse_solver
from ..solve.system import System
from .fits import units_of


def simulate_together(model: Model, runs: Mapping[str, Scenario], hours: Mapping[str, Sequence[float]]) -> dict:
    """Return the simulation of each run, by name, with the model's states among its columns.

    Args:
        model: the model.
        runs: what to simulate; each starts in health at time 0.
        hours: of each run, times [h] to stop at beside its regular ones.

    Raises:
        InputError: a run cannot be solved.
    """
    reference = model.reference()._asdict()
    held = {name: value for name, value in reference.items() if isinstance(value, int)}
    system = System(model, tuple(name for name in reference if name not in held), held)
    times = {name: _times(run, hours[name]) for name, run in runs.items()}
    routes = [route_of(0.0, times[name].tolist(), run.therapy, slots=0) for name, run in runs.items()]
    y, table, status = _solve(system, [run.changes for run in runs.values()], stack_routes(routes))
    units = units_of(model)
    columns_of = [*model.states, *model.observables, *model.derived]
    simulations = {}
    for i, (name, route) in enumerate(zip(runs, routes, strict=True)):
        rows = np.searchsorted(np.asarray(route.stops), times[name]) + 1
        values = np.concatenate([y[i, rows], table[i, rows]], axis=-1)
        # an observable takes the place of a state of the same name
        columns = {column: (units[column], values[:, k]) for k, column in enumerate(columns_of)}
        simulations[name] = Simulation(times[name], columns, STATUS_WORDS[int(status[i])])
    problems = [
        Problem(name, f"`{model.name}` cannot be solved: {one.status}", remedy="change less")
        for name, one in simulations.items()
        if not one.ok
    ]
    if problems:
        raise InputError(problems)
    return simulations


def _times(run: Scenario, hours: Sequence[float]) -> np.ndarray:
    return np.unique([*np.arange(0.0, run.hours + 1e-9 * run.every, run.every), *hours])


def _solve(system: System, changes: Sequence[Mapping[str, float]], route) -> tuple[np.ndarray, ...]:
    """Return states and quantities [lane, stop, name], and how each lane ended."""
    lanes = [system.model.reference(one)._asdict() for one in changes]
    values = tuple(jnp.array([float(lane[name]) for lane in lanes]) for name in system.free)
    solve = reverse_solver(system.rhs, system.floor, EXACT)

    def look(t, y, numbers, u):
        return jnp.concatenate([system.observe(t, y, numbers, u), system.derive(t, y, numbers, u)])

    @jax.jit
    def run(values, route):
        along = along_route(system, solve, values, jnp.zeros((len(lanes), 0)), route)
        table = jax.vmap(jax.vmap(look, in_axes=(0, 0, None, 0)))(along.t, along.y, along.numbers, along.u)
        return along.y, table, along.status

    return jax.tree.map(np.asarray, run(values, route))
