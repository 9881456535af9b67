"""What the models say of each published number, and whether they miss it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..model.spec import Model
from ..solve.simulate import Simulation
from ..units import convert
from .batch import simulations_of
from .chapter import Chapter, Comparison
from .fits import model_named, units_of

TOLERANCE = 2e-3
"""A model's value may differ from the one in the file by this share: four digits are written there."""

STATED_TOLERANCE = 0.05
"""physiology.md prints two or three digits of what its reference model gives: .14 is any number within 3.6 %."""


@dataclass(frozen=True)
class Judged:
    """One model's value of one row, in the row's unit."""

    row: Comparison
    model: str
    value: float

    @property
    def miss(self) -> bool:
        """The value lies outside the published number and its spread."""
        return not self.row.published.low <= self.value <= self.row.published.high

    @property
    def moved(self) -> bool:
        """The value is no longer the one in the file."""
        return _apart(self.value, self.row.value[self.model]) > TOLERANCE

    @property
    def differs(self) -> bool:
        """The row's first model does not give what physiology.md 10 says of the reference model."""
        first = next(iter(self.row.value))
        stated = self.row.stated
        return stated is not None and self.model == first and _apart(self.value, stated) > STATED_TOLERANCE


def judge(chapters: Sequence[Chapter]) -> list[Judged]:
    """Return every row with every one of its models, in order of the chapters."""
    rows = [row for chapter in chapters for row in chapter.comparisons]
    models = dict.fromkeys(model for row in rows for model in row.value)
    by_model = {model: iter(judge_one(rows, model)) for model in models}
    return [next(by_model[model]) for row in rows for model in row.value]


def judge_one(rows: Sequence[Comparison], model: str) -> list[Judged]:
    """Return what one model says of those of the rows that it is compared with, in their order."""
    its_rows = [row for row in rows if model in row.value]
    simulations = simulated(model_named(model), its_rows)
    return [Judged(row, model, value_of(row, model, simulations)) for row in its_rows]


def simulated(model: Model, rows: Sequence[Comparison]) -> Mapping[str, Simulation]:
    """Return every run that the rows are read from, by its name; all of a model's in one program."""
    runs = {run.name: run for row in rows for run in row.reading.runs}
    hours = {
        name: [h for row in rows if run in row.reading.runs for h in row.reading.hours] for name, run in runs.items()
    }
    return simulations_of(model, runs, hours)


def value_of(row: Comparison, model: str, simulations: Mapping[str, Simulation]) -> float:
    """Return what the runs show of what a row speaks of, in the row's unit."""
    return convert(row.reading.number(simulations), row.reading.unit(units_of(model_named(model))), row.unit)


def _apart(value: float, other: float) -> float:
    """Return how far two numbers are apart, relative to the second."""
    return abs(value - other) / max(abs(other), 1e-12)
