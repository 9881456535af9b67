"""Everything a reader should know of a model, as plain records: what `models NAME` shows and its page holds."""

import re
from typing import Any

from ..cohort.items import ITEMS
from ..cohort.scenario import read_scenario, shipped_scenarios
from ..model import available
from ..model.check import CHANNEL_UNITS
from ..model.prior import Fixed
from ..model.shown import prior_in_words
from ..model.spec import Model, Parameter
from ..model.structure import Structure, structure_of
from .equations import equations_of
from .mermaid import mermaid


def about(model: Model) -> dict[str, Any]:
    """Return what there is to know of a model, in the order in which it is told."""
    structure = structure_of(model)
    return {
        "name": model.name,
        "title": model.title,
        "about": model.about.strip(),
        "digest": model.digest,
        "relatives": relatives(model),
        "edges": [
            {"from": e.source, "to": e.target, "what": e.what, "terms": list(e.terms), "given": e.given}
            for e in structure.edges
        ],
        "influences": [{"from": i.source, "to": i.target, "on": list(i.on)} for i in structure.influences],
        "diagram": mermaid(structure),
        "states": {
            name: {"unit": state.unit, "what": state.what, "place": state.place, "rate": structure.balances[name]}
            for name, state in model.states.items()
        },
        "observables": {
            name: {"unit": o.unit, "noise": str(o.noise), "accumulates": o.accumulates}
            for name, o in model.observables.items()
        },
        "derived": {name: {"unit": derived.unit} for name, derived in model.derived.items()},
        "parameters": {name: _parameter(model, name, p) for name, p in model.parameters.items()},
        "healthy_ranges": {
            name: {"unit": known.unit, "prior": str(known.prior), "source": known.source}
            for name, known in model.healthy_ranges.items()
        },
        "inputs": list(model.channels),
        "therapy": {channel: _therapy(channel, structure) for channel in model.channels},
        "scenarios": scenarios_of(model),
        "equations": list(equations_of(model)),
    }


def relatives(model: Model) -> dict[str, str]:
    """Return the sentences of a model's docstring that name another model, by that model's name."""
    text = " ".join(model.about.strip().split("\n", 1)[-1].split())
    sentences = re.split(r"(?<=[.;])\s+(?=[A-Z`])", text)
    named = {}
    for name in available():
        said = [sentence for sentence in sentences if f"`{name}`" in sentence]
        if said and name != model.name:
            named[name] = " ".join(said)
    return named


def scenarios_of(model: Model) -> dict[str, str]:
    """Return the shipped scenarios that are made for a model, with their titles."""
    told = [read_scenario(name) for name in shipped_scenarios()]
    return {scenario.name: scenario.title for scenario in told if model.name in scenario.models}


def _parameter(model: Model, name: str, parameter: Parameter) -> dict[str, Any]:
    return {
        "unit": parameter.unit,
        "prior": prior_in_words(parameter),
        "reference": float(model.reference_value(name)),
        "scope": None if isinstance(parameter.prior_of({}), Fixed) else parameter.scope,
        "source": parameter.source,
    }


def _therapy(channel: str, structure: Structure) -> dict[str, Any]:
    """Return an input's unit, the items of therapy.csv that feed it, and what it does here."""
    moved: dict[str, list[str]] = {}
    for edge in structure.edges:
        if channel in edge.inputs:
            moved.setdefault(f"{edge.source} -> {edge.target}", []).append(edge.what)
    acts = [one for one in structure.influences if one.by == "input" and one.source == channel]
    changed = dict.fromkeys(flow for one in acts for flow in one.on or (one.target,))
    does = [f"{way}: {', '.join(what)}" for way, what in moved.items()]
    does += [f"changes {', '.join(changed)}"] if changed else []
    return {
        "unit": CHANNEL_UNITS[channel],
        "items": [name for name, item in ITEMS.items() if channel in item.per_unit],
        "does": "; ".join(does),
    }
