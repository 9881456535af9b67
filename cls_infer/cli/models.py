"""`cls-infer models`: which models there are, and what one of them is made of."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from .inputs import read_model
from .options import Debug, Json, Quiet
from .talk import say, write_json, write_lines, write_table

if TYPE_CHECKING:
    from ..model import Model

Name = Annotated[str | None, typer.Argument(help="A shipped model, or the path of a model file.")]
Pages = Annotated[
    str | None, typer.Option("--pages", metavar="FOLDER", help="Write a page and a figure of every shipped model.")
]


def models(
    name: Name = None, pages: Pages = None, as_json: Json = False, quiet: Quiet = False, debug: Debug = False
) -> None:
    """List the models, show what one is made of, or write a page of each."""
    if name is not None and pages is not None:
        message = f"writes the pages of all models, not of `{name}` alone"
        raise InputError([Problem("--pages", message, remedy="leave the name out")])
    if pages is not None:
        _write_pages(Path(pages), as_json=as_json, quiet=quiet)
    elif name is not None:
        _show(read_model(name), as_json=as_json)
    else:
        _list(as_json=as_json)


def _list(*, as_json: bool) -> None:
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


def _write_pages(folder: Path, *, as_json: bool, quiet: bool) -> None:
    from .machine import prepare_jax

    prepare_jax()
    from ..pages.page import write_pages

    written = []
    for path in write_pages(folder):
        written.append(str(path))
        say(f"wrote {path}", quiet=quiet)
    if as_json:
        write_json({"pages": written})
    else:
        write_lines(*written)


def _show(model: "Model", *, as_json: bool) -> None:
    from ..pages.about import about

    told = about(model)
    if as_json:
        write_json(told)
        return
    write_lines(told["about"], "")
    for edge in told["edges"]:
        write_lines(f"{edge['from']} -> {edge['to']}: {' + '.join(edge['terms'])} ({edge['what']})")
    for one in told["influences"]:
        write_lines(f"{one['from']} ~> {one['to']}{': ' if one['on'] else ''}{', '.join(one['on'])}")
    write_lines("")
    for part in ("states", "observables", "derived", "parameters", "healthy_ranges", "therapy"):
        rows = told[part]
        if rows:
            header = list(next(iter(rows.values())))
            cells = [(name, *(_joined(cell) for cell in row.values())) for name, row in rows.items()]
            write_table(part.replace("_", " "), ("name", *header), cells)
    if told["scenarios"]:
        write_table("scenarios", ("name", "what happens"), told["scenarios"].items())
    write_lines(
        *(f"{name}: {words}" for name, words in told["relatives"].items()),
        f"equations: {', '.join(told['equations'])}",
        f"digest: {told['digest']}",
    )


def _joined(cell: Any) -> Any:
    return ", ".join(cell) if isinstance(cell, list) else cell
