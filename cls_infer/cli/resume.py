"""`cls-infer resume`: goes on with a fit that was killed or interrupted."""

from typing import Annotated

import typer

from .fit import ended
from .fitting import go_on
from .options import Debug, Json, Quiet
from .workers import Workers

Run = Annotated[str, typer.Argument(help="The run folder of a fit that was killed or interrupted.")]


def resume(run: Run, workers: Workers = "", as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> int:
    """Go on with a fit that was killed or interrupted."""
    return ended(go_on(run, workers=workers, quiet=quiet), as_json=as_json, quiet=quiet)
