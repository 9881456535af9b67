"""The compartment diagram of a model as Mermaid text, which forges and editors draw."""

import re
from collections.abc import Iterator

from ..model.structure import OUTSIDE, Edge, Structure
from ..physiology.inputs import REST

WIDE = '%%{init: {"flowchart": {"wrappingWidth": 500}}}%%'
"""Keeps a product on one line."""


def mermaid(structure: Structure) -> str:
    """Return the diagram: places as boxes, what moves as text on arrows, signals and treatments as rounded nodes."""
    lines = [WIDE, "flowchart LR"]
    lines += [f'  {_key(place)}["<b>{place}</b><br/>{", ".join(held)}"]' for place, held in structure.places.items()]
    lines += [f'  {_key(name)}(["{name}<br/>{what}"])' for name, what in structure.signals.items()]
    lines += _within(structure.edges)
    lines += _with_the_outside(structure.edges)
    lines += _influences(structure)
    lines += ["  classDef plain fill:none,stroke:none", "  classDef given stroke-dasharray:4 3"]
    return "\n".join(lines)


def _by_way(edges: tuple[Edge, ...]) -> dict[tuple[str, str], list[Edge]]:
    ways: dict[tuple[str, str], list[Edge]] = {}
    for edge in edges:
        ways.setdefault((edge.source, edge.target), []).append(edge)
    return ways


def _within(edges: tuple[Edge, ...]) -> Iterator[str]:
    """Yield what moves between places. Its text is a node of its own, for labels of arrows may cover each other."""
    for (source, target), together in _by_way(edges).items():
        if OUTSIDE not in (source, target):
            node = f"{_key(source)}_to_{_key(target)}"
            yield f'  {_key(source)} --- {node}["{_labels(together)}"]:::plain --> {_key(target)}'


def _with_the_outside(edges: tuple[Edge, ...]) -> Iterator[str]:
    """Yield what enters and leaves the body: its own doing as plain text, treatments and losses as rounded nodes."""
    for (source, target), together in _by_way(edges).items():
        if OUTSIDE not in (source, target):
            continue
        place, way = (target, "in") if source == OUTSIDE else (source, "out")
        own, given = ([edge for edge in together if edge.given == wanted] for wanted in (False, True))
        nodes = {}
        if own:
            nodes[f"{_key(place)}_own_{way}"] = f'["{_labels(own)}"]:::plain'
        if given:
            inputs = dict.fromkeys(name for edge in given for name in edge.inputs if not getattr(REST, name))
            nodes[f"{_key(place)}_given_{way}"] = f'("{"<br/>".join(inputs)}"):::given'
        for node, shape in nodes.items():
            yield f"  {node}{shape}"
            yield f"  {node} --> {_key(place)}" if way == "in" else f"  {_key(place)} --> {node}"


def _influences(structure: Structure) -> Iterator[str]:
    """Yield dotted arrows: from signals and places to what they act on, from all inputs that act there as one node."""
    levels: dict[str, dict[str, None]] = {}
    for one in structure.influences:
        if one.by == "input":
            levels.setdefault(one.target, {})[one.source] = None
        else:
            yield f"  {_key(one.source)} -.-> {_key(one.target)}"
    for target, inputs in levels.items():
        yield f'  {_key(target)}_level("{"<br/>".join(inputs)}"):::given -.-> {_key(target)}'


def _labels(edges: list[Edge]) -> str:
    return "<br/>".join(f"<i>{edge.what}</i> {' + '.join(edge.terms)}" for edge in edges)


def _key(name: str) -> str:
    """Return a name Mermaid takes for a node; `end` and the like are words of its own."""
    return "n_" + re.sub(r"\W", "_", name)
