"""The draws of a run as bodies: all of one patient's solved at once, under any therapy and with parameters set."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Event, Patient
from ..likelihood.posterior import Posterior
from ..solve.lanes import OK, Route
from ..solve.lattice import quantities_at
from ..solve.plan import start_of, usable
from ..solve.predict import along_route
from ..solve.route import changed_route, uncharted
from ..solve.states import reverse_solver
from .body import padded

ROOM = 224
"""Stops that a program has room for, at least."""


class Draws(NamedTuple):
    """One patient's bodies: parameters by name, each [body], and what nobody charted [body, event].

    The last body is of the medians, the others are the draws.
    """

    values: dict[str, np.ndarray]
    amounts: np.ndarray


@dataclass(frozen=True)
class Crowd:
    """The draws z [draw, coordinate] of a target, and its solver, compiled once for each size of route."""

    target: Posterior
    z: np.ndarray
    coordinates: Callable[[np.ndarray, int], jax.Array]
    solved: Callable[[tuple, np.ndarray, Route, np.ndarray], tuple[jax.Array, jax.Array]]

    def draws_of(self, patient: int) -> Draws:
        """Return a patient's bodies."""
        coordinates = self.coordinates(self.z, patient)
        own = np.full(len(self.z), patient)
        values, amounts = jax.tree.map(np.asarray, self.target.pooling.values_of(coordinates, own))
        names = self.target.system.free
        amounts = np.concatenate([amounts, np.median(amounts, axis=0)[None]])
        return Draws({n: np.append(v, np.median(v)) for n, v in zip(names, values, strict=True)}, amounts)

    def spread_of(self, patient: int) -> dict[str, float]:
        """Return how widely each parameter's draws of a patient spread, in standard deviations of its prior."""
        coordinates = np.asarray(self.coordinates(self.z, patient))
        free = [place for place, slot in enumerate(self.target.pooling.slots) if not (slot.is_amount or slot.is_offset)]
        spread = zip(self.target.pooling.parameters, np.std(coordinates[:, free], axis=0), strict=True)
        return {slot.name: float(sd) for slot, sd in spread if slot.size}

    def start(self, patient: Patient, therapy: Sequence[Event]) -> float:
        """Return the first hour, in health: the fit's own, or that of an earlier treatment [h]."""
        return min([start_of(self.target.model, patient), *(event.start for event in therapy)])

    def courses(
        self,
        patient: Patient,
        draws: Draws,
        times: np.ndarray,
        *,
        therapy: Sequence[Event],
        changes: Mapping[str, float],
    ) -> np.ndarray:
        """Return every observable and derived quantity [body, point, quantity], NaN where one cannot be solved.

        Args:
            patient: as charted.
            draws: the patient's bodies.
            times: when to look [h], ascending.
            therapy: what is given from the start on; of what nobody charted, the chart's own events alone.
            changes: parameters set to one number in every body.
        """
        model, slots = self.target.model, self.target.plan.slots
        start, given = self.start(patient, therapy), usable(model, patient)
        instead = usable(model, replace(patient, therapy=tuple(therapy)))
        route = changed_route(start, times.tolist(), given, instead, since=start, slots=slots)
        route, place = padded(route, times, ROOM)
        values = {n: np.full_like(v, changes[n]) if n in changes else v for n, v in draws.values.items()}
        table, status = jax.tree.map(np.asarray, self.solved(tuple(values.values()), draws.amounts, route, place))
        return np.where((status == OK)[:, None, None], table, np.nan)

    def known(self, patient: Patient, draws: Draws, therapy: Sequence[Event]) -> list[Event]:
        """Return what the last body is given: medians in place of what nobody charted."""
        unknown = uncharted(usable(self.target.model, patient))
        medians = draws.amounts[-1]
        return [_known(one, float(medians[unknown.index(one)])) if one in unknown else one for one in therapy]


def _known(event: Event, number: float) -> Event:
    """Return an event with its amount, or with the hours it runs, in place of what is not known."""
    if event.amount is None:
        return replace(event, amount=number)
    in_all = event.by_rate and ITEMS[event.item].kind != "level"
    amount = event.amount * number / (event.end - event.start) if in_all else event.amount
    return replace(event, end=event.start + number, amount=amount, end_sd=0.0, by_rate=False)


def crowd_of(target: Posterior, z: np.ndarray) -> Crowd:
    """Return the crowd of a target's draws z [draw, coordinate]; nothing is compiled yet."""
    system = target.system
    solve = reverse_solver(system.rhs, system.floor, target.tolerance)

    @jax.jit
    def coordinates(z: Any, patient: Any) -> jax.Array:
        return jax.vmap(lambda one: target.pooling.coordinates(one)[patient])(z)

    @jax.jit
    def solved(values: tuple, amounts: Any, route: Route, place: Any) -> tuple[jax.Array, jax.Array]:
        def one(values: tuple, amounts: jax.Array) -> tuple[jax.Array, jax.Array]:
            alone = jax.tree.map(lambda a: a[None], (values, amounts))
            along = along_route(system, solve, alone[0], alone[1], route)
            return quantities_at(system, along, place)[0], along.status[0]

        return jax.vmap(one)(values, amounts)

    return Crowd(target, z, coordinates, solved)
