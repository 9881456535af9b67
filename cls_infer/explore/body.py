"""One body's course, asked for again and again: compiled once, whatever is changed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import isfinite
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError, Problem
from ..likelihood.facts import bucket
from ..model.spec import Model
from ..solve.lanes import OK, STATUS_WORDS, Route
from ..solve.lattice import quantities_at
from ..solve.longer import longer
from ..solve.possible import impossible_parameters, impossible_therapy
from ..solve.predict import along_route
from ..solve.route import resting, route_of, stack_routes
from ..solve.simulate import EXACT, numbers_of_colloid
from ..solve.states import reverse_solver
from ..solve.system import System
from .subject import Setting

POINTS = 241
"""Times of a course: a step of a pixel or two."""

ROOM = 320
"""Stops that a program has room for, at least: those times, and beginnings and ends of 39 treatments."""

LANES = 8
"""Courses that are solved together: machine code takes so many at a time anyway."""

type Solved = Callable[[tuple, Route, np.ndarray], tuple[jax.Array, jax.Array]]


KEPT = 8
"""Programs that are kept, of the whole numbers last chosen."""


@dataclass(frozen=True)
class Body:
    """A model with all its numbers but `whole` ones free: of these `program` makes what is compiled, once for each
    choice of them and each size of route."""

    model: Model
    free: tuple[str, ...]
    whole: tuple[str, ...]
    program: Callable[..., Solved]

    def values(self, setting: Setting) -> dict[str, float]:
        """Return every parameter: as changed, as a synthetic colloid brings it, else the reference adult's."""
        return self.model.reference({**numbers_of_colloid(self.model, setting.therapy), **setting.changes})._asdict()

    def course(self, setting: Setting) -> tuple[np.ndarray, np.ndarray]:
        """Return times [point] in h from 0, in health, and every observable and derived quantity [quantity, point].

        Raises:
            InputError: impossible parameters, times or therapy; values with which the model cannot be solved.
        """
        _check(self.model, setting)
        time, table, status = self._solved(setting, [self.values(setting)])
        if status[0] != OK:
            message = f"the model cannot be solved with these values: {STATUS_WORDS[int(status[0])]}"
            remedy = "change less, or one parameter at a time, to find which of them it is"
            raise InputError([Problem("explore", message, remedy=remedy)])
        return time, table[0]

    def courses(self, setting: Setting, changes: Sequence[Mapping[str, float]]) -> np.ndarray:
        """Return every quantity under each of some changes on top of a setting [change, quantity, point], NaN where
        one cannot be solved.

        Raises:
            InputError: impossible parameters, times or therapy of the setting.
        """
        _check(self.model, setting)
        lanes = [self.values(replace(setting, changes={**setting.changes, **one})) for one in changes]
        found = []
        for begin in range(0, len(lanes), LANES):
            _, table, status = self._solved(setting, lanes[begin : begin + LANES])
            found.append(np.where((status == OK)[:, None, None], table, np.nan))
        return np.concatenate(found) if found else np.zeros((0, 0, POINTS))

    def _solved(
        self, setting: Setting, lanes: Sequence[Mapping[str, float]]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return times [point], quantities [lane, quantity, point] and status [lane] of at most `LANES` bodies."""
        time = np.linspace(0.0, setting.until, POINTS)
        route, place = padded(route_of(0.0, time.tolist(), setting.therapy, slots=0), time)
        values = tuple(longer([float(lane[name]) for lane in lanes], LANES) for name in self.free)
        solved = self.program(*(int(lanes[0][name]) for name in self.whole))  # of all lanes alike
        table, status = jax.tree.map(np.asarray, solved(values, route, place))
        return time, np.moveaxis(table, 1, 2)[: len(lanes)], status[: len(lanes)]


def body_of(model: Model) -> Body:
    """Return the body of a model; nothing is compiled yet."""
    whole = tuple(name for name in model.parameters if model.is_whole(name))
    free = tuple(name for name in model.parameters if name not in whole)

    @lru_cache(maxsize=KEPT)
    def program(*numbers: int) -> Solved:
        return _program(System(model, free, dict(zip(whole, numbers, strict=True))))

    return Body(model, free, whole, program)


def _program(system: System) -> Solved:
    solve = reverse_solver(system.rhs, system.floor, EXACT)

    @jax.jit
    def solved(values: tuple, route: Route, place: Any) -> tuple[jax.Array, jax.Array]:
        route, place = jax.tree.map(lambda a: jnp.repeat(a, LANES, axis=0), (route, place))
        along = along_route(system, solve, values, jnp.zeros((LANES, 0)), route)
        return quantities_at(system, along, place), along.status

    return solved


def padded(route: Route, time: np.ndarray, room: int = ROOM) -> tuple[Route, np.ndarray]:
    """Return a route as that of one lane, resting at its last stop until it has a common size, and the places along
    it of some times [lane, time]: 0 is health at the start."""
    place = np.where(time > route.start, np.searchsorted(route.stops, time) + 1, 0)[None]
    return resting(stack_routes([route]), bucket(max(room, len(route.stops)))), place


def _check(model: Model, setting: Setting) -> None:
    if not (setting.until > 0 and np.isfinite(setting.until)):
        message = f"`{setting.until:g}` is not a time above 0 h"
        raise InputError([Problem("duration", message, remedy="write hours, such as 48")])
    problems: Sequence[Problem] = [
        *impossible_parameters(model, setting.changes),
        *_broken_numbers(model, setting.changes),
        *impossible_therapy(setting.therapy, setting.until),
    ]
    if problems:
        raise InputError(problems)


def _broken_numbers(model: Model, changes: Mapping[str, float]) -> list[Problem]:
    """Return a problem for each changed parameter that the equations need as a whole number, and that is none."""
    return [
        Problem("--set", f"`{name}` is {number:g}", remedy="give a whole number: the equations need one")
        for name, number in changes.items()
        if name in model.parameters and model.is_whole(name) and isfinite(number) and number != int(number)
    ]
