"""A run explored: each patient's posterior, under the therapy of the chart or whatever a reader writes in its place."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import inf, isfinite

import numpy as np
import xarray as xr

from ..errors import InputError, Problem
from ..model.spec import Model
from ..results.ahead import AHEAD
from ..results.kept import target_again, whole_cohort
from ..solve.plan import usable
from ..solve.possible import broken_event, impossible_parameters
from .controls import Control, controls_of, holding
from .crowd import Crowd, crowd_of
from .given import idle
from .of_model import MOST_FIRST
from .person import Person, person_of
from .subject import LEVELS, Answer, Opening, Quantity, Setting, Words
from .written import scenario_toml

POINTS = 161
"""Times of a course."""


@dataclass(frozen=True)
class RunSubject:
    """The patients of a run; a choice is the name of one."""

    tree: xr.DataTree
    crowd: Crowd
    name: str
    person: Callable[[str], Person]

    words = Words(
        choice="Patient",
        reference="therapy as charted",
        export="A scenario holds one body: the medians of this patient's posterior, amounts nobody charted included, "
        "from health at 0 h. Its course is the dotted line, not the bands.",
        bands=True,
    )

    @property
    def model(self) -> Model:
        """The model fitted."""
        return self.crowd.target.model

    @property
    def heading(self) -> str:
        """The run, its data set and its model."""
        return f"{self.name}: {self.tree.attrs['cohort']} by {self.model.name}"

    @property
    def choices(self) -> dict[str, str]:
        """The patients."""
        return {name: name for name in self.crowd.target.plan.patients}

    def open(self, choice: str) -> Opening:
        """Return a patient as charted; the parameters that the data told most of come first.

        Raises:
            InputError: this version computes the run otherwise than the one that fitted it.
        """
        person = self.person(choice)
        known = controls_of(self.model, person.patient.known)
        covariates = ", ".join(f"{name} {value}" for name, value in person.patient.covariates.items())
        return Opening(
            words=f"{choice}: {len(person.measured.measurements)} measurements. {covariates}",
            controls=tuple(_posterior(one, person) for one in known if one.name in person.draws.values),
            first=self._told(choice),
            first_word="What the data told most of",
            setting=Setting({}, person.patient.therapy, person.last + AHEAD),
            shown_from=person.shown_from,
            measured=person.measured.measurements,
            hidden_after=inf if (until := self.tree.attrs.get("until")) is None else float(until),
        )

    def answer(self, choice: str, setting: Setting, names: Sequence[str]) -> Answer:
        """Return bands: where a measurement would lie of what was measured, else of the course itself.

        Raises:
            InputError: impossible settings; no draw can be solved.
        """
        person = self.person(choice)
        time = np.linspace(person.shown_from, setting.until, POINTS)
        every = np.unique([*time, *(hour for pairs in person.windows.values() for hour in pairs.flat)])
        table, notes = self._solve(person, setting, every)
        quantities, alone, collected = {}, {}, {}
        for name in names:
            one = table[..., [*self.model.observables, *self.model.derived].index(name)]
            rows = one[:, np.searchsorted(every, time)]
            if volume := self._is_volume(name):
                rows = rows - rows[:, :1]
            if name in person.windows:  # what was collected is told window by window, not as a course
                begin, end = np.searchsorted(every, person.windows[name])
                ends, volumes = person.windows[name][1], one[:-1, end] - one[:-1, begin]
                collected[name] = ends, person.band(name, ends, volumes, scattered=True)
                quantities[name] = Quantity(self._unit(name), np.full((len(LEVELS), POINTS), np.nan))
                continue
            scattered = person.scattered(name) and not volume
            quantities[name] = Quantity(self._unit(name), person.band(name, time, rows[:-1], scattered=scattered))
            alone[name] = rows[-1]
        return Answer(time, quantities, (*notes, *idle(self.model, setting.therapy)), alone, collected)

    def values(self, choice: str, setting: Setting) -> dict[str, float]:
        """Return where every parameter of the body of the medians stands: as changed, else at its median."""
        medians = {name: float(values[-1]) for name, values in self.person(choice).draws.values.items()}
        return {**self.crowd.target.pooling.held, **medians, **setting.changes}

    def scenario(self, choice: str, setting: Setting) -> str:
        """Return the settings as a scenario of the body of the medians, its hours counted from its start in health.

        Raises:
            InputError: impossible settings; that body cannot be solved.
        """
        person = self.person(choice)
        start = self.crowd.start(person.patient, setting.therapy)
        table, _ = self._solve(person, setting, np.array([setting.until]))
        if np.isnan(table[-1]).any():
            message = "the body of the medians cannot be solved with these values"
            raise InputError([Problem("explore", message, remedy="change less")])
        values, reference = self.values(choice, setting), self.model.reference()._asdict()
        if begins := self.model.begins:
            values[begins] -= start
        given = usable(self.model, replace(person.patient, therapy=setting.therapy))
        return scenario_toml(
            title=f"{choice}: medians of the posterior",
            model=self.model.name,
            reference=f"cls-infer explore {self.name}; hour 0 here is {start:g} h of the chart",
            hours=setting.until - start,
            changes={name: number for name, number in values.items() if number != reference[name]},
            therapy=[
                replace(one, start=one.start - start, end=one.end - start)
                for one in self.crowd.known(person.patient, person.draws, given)
                if one.start < setting.until
            ],
        )

    def _solve(self, person: Person, setting: Setting, times: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return all quantities of all bodies [body, point, quantity], and in words how many could not be solved.

        Raises:
            InputError: impossible settings; none could.
        """
        self._check(person, setting)
        table = person.crowd.courses(
            person.patient, person.draws, times, therapy=setting.therapy, changes=setting.changes
        )
        draws, lost = len(table) - 1, int(np.isnan(table[:-1, 0, 0]).sum())
        if lost == draws:
            message, remedy = "no draw can be solved", "change less; look whether more is taken away than there is"
            raise InputError([Problem("explore", message, remedy=remedy)])
        return table, (f"{lost} of {draws} draws cannot be solved and are left out",) if lost else ()

    def _check(self, person: Person, setting: Setting) -> None:
        problems = [*impossible_parameters(self.model, setting.changes)]
        problems += [problem for event in setting.therapy for problem in broken_event(event, "therapy")]
        if not (isfinite(setting.until) and setting.until > person.shown_from):
            message = f"`{setting.until:g}` is no hour after {person.shown_from:g} h, where the chart begins"
            problems.append(Problem("last hour", message, remedy="write a later one"))
        for name in setting.changes.keys() - person.draws.values.keys() & self.model.parameters.keys():
            problems.append(Problem("--set", f"`{name}` was held in the fit", remedy="leave it as it is"))
        if problems:
            raise InputError(problems)

    def _told(self, choice: str) -> tuple[str, ...]:
        """Return the parameters whose posterior is narrowest beside its prior."""
        number = self.crowd.target.plan.patients.index(choice)
        spread: Mapping[str, float] = self.crowd.spread_of(number)
        return tuple(sorted(spread, key=lambda name: spread[name]))[:MOST_FIRST]

    def _is_volume(self, name: str) -> bool:
        return name in self.model.observables and self.model.observables[name].accumulates

    def _unit(self, name: str) -> str:
        return {**self.model.observables, **self.model.derived}[name].unit


