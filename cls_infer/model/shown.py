"""What a model says of itself: parameters with unit, prior and source, states, what it predicts."""

from ..display import Table, as_html, as_text, counted
from .prior import Fixed
from .spec import Model, Parameter


def prior_in_words(parameter: Parameter) -> str:
    """Return the prior of a parameter of whom nothing is known, and on what else it depends."""
    depends = ", by covariates" if callable(parameter.prior) else ""
    scales = f", times {parameter.proportional_to}" if parameter.proportional_to else ""
    needs = f", where `{parameter.acts_through}` is charted" if parameter.acts_through else ""
    return f"{parameter.prior_of({})}{depends}{scales}{needs}"


def model_text(model: Model) -> str:
    """Return the model in a few lines."""
    return as_text(f"Model `{model.name}`: {model.title}", _lines(model))


def model_html(model: Model) -> str:
    """Return the model as tables, for a notebook."""
    parameters = [(name, p.unit, prior_in_words(p), p.source) for name, p in model.parameters.items()]
    states = [(name, state.unit, state.what, state.place) for name, state in model.states.items()]
    observed = [(name, one.unit, str(one.noise)) for name, one in model.observables.items()]
    tables = [
        Table("Parameters", ("parameter", "unit", "prior", "source"), parameters, ": `model.parameters`"),
        Table("States", ("state", "unit", "what", "where"), states, ": `model.states`"),
        Table("Observables", ("observable", "unit", "noise"), observed, ": `model.observables`"),
    ]
    return as_html(f"Model `{model.name}`: {model.title}", (), tables)


def _lines(model: Model) -> list[str]:
    held = sum(isinstance(parameter.prior_of({}), Fixed) for parameter in model.parameters.values())
    return [
        f"{counted(len(model.parameters), 'parameter')}, {held} of them held",
        f"{counted(len(model.states), 'state')}: {', '.join(model.states)}",
        f"predicts {', '.join(model.observables)}",
    ]
