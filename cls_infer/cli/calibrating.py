"""A calibration from request to folder, begun as `calibrate` needs it, or gone on with as `resume` does."""

import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, Problem
from .asked import CALIBRATION, CalibrationRequest, read_again, written
from .fitting import told_how_to_go_on
from .inputs import all_of, check_match, read_data, read_model
from .log import logged
from .options import assignments
from .progress import watching
from .talk import say

if TYPE_CHECKING:
    from ..results.calibration import Calibration


def carry_out(request: CalibrationRequest, *, quiet: bool) -> "Calibration":
    """Calibrate, and save where a folder is asked for.

    Raises:
        InputError: every problem of the data, the model and the options at once.
    """
    inputs = _read(request)
    command = shlex.join(["cls-infer", *sys.argv[1:]])
    if request.out is None:
        with _told_that_nothing_is_kept(quiet=quiet):
            return _calibrate(None, request, inputs, command=command, quiet=quiet)
    from ..results.unfinished import abandon, alone, begin

    folder = Path(request.out)
    begin(folder, written(request, CALIBRATION, command))
    with alone(folder):
        try:
            return _calibrate(folder, request, inputs, command=command, quiet=quiet)
        except InputError:  # it would be refused again
            abandon(folder)
            raise


def go_on(folder: Path, *, quiet: bool) -> "Calibration":
    """Go on with the calibration that a folder holds unfinished, and save.

    Raises:
        InputError: no such calibration, what it is like is not as it was, or its model is a file nobody has named.
    """
    from ..results.unfinished import alone, asked_for

    request, command = read_again(CalibrationRequest, CALIBRATION, asked_for(folder), folder)
    inputs = _read(request)
    with alone(folder):
        return _calibrate(folder, request, inputs, command=command, quiet=quiet)


def _read(request: CalibrationRequest) -> list:
    """Return the model, the cohort and what is held, once nothing speaks against the request.

    Raises:
        InputError: every problem at once.
    """
    model, cohort, fixed, *_ = all_of(
        lambda: read_model(request.model),
        lambda: read_data(request.dataset),
        lambda: assignments(request.fix, "--fix"),
        lambda: _check_free(request.out),
        lambda: _check(request),
    )
    check_match(model, cohort)
    return [model, cohort, fixed]


def _calibrate(
    folder: Path | None, request: CalibrationRequest, inputs: list, *, command: str, quiet: bool
) -> "Calibration":
    from ..results.calibration import calibrate
    from ..results.calibration_files import save_calibration
    from ..results.store import CHECKPOINT, LOG

    model, cohort, fixed = inputs
    with ExitStack() as stack:
        report = stack.enter_context(watching(quiet=quiet))
        if folder:
            stack.enter_context(told_how_to_go_on(folder, quiet=quiet))
            report = stack.enter_context(logged(folder / LOG, report))
        found = calibrate(
            model,
            cohort,
            fits=request.fits,
            draws=request.draws,
            per_patient=request.per_patient,
            shared=request.shared,
            hierarchical=request.hierarchical,
            covariates=request.covariates,
            correlated=request.correlated,
            fixed=fixed,
            settings=request.settings,
            most_nuts=request.most_nuts,
            command=command,
            checkpoint=folder and folder / CHECKPOINT,
            report=report,
        )
        if folder:
            save_calibration(found, folder)
    return found


@contextmanager
def _told_that_nothing_is_kept(*, quiet: bool) -> Iterator[None]:
    """Say what Ctrl-C leaves behind."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted: nothing was written; with `--out FOLDER` fits that are done are kept", quiet=quiet)
        raise


def _check_free(out: str | None) -> None:
    from ..results.store import check_free

    if out is not None:
        check_free(out)


def _check(request: CalibrationRequest) -> None:
    from .machine import prepare_jax

    prepare_jax()
    from ..inference.refits import check

    least = {"--fits": (request.fits, 1), "--most-nuts": (request.most_nuts, 0), "--seed": (request.settings.seed, 0)}
    problems = [
        Problem(option, f"is {number}", remedy=f"write {fewest} or more")
        for option, (number, fewest) in least.items()
        if number < fewest
    ]
    try:
        check(request.draws, request.settings)
    except InputError as error:
        problems += error.problems
    if problems:
        raise InputError(problems)
