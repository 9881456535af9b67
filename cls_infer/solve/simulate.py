"""One deterministic run of a model: the reference adult, some parameters changed, some therapy given."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.colloid import colloids_given
from ..cohort.records import Event
from ..errors import InputError, Problem
from ..model.colloid import values_of_colloid
from ..model.spec import Model
from .lanes import OK, STATUS_WORDS, Route, Tolerance
from .predict import along_route, at_stops
from .route import route_of, stack_routes
from .states import pointwise, reverse_solver
from .system import System

EXACT = Tolerance(rtol=1e-8, atol=1e-10, max_steps=20_000)
"""One run can afford to be exact: what is printed is the model, not the solver."""


@dataclass(frozen=True)
class Simulation:
    """Times [h] and every observable and derived quantity: name -> (unit, values [time]); the model's `states` alike;
    `status` in words."""

    time: np.ndarray
    columns: dict[str, tuple[str, np.ndarray]]
    states: dict[str, tuple[str, np.ndarray]]
    status: str

    @property
    def ok(self) -> bool:
        """True when the whole time was solved."""
        return self.status == STATUS_WORDS[OK]


class Run(NamedTuple):
    """What to simulate: times [h] from 0 on, parameters that differ from the reference adult's, therapy."""

    times: Sequence[float] | np.ndarray
    changes: Mapping[str, float] = {}
    therapy: Sequence[Event] = ()


def simulate(
    model: Model,
    *,
    changes: Mapping[str, float] | None = None,
    therapy: Sequence[Event] = (),
    hours: float = 48.0,
    every: float = 1.0,
) -> Simulation:
    """Return the model's course from health at time 0.

    Args:
        model: the model.
        changes: parameters that differ from the reference adult's, by name.
        therapy: what is given, with every amount charted; a synthetic colloid brings its own numbers.
        hours: how long [h], above 0.
        every: distance of the reported times [h], above 0.

    Raises:
        InputError: unknown parameters, impossible times, uncharted amounts, several synthetic colloids.
    """
    changes = dict(changes or {})
    _check(model, changes, therapy, hours, every)
    return simulate_together(model, [Run(regular_times(hours, every), changes, therapy)])[0]


def regular_times(hours: float, every: float) -> np.ndarray:
    """Return the times from 0 to `hours` at a distance of `every` [h]."""
    return np.arange(0.0, hours + 1e-9 * every, every)


def simulate_together(model: Model, runs: Sequence[Run]) -> list[Simulation]:
    """Return the simulation of each run: one compiled program, a lane each.

    Raises:
        InputError: several synthetic colloids in one run.
    """
    own = [{**numbers_of_colloid(model, run.therapy), **run.changes} for run in runs]
    lanes = [model.reference(changes)._asdict() for changes in own]
    first, *others = lanes
    held = {n: v for n, v in first.items() if isinstance(v, int) and all(lane[n] == v for lane in others)}
    system = System(model, tuple(name for name in first if name not in held), held)
    routes = [route_of(0.0, [float(t) for t in run.times], run.therapy, slots=0) for run in runs]
    solve = reverse_solver(system.rhs, system.floor, EXACT)

    @jax.jit
    def solved(values: tuple, route: Route) -> tuple[jax.Array, ...]:
        along = along_route(system, solve, values, jnp.zeros((len(runs), 0)), route)
        return along.y, at_stops(pointwise(system.quantities), along), along.status

    values = tuple(jnp.array([float(lane[name]) for lane in lanes]) for name in system.free)
    y, table, status = jax.tree.map(np.asarray, solved(values, stack_routes(routes)))
    quantities = {**model.observables, **model.derived}
    simulations = []
    for i, (run, route) in enumerate(zip(runs, routes, strict=True)):
        rows = np.searchsorted(np.asarray(route.stops), run.times) + 1
        columns = {name: (one.unit, table[i, rows, k]) for k, (name, one) in enumerate(quantities.items())}
        states = {name: (one.unit, y[i, rows, k]) for k, (name, one) in enumerate(model.states.items())}
        simulations.append(Simulation(np.asarray(run.times, float), columns, states, STATUS_WORDS[int(status[i])]))
    return simulations


def numbers_of_colloid(model: Model, therapy: Sequence[Event]) -> dict[str, float]:
    """Return the parameters that the synthetic colloid given sets; the model knows one.

    Raises:
        InputError: several are given.
    """
    names = colloids_given(therapy) if "colloid" in model.channels else []
    if len(names) > 1:
        message = f"{' and '.join(f'`{name}`' for name in names)} are given: a model knows one colloid"
        raise InputError([Problem("therapy", message, remedy="keep one of them")])
    return values_of_colloid(model, names[0]) if names else {}


def _check(model: Model, changes: dict, therapy: Sequence[Event], hours: float, every: float) -> None:
    problems = []
    for name in changes:
        if name not in model.parameters:
            near = difflib.get_close_matches(name, model.parameters, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"`cls-infer models {model.name}` lists them"
            problems.append(Problem("--set", f"`{model.name}` has no parameter `{name}`", remedy=remedy))
    if not (hours > 0 and np.isfinite(hours)):
        problems.append(Problem("--hours", f"`{hours:g}` is not a time above 0"))
    if not (every > 0 and np.isfinite(every)):
        problems.append(Problem("--every", f"`{every:g}` is not a time above 0"))
    for event in therapy:
        if event.amount is None:
            problems.append(
                Problem("therapy", f"`{event.item}` has no amount", row=event.row, remedy="a simulation needs one")
            )
    if problems:
        raise InputError(problems)
