"""The page of each model: its diagram, typical run, tables and equations, written from the model itself."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ..model import available, load_model
from ..model.spec import Model
from .about import about, relatives
from .equations import equations_of
from .figure import draw, shades
from .markdown import prose, table
from .typical import events_of, title_of, typical_run

COMMAND = "cls-infer models --pages docs/models"
WRITTEN = f"<!-- Written by `{COMMAND}` from the model file. -->"
INDEX = "README.md"


def write_pages(folder: Path) -> Iterator[Path]:
    """Write the page and the figure of every shipped model, and their index; yield each path once it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in available():
        model = load_model(name)
        picture = folder / f"{name}.png"
        picture.write_bytes(draw(model))
        yield picture
        yield _write(folder / f"{name}.md", page(model))
    yield _write(folder / INDEX, index())


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def index() -> str:
    """Return the list of all pages."""
    models = [load_model(name) for name in available()]
    rows = [(f"[`{m.name}`]({m.name}.md)", m.title, len(m.states), _links(relatives(m))) for m in models]
    return f"{WRITTEN}\n\n# Models\n\n{table(('model', 'what it is', 'states', 'relatives'), rows)}\n"


def page(model: Model) -> str:
    """Return a model's page."""
    told = about(model)
    parts = [WRITTEN, f"# {model.name}", prose(told["about"]), *_diagram(told), *_run(model)]
    if told["relatives"]:
        sentences = dict.fromkeys(_linked(words, name) for name, words in told["relatives"].items())
        parts += ["## Relatives", "\n".join(f"- {words}" for words in sentences)]
    parts += _tables(told)
    parts += _equations(model)
    return "\n\n".join(parts) + "\n"


def _diagram(told: dict[str, Any]) -> Iterator[str]:
    yield "## Compartments"
    yield f"```mermaid\n{told['diagram']}\n```"
    yield (
        "Boxes are places with the states they hold. On each arrow is what moves, by the model's own names; text "
        "without a box at one end is what the body makes, drinks or loses. Dashed boxes are therapy: what is given, "
        "what is taken, and with a dotted arrow what changes the flows out of a place. A rounded box is a state that "
        "has no place."
    )
    rates = "\n".join(f"d{name}/dt = {state['rate']}" for name, state in told["states"].items())
    yield f"```\n{rates}\n```"
    yield "`f(...)` stands for a function of what is in brackets."


def _run(model: Model) -> Iterator[str]:
    run = typical_run(model)
    shaded = " Shaded: what is given or lost, darker where it is faster." if shades(events_of(run)) else ""
    yield "## A typical run"
    yield f"![{model.name} over time]({model.name}.png)"
    yield f"{title_of(run)}.{shaded} The same run: `{run.command(model.name)}`."


def _tables(told: dict[str, Any]) -> Iterator[str]:
    yield "## States"
    states = [(f"`{n}`", s["unit"], s["what"], s["place"]) for n, s in told["states"].items()]
    yield table(("state", "unit", "what", "place"), states)
    yield "## Observables"
    rows = [
        (f"`{n}`", o["unit"], o["noise"], "yes" if o["accumulates"] else "") for n, o in told["observables"].items()
    ]
    yield table(("observable", "unit", "noise", "accumulates"), rows)
    if told["derived"]:
        yield "## Derived"
        yield table(("quantity", "unit"), [(f"`{name}`", one["unit"]) for name, one in told["derived"].items()])
    yield "## Parameters"
    yield from _keyed("parameter", told["parameters"])
    if told["healthy_ranges"]:
        yield "## Known of health"
        yield from _keyed("quantity", told["healthy_ranges"])
    yield "## Therapy"
    yield "What each input is fed by in `therapy.csv`, and what it does."
    fed = [
        (f"`{n}`", t["unit"], ", ".join(f"`{item}`" for item in t["items"]), t["does"])
        for n, t in told["therapy"].items()
    ]
    yield table(("input", "unit", "items", "does"), fed)
    if told["scenarios"]:
        yield "## Scenarios"
        yield table(("scenario", "what happens"), [(f"`{name}`", title) for name, title in told["scenarios"].items()])


def _keyed(first: str, rows: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    header = next(iter(rows.values()))
    yield table((first, *header), [(f"`{name}`", *row.values()) for name, row in rows.items()])


def _equations(model: Model) -> Iterator[str]:
    """Yield a model's equations; those that a relative's page tells are links to it."""
    own, homes = equations_of(model), _homes(model)
    elsewhere = [f"[`{name}`]({home}.md#{name})" for name, home in homes.items() if home != model.name]
    yield "## Equations"
    if elsewhere:
        yield f"Told on other pages: {', '.join(elsewhere)}."
    about = ""
    for name, equation in own.items():
        if homes[name] == model.name:
            if equation.about != about:
                about = equation.about
                yield f"*{about}*"
            yield f"### {name}\n\n{prose(equation.doc)}"


def _homes(model: Model) -> dict[str, str]:
    """Return the page that tells each equation of a model.

    A model leaves to a relative what both have, where that is half of its own and more models name that relative.
    """
    own, cited = equations_of(model), _cited()
    homes = dict.fromkeys(own, model.name)
    for other in sorted(relatives(model), key=lambda name: cited[name]):
        if cited[other] > cited[model.name]:
            theirs = {name: home for name, home in _homes(load_model(other)).items() if name in own}
            homes |= theirs if len(theirs) > len(own) / 2 else {}
    return homes


@cache
def _cited() -> Counter[str]:
    """Return how many shipped models name each model as a relative."""
    return Counter(name for each in available() for name in relatives(load_model(each)))


def _links(names: Mapping[str, str]) -> str:
    return ", ".join(f"[`{name}`]({name}.md)" for name in names)


def _linked(words: str, name: str) -> str:
    return words.replace(f"`{name}`", f"[`{name}`]({name}.md)")
