"""A model explored: the reference adult under a scenario, with whatever a reader changes on top of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..cohort.scenario import Scenario, read_scenario, shipped_scenarios
from ..model.noise import Noise
from ..model.spec import Model
from ..pages.typical import typical_run
from .body import Body, body_of
from .controls import Control, controls_of, holding, strongest
from .given import idle
from .subject import LEVELS, Answer, Opening, Quantity, Setting, Words
from .written import scenario_toml

HEALTH, HOURS = "", 48.0
MOST_FIRST = 8
"""Parameters that come first."""


@dataclass(frozen=True)
class ModelSubject:
    """The reference adult of a model; a choice is the name of a scenario, or `HEALTH`."""

    body: Body
    scenarios: Mapping[str, Scenario]
    first: str

    words = Words(
        choice="Scenario",
        reference="the scenario as it is",
        export="The file holds what is changed and the therapy; `cls-infer simulate` gives this same course.",
        bands=False,
    )

    @property
    def model(self) -> Model:
        """The model explored."""
        return self.body.model

    @property
    def heading(self) -> str:
        """The model's name and title."""
        return f"{self.model.name}: {self.model.title}"

    @property
    def choices(self) -> dict[str, str]:
        """What can be chosen, the first first."""
        words = {name: f"{name}: {story.title}" for name, story in self.scenarios.items()}
        everything = {**words, HEALTH: "Health: nothing happens, nothing is given"}
        return {self.first: everything[self.first], **everything}

    def open(self, choice: str) -> Opening:
        """Return a scenario with nothing changed; the parameters that move its course most come first."""
        story = self.scenarios.get(choice)
        setting = Setting(story.changes, story.therapy, story.hours) if story else Setting({}, (), HOURS)
        values = self.body.values(setting)
        controls = tuple(holding(control, float(values[control.name])) for control in controls_of(self.model))
        return Opening(
            words=f"{story.title}. {story.reference}" if story else "The reference adult in health.",
            controls=controls,
            first=strongest(self._reach(setting, controls), MOST_FIRST),
            first_word="What moves this course most",
            setting=setting,
        )

    def answer(self, choice: str, setting: Setting, names: Sequence[str]) -> Answer:
        """Return the course of these quantities.

        Raises:
            InputError: impossible settings.
        """
        time, table = self.body.course(setting)
        quantities = {**self.model.observables, **self.model.derived}
        found = {}
        for row, (name, one) in zip(table, quantities.items(), strict=True):
            if name in names:
                quantiles = np.full((len(LEVELS), time.size), np.nan)
                quantiles[LEVELS.index("middle")] = row
                found[name] = Quantity(one.unit, quantiles)
        return Answer(time, found, idle(self.model, setting.therapy))

    def values(self, choice: str, setting: Setting) -> dict[str, float]:
        """Return where every parameter stands: as changed, else the reference adult's, scaled with the weight."""
        return self.body.values(setting)

    def scenario(self, choice: str, setting: Setting) -> str:
        """Return the settings as a scenario in TOML.

        Raises:
            InputError: impossible settings.
        """
        self.body.course(setting)
        story = self.scenarios.get(choice)
        return scenario_toml(
            title=f"{story.title if story else 'The reference adult'}, as changed in the explorer",
            model=self.model.name,
            reference=f"cls-infer explore {self.model.name}" + (f", from the scenario {choice}" if story else ""),
            hours=setting.until,
            every=story.every if story else 1.0,
            changes=setting.changes,
            therapy=setting.therapy,
        )

    def _reach(self, setting: Setting, controls: Sequence[Control]) -> dict[str, float]:
        """Return how far each estimated parameter moves what can be measured, from one end of its range to the other:
        the largest distance at any time, in standard deviations of a measurement."""
        scatter = self._scatter(setting)
        moved = [one for one in controls if one.estimated]
        ends = [{one.name: end} for one in moved for end in (one.low, one.high)]
        courses = self.body.courses(setting, ends)[:, : len(scatter)].reshape(len(moved), 2, *scatter.shape)
        far = np.max(np.abs(courses[:, 1] - courses[:, 0]) / scatter, axis=(1, 2))
        return {one.name: float(np.nan_to_num(reach)) for one, reach in zip(moved, far, strict=True)}

    def _scatter(self, setting: Setting) -> np.ndarray:
        """Return the standard deviation of a measurement of each observable over time [observable, point]."""
        noises = [one.noise for one in self.model.observables.values()]
        values, table = self.body.values(setting), np.abs(self.body.course(setting)[1][: len(noises)])
        return np.stack([_sd(noise, values, row) for noise, row in zip(noises, table, strict=True)])


def _sd(noise: Noise, values: Mapping[str, float], size: np.ndarray) -> np.ndarray:
    """Return the noise about predictions of this size; no less than a thousandth of the largest."""
    scale = values[noise.scale] if isinstance(noise.scale, str) else noise.scale
    scale = scale * size if noise.shape == "lognormal" else scale
    return np.maximum(scale + noise.relative * size, 1e-3 * np.max(size) + 1e-12)


def explored_model(model: Model, scenario: str | None = None) -> ModelSubject:
    """Return a model to explore, under a scenario of this name or file to begin with, else the one that shows it best.

    Raises:
        InputError: there is no such scenario, or it sets what the model does not have.
    """
    told = [read_scenario(name) for name in shipped_scenarios()]
    told.sort(key=lambda story: model.name not in story.models)
    scenarios = {story.name: story for story in told if story.changes.keys() <= model.parameters.keys()}
    body = body_of(model)
    first = typical_run(model).scenario
    if scenario is not None:
        story = read_scenario(scenario)
        scenarios, first = {story.name: story, **scenarios}, story.name
    subject = ModelSubject(body, scenarios, first if first in scenarios else HEALTH)
    subject.answer(subject.first, subject.open(subject.first).setting, ())
    return subject
