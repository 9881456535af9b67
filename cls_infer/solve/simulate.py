"""One deterministic run of a model: the reference adult, some parameters changed, some therapy given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..cohort.colloid import colloids_given
from ..cohort.records import Event
from ..cohort.scenario import Scenario, read_scenario
from ..errors import InputError, Problem
from ..model.colloid import values_of_colloid
from ..model.load import as_model
from ..model.spec import Model
from .lanes import OK, STATUS_WORDS, Route, Tolerance
from .possible import impossible_parameters, impossible_therapy, impossible_times
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
    model: Model | str | Path,
    *,
    scenario: Scenario | str | None = None,
    changes: Mapping[str, float] | None = None,
    therapy: Sequence[Event] = (),
    hours: float | None = None,
    every: float | None = None,
) -> Simulation:
    """Return the model's course from health at time 0.

    Args:
        model: the name of a shipped model, the path of a model file, or what `load_model` returned.
        scenario: a shipped one by its name, the path of a TOML file, or what `read_scenario` returned. The other
            arguments come on top of it (`changes`, `therapy`) or in its place.
        changes: parameters that differ from the reference adult's, by name, in the model's units.
        therapy: what is given, with every amount charted; a synthetic colloid brings its own numbers.
        hours: how long [h], above 0; 48 without a scenario.
        every: distance of the reported times [h], above 0; 1 without a scenario.

    Raises:
        InputError: no such model or scenario; impossible parameters, times or therapy, uncharted amounts, several
            synthetic colloids.
    """
    story = read_scenario(scenario) if isinstance(scenario, str) else scenario
    length, distance = (story.hours, story.every) if story else (48.0, 1.0)
    length, distance = length if hours is None else hours, distance if every is None else every
    _check_times(length, distance)
    changed = {**(story.changes if story else {}), **(changes or {})}
    given = (*(story.therapy if story else ()), *therapy)
    return simulate_together(as_model(model), [Run(regular_times(length, distance), changed, given)])[0]


def regular_times(hours: float, every: float) -> np.ndarray:
    """Return the times from 0 to `hours` at a distance of `every` [h]."""
    return np.arange(0.0, hours + 1e-9 * every, every)


def simulate_together(model: Model, runs: Sequence[Run]) -> list[Simulation]:
    """Return the simulation of each run: one compiled program, a lane each.

    Raises:
        InputError: no run; unknown parameters or values that are no number; times that do not go forward from 0;
            therapy outside them or without an amount; several synthetic colloids in one run.
    """
    _check(model, runs)
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


def _check_times(hours: float, every: float) -> None:
    problems = [
        Problem(option, f"`{number:g}` is not a time above 0 h", remedy="write hours, such as 48")
        for option, number in (("--hours", hours), ("--every", every))
        if not (number > 0 and np.isfinite(number))
    ]
    if problems:
        raise InputError(problems)


def _check(model: Model, runs: Sequence[Run]) -> None:
    problems = [] if runs else [Problem("simulate", "there is no run", remedy="give at least one")]
    for run in runs:
        untimely = list(impossible_times(run.times))
        problems += [*impossible_parameters(model, run.changes), *untimely]
        problems += [] if untimely else impossible_therapy(run.therapy, float(run.times[-1]))
    if problems:
        raise InputError(problems)
