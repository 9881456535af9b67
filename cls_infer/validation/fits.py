"""Whether a row fits the models it is compared with: their quantities, parameters and units."""

from functools import cache

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from ..model import Model, available
from ..model.load import shipped_model
from ..units import UnitError, convert
from .chapter import Reading


@cache
def model_named(name: str) -> Model:
    """Return a shipped model, loaded once: a table is no place to name a file that is run."""
    return shipped_model(name)


def units_of(model: Model) -> dict[str, str]:
    """Return the units of all that can be read from a model's run: what it predicts, derives, and its states."""
    return {name: one.unit for name, one in {**model.states, **model.derived, **model.observables}.items()}


def check_fit(place: str, reading: Reading, models: tuple[str, ...], unit: str, problems: list[Problem]) -> None:
    """Add a problem for each thing of a row that its models or its runs do not have."""
    for run in reading.runs:
        late = [hour for hour in reading.hours if not 0 <= hour <= run.hours]
        problems += [
            Problem(place, f"{hour:g} h is outside the run's 0 to {run.hours:g} h", remedy="lengthen the run")
            for hour in late
        ]
    for name in models:
        try:
            model = model_named(name)
        except InputError:
            near = did_you_mean(name, available())
            problems.append(Problem(place, f"there is no model `{name}`", remedy=near))
            continue
        _check_names(place, reading, model, problems)
        if set(reading.names) <= set(units_of(model)):
            _check_unit(place, reading.unit(units_of(model)), unit, problems)


def _check_names(place: str, reading: Reading, model: Model, problems: list[Problem]) -> None:
    units = units_of(model)
    for name in reading.names:
        if name not in units:
            near = did_you_mean(name, units)
            problems.append(Problem(place, f"`{model.name}` has no quantity `{name}`", remedy=near))
    quantity, *plus = reading.added
    for name in plus:
        if name in units and quantity in units and units[name] != units[quantity]:
            message = f"`{name}` [{units[name]}] cannot be added to `{quantity}` [{units[quantity]}]"
            problems.append(Problem(place, message, remedy="add quantities of one unit"))
    for name in {name for run in reading.runs for name in run.changes}:
        if name not in model.parameters:
            near = did_you_mean(name, model.parameters)
            problems.append(Problem(place, f"`{model.name}` has no parameter `{name}`", remedy=near))


def _check_unit(place: str, read: str, unit: str, problems: list[Problem]) -> None:
    try:
        convert(1.0, read, unit)
    except UnitError as error:
        message = f"what is read has the unit `{read}`: {error.message}"
        problems.append(Problem(place, message, remedy=error.remedy))
