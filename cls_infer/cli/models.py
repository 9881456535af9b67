"""`cls-infer models`: which models there are, and what one of them is made of."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .inputs import read_model
from .options import Debug, Json, Quiet
from .talk import write_json, write_lines, write_table

if TYPE_CHECKING:
    from ..model import Model, Parameter

Name = Annotated[str | None, typer.Argument(help="A shipped model, or the path of a model file.")]


def models(name: Name = None, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """List the models, or show what one is made of."""
    if name is not None:
        _show(read_model(name), as_json=as_json)
        return
    from ..model.load import available

    shipped = [read_model(each) for each in available()]
    if as_json:
        write_json({"models": [_brief(model) for model in shipped]})
        return
    rows = [(m.name, m.title, len(m.states), ", ".join(m.observables)) for m in shipped]
    write_table("models", ("name", "title", "states", "observables"), rows)


def _brief(model: "Model") -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "states": len(model.states),
        "observables": list(model.observables),
    }


def _show(model: "Model", *, as_json: bool) -> None:
    described = _describe(model)
    if as_json:
        write_json(described)
        return
    write_lines(model.about.strip(), "")
    for part in ("parameters", "healthy_ranges", "states", "observables", "derived"):
        rows = described[part]
        if rows:
            header = list(next(iter(rows.values())))
            write_table(
                part.replace("_", " "), ("name", *header), [(name, *row.values()) for name, row in rows.items()]
            )
    write_lines(f"therapy inputs: {', '.join(model.channels) or 'none'}")


def _describe(model: "Model") -> dict[str, Any]:
    return {
        "name": model.name,
        "title": model.title,
        "about": model.about.strip(),
        "digest": model.digest,
        "parameters": {name: _parameter(model, name, p) for name, p in model.parameters.items()},
        "healthy_ranges": {
            name: {"unit": known.unit, "prior": str(known.prior), "source": known.source}
            for name, known in model.healthy_ranges.items()
        },
        "states": {name: {"unit": state.unit} for name, state in model.states.items()},
        "observables": {
            name: {"unit": o.unit, "noise": str(o.noise), "accumulates": o.accumulates}
            for name, o in model.observables.items()
        },
        "derived": {name: {"unit": derived.unit} for name, derived in model.derived.items()},
        "inputs": list(model.channels),
    }


def _parameter(model: "Model", name: str, parameter: "Parameter") -> dict[str, Any]:
    from ..model.prior import Fixed

    prior = parameter.prior_of({})
    depends = ", by covariates" if callable(parameter.prior) else ""
    scales = f", times {parameter.proportional_to}" if parameter.proportional_to else ""
    return {
        "unit": parameter.unit,
        "prior": f"{prior}{depends}{scales}",
        "reference": float(model.reference_value(name)),
        "scope": None if isinstance(prior, Fixed) else parameter.scope,
        "source": parameter.source,
    }
