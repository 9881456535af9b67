"""From therapy records to what the lanes travel through: stops, and the inputs of every interval between them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..physiology.inputs import REST, Inputs
from .lanes import Forcing, Route

CHANNELS = Inputs._fields
SHORTEST = 1e-3
"""A volume charted as given at one instant is spread over this many hours."""


def uncharted(therapy: Iterable[Event]) -> list[Event]:
    """Return the events whose amount is a parameter, in order."""
    return [event for event in therapy if event.amount is None]


def route_of(start: float, times: Sequence[float], therapy: Sequence[Event], *, slots: int) -> Route:
    """Return one lane's route (no lane axis) through `times` and every therapy breakpoint after `start`.

    Args:
        start: first time, in health [h].
        times: times to stop at [h]; those before the start are left out.
        therapy: what is given; an uncharted amount takes the next of `slots` places.
        slots: number of uncharted amounts of the cohort's richest patient.
    """
    ends = [(event.start, max(event.end, event.start + SHORTEST)) for event in therapy]
    latest = max(times, default=start)
    breaks = [t for pair in ends for t in pair if start < t < latest]
    stops = np.unique([t for t in (*times, *breaks) if t >= start] or [start])
    middle = (np.concatenate([[start], stops[:-1]]) + stops) / 2
    charted = np.tile(np.array(REST, float), (len(stops), 1))
    share = np.zeros((len(stops), slots, len(CHANNELS)))
    slot = 0
    for event, (begin, end) in zip(therapy, ends, strict=True):
        item = ITEMS[event.item]
        active = (middle >= begin) & (middle < end)
        per_hour = 1.0 if item.kind == "level" else 1.0 / (end - begin)
        effect = per_hour * np.array([item.per_unit.get(channel, 0.0) for channel in CHANNELS])
        if item.kind == "level":  # a level takes the place of the channel's value at rest
            charted[active] -= np.array(REST, float) * (effect != 0)
        if event.amount is None:
            share[active, slot] = effect
            slot += 1
        else:
            charted[active] += event.amount * effect
    return Route(np.asarray(float(start)), stops, Forcing(charted, share))


def stack_routes(routes: Sequence[Route]) -> Route:
    """Return the routes of several lanes as arrays [lane, stop], short ones resting at their last stop."""
    longest = max(len(route.stops) for route in routes)

    def pad(a: np.ndarray) -> np.ndarray:
        return np.concatenate([a, np.repeat(a[-1:], longest - len(a), axis=0)]) if a.ndim else a

    padded = [Route(*(_map(pad, part) for part in route)) for route in routes]
    return _map(lambda *parts: np.stack(parts), *padded)


def _map(fun: Callable, first: Any, *rest: Any) -> Any:
    """Map over the arrays of nested named tuples, without JAX."""
    if isinstance(first, tuple):
        return type(first)(*(_map(fun, *parts) for parts in zip(first, *rest, strict=True)))
    return fun(first, *rest)
