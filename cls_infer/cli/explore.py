"""`cls-infer explore`: a page on this machine where one moves parameters and therapy and sees what follows."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError, Problem
from .inputs import read_model
from .machine import prepare_jax
from .options import Debug, Json, Quiet
from .talk import say, write_json, write_lines

if TYPE_CHECKING:
    from ..explore.subject import Subject

NEEDED = ("bokeh", "tomli_w")

What = Annotated[str, typer.Argument(metavar="RUN|MODEL", help="A run folder, a shipped model, or a model file.")]
ScenarioName = Annotated[
    str | None,
    typer.Option("--scenario", metavar="NAME", help="Of a model: a shipped scenario or a TOML file to begin with."),
]
ModelFile = Annotated[
    str | None, typer.Option("--model", metavar="FILE", help="Where the run's own model file is, if it was moved.")
]
Port = Annotated[int, typer.Option("--port", metavar="N", help="Port of 127.0.0.1; 0 for any that is free.")]
Show = Annotated[bool, typer.Option("--show", help="Open the page in a browser.")]


def explore(
    what: What,
    scenario: ScenarioName = None,
    model: ModelFile = None,
    port: Port = 0,
    show: Show = False,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Serve a page where parameters and therapy are moved, until Ctrl-C."""
    _check_there()
    prepare_jax()
    say("getting ready: equations are compiled once, which may take half a minute", quiet=quiet)
    subject = _run(what, scenario, model, quiet=quiet) if Path(what).is_dir() else _model(what, scenario, model)
    from ..explore.serve import serve

    serving = serve(subject, port=port)
    if as_json:
        write_json({"address": serving.address})
    else:
        write_lines(serving.address)
    say("only this machine can open it, and only by this address; Ctrl-C ends it", quiet=quiet)
    if show:
        import webbrowser

        webbrowser.open(serving.address)
    serving.run()


def _check_there() -> None:
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking:
        message = f"the explorer needs {' and '.join(f'`{name}`' for name in lacking)}, which are not installed"
        raise InputError([Problem("explore", message, remedy="install `cls_infer[explore]`")])


def _run(folder: str, scenario: str | None, model: str | None, *, quiet: bool) -> "Subject":
    from ..explore import explored_run
    from ..results.kept import model_again
    from ..results.store import open_fit
    from .named import was_named

    if scenario is not None:
        message, remedy = "a run has no scenarios, but the therapy of its chart", "leave it out, or name a model"
        raise InputError([Problem("--scenario", message, remedy=remedy)])
    fit = open_fit(folder)
    own = model_again(fit.tree, model, named=was_named)
    if not fit.verdict.ok:
        say(f"caution: the run's verdict is not met: {fit.verdict.unmet[0]}", quiet=quiet)
    return explored_run(fit.tree, own, Path(folder).resolve().name)


def _model(name: str, scenario: str | None, model: str | None) -> "Subject":
    from ..explore import explored_model

    if model is not None:
        remedy = "name the file itself: `cls-infer explore FILE`"
        raise InputError([Problem("--model", "is of a run whose own model file was moved", remedy=remedy)])
    return explored_model(read_model(name), scenario)
