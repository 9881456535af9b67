"""`cls-infer resume`: goes on with a fit or a calibration that was killed or interrupted."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import InputError, Problem
from .asked import CALIBRATION
from .calibrate import ended as ended_calibration
from .calibrating import go_on as go_on_calibrating
from .fit import ended
from .fitting import go_on
from .options import Debug, Json, Quiet
from .workers import Workers

Run = Annotated[str, typer.Argument(help="The folder of a fit or a calibration that was killed or interrupted.")]


def resume(run: Run, workers: Workers = "", as_json: Json = False, quiet: Quiet = False, debug: Debug = False) -> int:
    """Go on with a fit or a calibration that was killed or interrupted."""
    from ..results.unfinished import asked_for

    folder = Path(run)
    if CALIBRATION not in asked_for(folder):
        return ended(go_on(run, workers=workers, quiet=quiet), as_json=as_json, quiet=quiet)
    if workers:
        raise InputError([Problem("--workers", "a calibration has no workers", remedy="leave the option out")])
    return ended_calibration(go_on_calibrating(folder, quiet=quiet), folder, as_json=as_json, quiet=quiet)
