"""How a number is read from simulated runs: from one run, or from two that are compared."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..cohort.scenario import Scenario, Shows
from ..solve.shows import found
from ..solve.simulate import Simulation

IN_HOURS = ("half_life", "hour_of_largest", "first_below", "hours_below")
COMPARED = ("ratio", "increase", "difference")


@dataclass(frozen=True)
class Read:
    """A number that one run shows; `per_unit` is the unit of what `shows` divides it by."""

    run: Scenario
    shows: Shows
    per_unit: str = "1"

    @property
    def runs(self) -> tuple[Scenario, ...]:
        """What is simulated."""
        return (self.run,)

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities it is read from."""
        return self.shows.names

    @property
    def added(self) -> tuple[str, ...]:
        """The quantities that are added up."""
        return (self.shows.quantity, *self.shows.plus)

    @property
    def hours(self) -> tuple[float, ...]:
        """The hours of each run at which it is read."""
        return self.shows.hours

    def unit(self, units: Mapping[str, str]) -> str:
        """Return the unit of the number, from those of the model's quantities."""
        if self.shows.measure in IN_HOURS:
            return "h"
        unit, over = units[self.shows.quantity], [units[name] for name in self.shows.over[:1]]
        if self.shows.relative or over == [unit]:  # a chain of units cannot say g/h over g/h
            unit, over = "1", [] if over == [unit] else over
        parts = [unit, *over, self.per_unit]
        return "/".join(part for i, part in enumerate(parts) if i == 0 or part != "1")

    def number(self, simulations: Mapping[str, Simulation]) -> float:
        """Return what is read."""
        return found(self.shows, simulations[self.run.name])


@dataclass(frozen=True)
class Compared:
    """The same number of two runs: their `ratio`, by what share the first is an `increase`, or the `difference`."""

    first: Read
    against: Scenario
    how: str

    @property
    def runs(self) -> tuple[Scenario, ...]:
        """What is simulated."""
        return (self.first.run, self.against)

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities it is read from."""
        return self.first.names

    @property
    def added(self) -> tuple[str, ...]:
        """The quantities that are added up."""
        return self.first.added

    @property
    def hours(self) -> tuple[float, ...]:
        """The hours of each run at which it is read."""
        return self.first.hours

    def unit(self, units: Mapping[str, str]) -> str:
        """Return the unit of the number, from those of the model's quantities."""
        return self.first.unit(units) if self.how == "difference" else "1"

    def number(self, simulations: Mapping[str, Simulation]) -> float:
        """Return what is read."""
        one, other = self.first.number(simulations), found(self.first.shows, simulations[self.against.name])
        if self.how == "difference":
            return one - other
        return one / other - (1 if self.how == "increase" else 0)
