"""From therapy records to what the lanes travel through: stops, and the inputs of every interval between them."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..physiology.inputs import REST, Inputs
from .lanes import Ends, Forcing, Route
from .longer import longer

CHANNELS = Inputs._fields
SHORTEST = 1e-3
"""A volume charted as given at one instant is spread over this many hours."""


def uncharted(therapy: Iterable[Event]) -> list[Event]:
    """Return the events whose amount or end is a parameter, in order."""
    return [event for event in therapy if event.amount is None or event.end_sd]


def route_of(start: float, times: Sequence[float], therapy: Sequence[Event], *, slots: int) -> Route:
    """Return one lane's route (no lane axis) through `times` and every therapy breakpoint after `start`.

    Args:
        start: first time, in health [h].
        times: times to stop at [h]; those before the start are left out.
        therapy: what is given; an uncharted amount or end takes the next of `slots` places.
        slots: number of uncharted amounts and ends of the cohort's richest patient.
    """
    latest = max(times, default=start)
    parameters = uncharted(therapy)
    certain = [event for event in therapy if not event.end_sd]
    ends = [(event.start, max(event.end, event.start + SHORTEST)) for event in certain]
    starts = [event.start for event in parameters]
    breaks = [t for t in (*(t for pair in ends for t in pair), *starts) if start < t < latest]
    stops = np.unique([t for t in (*times, *breaks) if t >= start] or [start])
    middle = _middles(start, stops)
    charted = np.tile(np.array(REST, float), (len(stops), 1))
    share = np.zeros((len(stops), slots, len(CHANNELS)))
    for event, (begin, end) in zip(certain, ends, strict=True):
        active = (middle >= begin) & (middle < end)
        per_hour = 1.0 if ITEMS[event.item].kind == "level" else 1.0 / (end - begin)
        effect = per_hour * per_unit(event.item)
        charted[active] -= _rest(event)
        if event.amount is None:
            share[active, parameters.index(event)] = effect
        else:
            charted[active] += event.amount * effect
    return Route(np.asarray(float(start)), stops, Forcing(charted, share), _ends(start, latest, therapy, slots))


def per_unit(item: str) -> np.ndarray:
    """Return what one unit of an item brings to each channel [channel]."""
    return np.array([ITEMS[item].per_unit.get(channel, 0.0) for channel in CHANNELS])


def _rest(event: Event) -> np.ndarray:
    """Return the values at rest whose place a level takes [channel]."""
    return np.array(REST, float) * (per_unit(event.item) != 0) * (ITEMS[event.item].kind == "level")


def _ends(start: float, latest: float, therapy: Sequence[Event], slots: int) -> Ends:
    """Return what runs for a time that is a parameter; another of the same level ends it at the latest."""
    nothing = np.zeros((slots, len(CHANNELS)))
    at_start = np.full(slots, float(start))
    ends = Ends(np.zeros(slots, bool), at_start, at_start.copy(), nothing, nothing.copy())
    for slot, event in enumerate(uncharted(therapy)):
        if not event.end_sd:
            continue
        assert event.amount is not None  # the reader refuses the one with the other
        level = ITEMS[event.item].kind == "level"
        others = [one.start for one in therapy if level and one.item == event.item and one.start > event.start]
        effect = event.amount * per_unit(event.item)
        ends.uncertain[slot] = True
        ends.begin[slot] = min(event.start, latest)
        ends.until[slot] = min([latest, *others])
        if event.by_rate:
            ends.hourly[slot] = (effect if level else effect / (event.end - event.start)) - _rest(event)
        else:
            ends.total[slot] = effect
    return ends


def changed_route(
    start: float, times: Sequence[float], given: Sequence[Event], instead: Sequence[Event], *, since: float, slots: int
) -> Route:
    """Return one lane's route under the therapy `given` until `since` [h] and `instead` from then on.

    What runs across that hour is cut there, and goes on at the rate that `instead` has. An uncharted amount or end
    of `instead` is one of `given`, whose place it takes. Other arguments as in `route_of`.
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
    ends = before.ends
    assert ends is not None  # those of one lane are always there
    stopped = [slot not in places for slot in range(slots)]
    ends = ends._replace(until=np.where(stopped, np.minimum(ends.until, since), ends.until))
    return Route(before.start, before.stops, Forcing(charted, share), ends)


def _middles(start: float, stops: np.ndarray) -> np.ndarray:
    """Return the middle of the way to every stop [stop]."""
    return (np.concatenate([[start], stops[:-1]]) + stops) / 2


def stack_routes(routes: Sequence[Route]) -> Route:
    """Return the routes of several lanes as arrays [lane, stop], short ones resting at their last stop.

    Where every end is known there are no `ends`.
    """
    longest = max(len(route.stops) for route in routes)
    stacked = _map(lambda *lanes: np.stack(lanes), *(resting(route, longest, axis=0) for route in routes))
    return stacked if stacked.ends is not None and stacked.ends.uncertain.any() else stacked._replace(ends=None)


def resting(route: Route, stops: int, *, axis: int = 1) -> Route:
    """Return a route of so many stops along an axis, resting at its last: 1 where lanes come first, 0 of one lane."""
    along = partial(longer, size=stops, axis=axis)
    return route._replace(stops=along(route.stops), forcing=_map(along, route.forcing))


def _map(fun: Callable, first: Any, *rest: Any) -> Any:
    """Map over the arrays of nested named tuples, without JAX."""
    if first is None:
        return None
    if isinstance(first, tuple):
        return type(first)(*(_map(fun, *parts) for parts in zip(first, *rest, strict=True)))
    return fun(first, *rest)
