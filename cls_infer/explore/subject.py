"""What the explorer asks of whatever is explored, a model or a run: how it begins, and what follows from settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from ..cohort.records import Event, Measurement
from ..model.spec import Model
from .controls import Control

LEVELS = ("low", "lower", "middle", "upper", "high")
"""The quantiles 5, 25, 50, 75 and 95 % of a band; a single course has the middle alone."""


@dataclass(frozen=True)
class Setting:
    """What a reader chose: parameters by name, therapy, and the last hour to look at [h]."""

    changes: Mapping[str, float]
    therapy: tuple[Event, ...]
    until: float


class Quantity(NamedTuple):
    """One quantity over time: its unit and quantiles [level, point], NaN where there is a single course."""

    unit: str
    quantiles: np.ndarray


@dataclass(frozen=True)
class Answer:
    """What follows from a setting: times [h], every quantity by name, what a reader must know of it.

    `alone` is the course that an exported scenario gives [point], by name, where that is not the middle; `collected`
    holds what would be measured over each window, at its end, by variable: (ends [obs] in h, quantiles [level, obs]).
    """

    time: np.ndarray
    quantities: Mapping[str, Quantity]
    notes: tuple[str, ...] = ()
    alone: Mapping[str, np.ndarray] = field(default_factory=dict)
    collected: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


@dataclass(frozen=True)
class Opening:
    """How the page begins with one choice: what it is in words, what can be moved, what is given, the hours.

    `first` are the names of the controls that come first, and `first_word` says why; `shown_from` is the first hour
    that is worth a look, `hidden_after` the last whose measurements the fit saw [h].
    """

    words: str
    controls: tuple[Control, ...]
    first: tuple[str, ...]
    first_word: str
    setting: Setting
    shown_from: float = 0.0
    measured: tuple[Measurement, ...] = ()
    hidden_after: float = inf


class Words(NamedTuple):
    """How a page calls a choice, the reference, what an export holds; `bands` where there are any, not one course."""

    choice: str
    reference: str
    export: str
    bands: bool


@runtime_checkable
class Subject(Protocol):
    """A model, whose choices are scenarios, or a run, whose choices are patients."""

    @property
    def model(self) -> Model:
        """The model that is solved."""
        ...

    @property
    def heading(self) -> str:
        """What is explored."""
        ...

    @property
    def choices(self) -> Mapping[str, str]:
        """What can be chosen, in words; the first first."""
        ...

    @property
    def words(self) -> Words:
        """How the page calls things."""
        ...

    def open(self, choice: str) -> Opening:
        """Return how the page begins with a choice, a key of `choices`."""
        ...

    def answer(self, choice: str, setting: Setting, names: Sequence[str]) -> Answer:
        """Return what follows for the quantities of these names; an InputError says why nothing does."""
        ...

    def values(self, choice: str, setting: Setting) -> Mapping[str, float]:
        """Return where every parameter stands under a setting."""
        ...

    def scenario(self, choice: str, setting: Setting) -> str:
        """Return the settings as a scenario in TOML."""
        ...
