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
    middle = _middles(start, stops)
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


def changed_route(
    start: float, times: Sequence[float], given: Sequence[Event], instead: Sequence[Event], *, since: float, slots: int
) -> Route:
    """Return one lane's route under the therapy `given` until `since` [h] and `instead` from then on.

    What runs across that hour is cut there, and goes on at the rate that `instead` has. An uncharted amount of
    `instead` is one of `given`, whose place it takes. Other arguments as in `route_of`.
    """
    latest = max(times, default=start)
    breaks = [t for event in (*given, *instead) for t in (event.start, max(event.end, event.start + SHORTEST))]
    stops = [*times, *(t for t in (since, *breaks) if start < t < latest)]
    before = route_of(start, stops, given, slots=slots)
    after = route_of(start, stops, instead, slots=len(uncharted(instead)))
    places = [uncharted(given).index(event) for event in uncharted(instead)]
    later = _middles(start, before.stops) >= since
    charted, share = before.forcing.charted.copy(), before.forcing.share.copy()
    charted[later], share[later] = after.forcing.charted[later], 0.0
    for own, place in enumerate(places):
        share[later, place] = after.forcing.share[later, own]
    return Route(before.start, before.stops, Forcing(charted, share))


def _middles(start: float, stops: np.ndarray) -> np.ndarray:
    """Return the middle of the way to every stop [stop]."""
    return (np.concatenate([[start], stops[:-1]]) + stops) / 2


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
