"""`cls-infer report`: the page of a run, written again."""

from pathlib import Path
from typing import Annotated

import typer

from .machine import prepare_jax
from .options import Debug, Json, Quiet
from .talk import write_json, write_lines

Run = Annotated[str, typer.Argument(help="A run folder that a fit wrote.")]


def report(run: Run, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Write the report of a run again."""
    prepare_jax()
    from ..results.report import render
    from ..results.store import REPORT, open_fit

    path = Path(run) / REPORT
    path.write_text(render(open_fit(run)), encoding="utf-8")
    if as_json:
        write_json({"run": run, "report": str(path)})
    else:
        write_lines(str(path))
