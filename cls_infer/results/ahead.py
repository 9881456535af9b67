"""The time ahead of each patient of a run: from when to when, under which therapy, with what that was hidden."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite

import numpy as np

from ..cohort.items import ITEMS
from ..cohort.records import Cohort, Event, Measurement, Patient
from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from ..physiology.inputs import REST
from ..solve.lanes import Route
from ..solve.plan import start_of, usable
from ..solve.route import changed_route

AHEAD = 24.0
"""Hours beyond the last measurement that are predicted where nothing else is said and nothing is hidden."""

MOST_POINTS = 5000
"""Times that a prediction may have, of one patient."""


@dataclass(frozen=True)
class Ahead:
    """One patient's time ahead: from `since` to `until` [h], what was seen before, what was hidden and lies within,
    therapy as charted and `instead`, when the simulation starts."""

    patient: Patient
    since: float
    until: float
    start: float
    seen: tuple[Measurement, ...]
    hidden: tuple[Measurement, ...]
    given: Sequence[Event]
    instead: Sequence[Event]

    def through(self, times: Sequence[float], *, slots: int) -> Route:
        """Return the route through some times."""
        return changed_route(self.start, times, self.given, self.instead, since=self.since, slots=slots)

    @property
    def as_charted(self) -> bool:
        """Whether the therapy ahead is that of the chart."""
        charted, instead = ([event for event in some if event.end > self.since] for some in (self.given, self.instead))
        return charted == instead

    def grid(self, every: float) -> np.ndarray:
        """Return the times from `since` to `until` [h], the last one included."""
        times = np.arange(self.since, self.until, every)
        near = times.size > 1 and self.until - times[-1] < 1e-6 * every
        return np.append(times[:-1] if near else times, self.until) if self.until > self.since else times[:0]


def all_ahead(
    target: Posterior,
    whole: Cohort,
    *,
    therapy: Mapping[str, Sequence[Event]],
    since: float | None,
    hours: float | None,
    every: float,
) -> list[Ahead]:
    """Return what is ahead of each patient of a target; `whole` knows what was hidden. Arguments as in `predict`.

    Raises:
        InputError: impossible times.
    """
    _check_options(since, hours, every)
    model, charts = target.model, {patient.name: patient for patient in whole.patients}
    found = []
    for patient in target.cohort.patients:
        last = max(m.time for m in patient.measurements)
        hidden = [m for m in charts[patient.name].measurements if m.variable in model.observables and m.time > last]
        reach = max([AHEAD, *(m.time - last for m in hidden)]) if hours is None else hours
        begin = last if since is None else since
        instead = replace(patient, therapy=tuple(therapy.get(patient.name, patient.therapy)))
        found.append(
            Ahead(
                patient=patient,
                since=begin,
                until=last + reach,
                start=start_of(model, patient),
                seen=tuple(m for m in patient.measurements if m.variable in model.observables),
                hidden=tuple(m for m in hidden if m.time <= last + reach),
                given=usable(model, patient),
                instead=usable(model, instead),
            )
        )
    _check_times(found, every)
    return found


def _check_options(since: float | None, hours: float | None, every: float) -> None:
    problems = []
    if hours is not None and not (hours >= 0 and isfinite(hours)):
        problems.append(Problem("--hours", f"`{hours:g}` is not a length of time", remedy="write hours, such as 48"))
    if not (every > 0 and isfinite(every)):
        problems.append(Problem("--every", f"`{every:g}` is not a time above 0 h", remedy="write hours, such as 1"))
    if since is not None and not isfinite(since):
        problems.append(Problem("--from", f"`{since:g}` is not a time", remedy="write an hour, such as 24"))
    if problems:
        raise InputError(problems)


def _check_times(ahead: Sequence[Ahead], every: float) -> None:
    problems = []
    for one in ahead:
        name = one.patient.name
        if one.since < one.start:
            message = f"{one.since:g} h is before the simulation of `{name}` starts, at {one.start:g} h"
            problems.append(Problem("--from", message, remedy="write a later hour"))
        elif one.since >= one.until:
            message = f"for `{name}` nothing lies between {one.since:g} and {one.until:g} h"
            problems.append(Problem("--hours", message, remedy="predict further, or from an earlier hour"))
        elif (one.until - one.since) / every > MOST_POINTS:
            message = f"`{every:g}` h makes more than {MOST_POINTS:,} times for `{name}`"
            problems.append(Problem("--every", message, remedy="lengthen it"))
    if problems:
        raise InputError(problems)


def notes(target: Posterior, ahead: Sequence[Ahead]) -> list[str]:
    """Return what a reader must know of the therapy ahead."""
    said: dict[str, None] = {}
    for one in ahead:
        new = [event for event in one.instead if event not in one.given and event.end > one.since]
        channels = {channel for event in new for channel in _moved(event)}
        for name, number in target.pooling.held.items():
            channel = target.model.parameters[name].acts_through
            if channel in channels:
                said[f"no patient of the fit was given `{channel}`: `{name}` is held at {number:g}"] = None
    hidden = sum(len(one.hidden) for one in ahead)
    if hidden and not all(one.as_charted for one in ahead):
        said[f"{hidden} hidden measurements are not scored: they were made under the therapy of the chart"] = None
    return list(said)


def _moved(event: Event) -> list[str]:
    """Return the channels that an event moves away from rest."""
    rest, item = REST._asdict(), ITEMS[event.item]
    at_rest = [rest[channel] if item.kind == "level" else 0.0 for channel in item.per_unit]
    moved = zip(item.per_unit.items(), at_rest, strict=True)
    return [c for (c, per_unit), still in moved if event.amount is None or event.amount * per_unit != still]
