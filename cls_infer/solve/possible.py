"""What can be simulated: parameters that are numbers, times that go forward, therapy within them."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

import numpy as np

from ..cohort.items import ITEMS
from ..cohort.names import did_you_mean
from ..cohort.records import Event
from ..errors import Problem
from ..model.spec import Model


def impossible_parameters(model: Model, changes: Mapping[str, float]) -> Iterator[Problem]:
    """Yield names that the model does not have, and values that are no finite number."""
    for name, value in changes.items():
        if name not in model.parameters:
            near = difflib.get_close_matches(name, model.parameters, n=1)
            remedy = f"did you mean `{near[0]}`?" if near else f"`cls-infer models {model.name}` lists them"
            yield Problem("--set", f"`{model.name}` has no parameter `{name}`", remedy=remedy)
        elif not isfinite(value):
            remedy = f"give a finite number; the reference adult has {model.reference_value(name):g}"
            yield Problem("--set", f"`{name}` is {value:g}", remedy=remedy)


def impossible_times(times: Sequence[float] | np.ndarray) -> Iterator[Problem]:
    """Yield the first of the times [h] that cannot be reached going forward from 0."""
    if not len(times):
        yield Problem("times", "there is none", remedy="give at least one hour to look at")
    before = -1.0
    for place, time in enumerate(map(float, times), start=1):
        wrong = ""
        if not isfinite(time) or time < 0:
            wrong, remedy = f"{time:g} h is not a time from 0 h on", "the simulation starts in health at 0 h"
        elif time <= before:
            what = "is there twice" if time == before else f"comes after {before:g} h"
            wrong, remedy = f"{time:g} h {what}", "give every time once, in order"
        if wrong:
            yield Problem("times", f"number {place}: {wrong}", remedy=remedy)
            return
        before = time


def impossible_therapy(therapy: Sequence[Event], hours: float) -> Iterator[Problem]:
    """Yield what cannot be given within a simulation from 0 to `hours`."""
    for event in therapy:
        broken = list(broken_event(event, "therapy"))
        yield from broken
        if not broken and not 0 <= event.start < hours:
            found = f"`{event.item}` starts at {event.start:g} h, outside the simulated 0 to {hours:g} h"
            yield Problem("therapy", found, event.row, "correct the time, leave it out, or simulate longer")
        if event.amount is None:
            yield Problem("therapy", f"`{event.item}` has no amount", event.row, "a simulation needs one")
        if event.end_sd:
            yield Problem(
                "therapy", f"`{event.item}` has an uncertain end", event.row, "a simulation needs a known one"
            )


def broken_event(event: Event, where: str) -> Iterator[Problem]:
    """Yield what makes a treatment mean nothing: an item nobody knows, no numbers, an end before its start."""
    numbers = [number for number in (event.start, event.end, event.amount, event.end_sd) if number is not None]
    if event.item not in ITEMS:
        yield Problem(where, f"unknown item `{event.item}`", event.row, did_you_mean(event.item, ITEMS))
    elif not all(map(isfinite, numbers)):
        found = f"`{event.item}` from {event.start:g} to {event.end:g} h, amount {event.amount}"
        yield Problem(where, found, event.row, "give finite numbers")
    elif event.end < event.start:
        found = f"`{event.item}` ends at {event.end:g} h, before it starts at {event.start:g} h"
        yield Problem(where, found, event.row, "swap the two")
    elif event.end_sd and not 0 < event.end_sd < event.end - event.start:
        found = f"`{event.item}` runs for {event.end - event.start:g} h, its end uncertain by {event.end_sd:g} h"
        yield Problem(where, found, event.row, "give an `end_sd` from 0 to below the length")
    elif event.end_sd and event.amount is None:
        found = f"`{event.item}` has neither an amount nor a certain end"
        yield Problem(where, found, event.row, "give one of them")
