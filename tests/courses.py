"""Exact courses of the shipped models: one compiled program a model, shared by every test of the session."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.cohort.records import Event
from cls_infer.model import Model, load_model
from cls_infer.solve.lanes import STATUS_WORDS, Tolerance
from cls_infer.solve.predict import along_route, at_stops
from cls_infer.solve.route import route_of, stack_routes
from cls_infer.solve.states import pointwise, reverse_solver
from cls_infer.solve.system import System

EXACT = Tolerance(rtol=1e-9, atol=1e-11, max_steps=6000)
LANES, STOPS = 8, 64


class Lane(NamedTuple):
    """One course asked for: times [h], parameters that differ from the reference adult's, therapy."""

    times: Sequence[float]
    changes: Mapping[str, float] = {}
    therapy: Sequence[Event] = ()


class Course(NamedTuple):
    """States, and observables with derived quantities, at the times asked for, by name."""

    y: Mapping[str, np.ndarray]
    seen: Mapping[str, np.ndarray]
    status: str


class Healthy(NamedTuple):
    """A model, its parameters, the healthy body that follows from them, and the states of health."""

    model: Model
    p: Any
    h: Any
    y: Any


def in_health(name: str, changes: Mapping[str, float] = {}) -> Healthy:
    """Return the reference adult with changes, found once in a session: outside a program it takes half a second."""
    return _in_health(name, tuple(changes.items()))


@cache
def _in_health(name: str, changes: tuple[tuple[str, float], ...]) -> Healthy:
    model = load_model(name)
    p = model.reference(dict(changes))
    h = model.health(p)
    return Healthy(model, p, h, model.initial(p, h))


def give(item: str, start: float, end: float, amount: float | None) -> Event:
    """Return a therapy event: a total [L], or a level."""
    return Event(item=item, start=start, end=end, amount=amount, row=1)


def whole_system(model: Model) -> System:
    """Return a system in which every number but the exponents is free."""
    reference = model.reference()._asdict()
    held = {name: value for name, value in reference.items() if isinstance(value, int)}
    return System(model, tuple(name for name in reference if name not in held), held)


def values_of(system: System, changes: Sequence[Mapping[str, float]]) -> tuple[jax.Array, ...]:
    """Return the free values [lane] of the reference adult with each lane's changes."""
    lanes = [system.model.reference(c)._asdict() for c in changes]
    return tuple(jnp.array([float(lane[name]) for lane in lanes]) for name in system.free)


def courses(name: str, lanes: Sequence[Lane]) -> list[Course]:
    """Solve up to eight courses of a model in one batch, each with up to 64 stops."""
    system, program = _program(name)
    filled = [*lanes, *[Lane((0.0,))] * (LANES - len(lanes))]
    routes = [route_of(0.0, [float(t) for t in lane.times], lane.therapy, slots=0) for lane in filled]
    # a stack is as long as its longest route: one more, thrown away, gives every call the same shape
    ruler = route_of(0.0, np.arange(STOPS, dtype=float).tolist(), (), slots=0)
    route = jax.tree.map(lambda a: a[:-1], stack_routes([*routes, ruler]))
    y, table, status = jax.tree.map(np.asarray, program(values_of(system, [f.changes for f in filled]), route))
    names = [*system.model.observables, *system.model.derived]
    found = []
    for i, lane in enumerate(lanes):
        rows = np.searchsorted(routes[i].stops, lane.times) + 1
        by_state = dict(zip(system.model.states, y[i, rows].T, strict=True))
        by_name = dict(zip(names, table[i, rows].T, strict=True))
        found.append(Course(by_state, by_name, STATUS_WORDS[int(status[i])]))
    return found


@cache
def _program(name: str) -> tuple[System, Callable[..., Any]]:
    system = whole_system(load_model(name))
    solve = reverse_solver(system.rhs, system.floor, EXACT)

    @jax.jit
    def run(values, route):
        along = along_route(system, solve, values, jnp.zeros((LANES, 0)), route)
        return along.y, at_stops(pointwise(system.quantities), along), along.status

    return system, run