def _posterior(control: Control, person: Person) -> Control:
    """Return a control that stands at the posterior's median."""
    draws = person.draws.values[control.name]
    low, high = (float(number) for number in np.quantile(draws[:-1], (0.05, 0.95)))
    median = float(draws[-1])
    known = f"posterior {median:.3g}, 90 % {low:.3g} to {high:.3g}; {control.known}"
    return holding(holding(holding(replace(control, usual=median, known=known), median), low), high)


def explored_run(tree: xr.DataTree, model: Model, name: str) -> RunSubject:
    """Return a run to explore, with its first patient ready.

    Args:
        tree: the run's.
        model: that of the run.
        name: what the run is called.

    Raises:
        InputError: a run without its inputs, or one that this version computes otherwise.
    """
    target, whole = target_again(tree, model), whole_cohort(tree)
    kept = tree["trajectories"].to_dataset()["draw"].values
    z = tree["unconstrained_posterior"].to_dataset()["z"].values[:, kept]
    crowd = crowd_of(target, z.reshape(-1, z.shape[-1]))
    person = cache(lambda choice: person_of(tree, crowd, whole, choice, kept))
    subject = RunSubject(tree, crowd, name, person)
    first = next(iter(subject.choices))
    subject.answer(first, subject.open(first).setting, ())
    return subject
