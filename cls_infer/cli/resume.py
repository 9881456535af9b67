"""`cls-infer resume`: goes on with a fit that was killed or interrupted."""

from typing import Annotated

import typer

from .fit import show
from .fitting import finish, go_on
from .options import Debug, Json, Quiet

Run = Annotated[str, typer.Argument(help="The run folder of a fit that was killed or interrupted.")]


def resume(run: Run, as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> int:
    """Go on with a fit that was killed or interrupted."""
    return finish(go_on(run, quiet=quiet), as_json=as_json, quiet=quiet, show=show)
