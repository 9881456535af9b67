"""A fit from request to run folder, begun as `fit` and `demo` need it, or gone on with as `resume` does."""

import errno
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, Problem
from ..inference.settings import TWO_STAGE, setting_problems
from .asked import FIT, Request, read_again, written
from .inputs import all_of, check_match, fresh_run, read_data, read_model
from .log import logged
from .options import assignments, option_of
from .progress import watching
from .talk import say, write_json
from .workers import fit_by_workers, keeps_shards, problems_of_workers, with_workers

if TYPE_CHECKING:
    from ..results.fitted import Fit
    from ..scale.run import CohortRun

NOT_MET, INTERRUPTED = 3, 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def carry_out(request: Request, *, quiet: bool) -> "Fit | CohortRun":
    """Fit and save; where workers are asked for, a cohort of patients apart.

    Raises:
        InputError: every problem of the data, the model and the options at once.
    """
    inputs = _read(request)
    folder = fresh_run(request.out, name=request.run_name)
    from ..results.unfinished import abandon, alone, begin

    command = shlex.join(["cls-infer", *sys.argv[1:]])
    begin(folder, written(request, FIT, command))
    with alone(folder):
        try:
            return _fit_into(folder, request, inputs, command=command, quiet=quiet)
        except InputError:  # it would be refused again
            if not keeps_shards(folder):
                abandon(folder)
            raise


def go_on(run: str, *, workers: str = "", quiet: bool) -> "Fit | CohortRun":
    """Go on with the fit that a run folder holds unfinished, and save; a cohort by other `workers` if they are named.

    Raises:
        InputError: no such fit, what it was fitted to is not as it was, or its model is a file nobody has named.
    """
    from ..results.unfinished import alone, asked_for

    folder = Path(run)
    request, command = read_again(Request, FIT, asked_for(folder), folder)
    if workers:
        request = with_workers(request, workers)
    inputs = _read(request)
    with alone(folder):
        return _fit_into(folder, request, inputs, command=command, quiet=quiet)


def _read(request: Request) -> list:
    """Return the cohort, the model and what is held, once nothing speaks against the request.

    Raises:
        InputError: every problem at once.
    """
    cohort, model, fixed, *_ = all_of(
        lambda: read_data(request.dataset),
        lambda: read_model(request.model),
        lambda: assignments(request.fix, "--fix"),
        lambda: _check_options(request),
        lambda: _check_device(request.device),
    )
    check_match(model, cohort)
    return [cohort, model, fixed]


def _fit_into(folder: Path, request: Request, inputs: list, *, command: str, quiet: bool) -> "Fit | CohortRun":
    from ..results.fit import fit
    from ..results.store import CHECKPOINT, LOG, save

    cohort, model, fixed = inputs
    with told_how_to_go_on(folder, quiet=quiet), ExitStack() as stack:
        report = stack.enter_context(logged(folder / LOG, stack.enter_context(watching(quiet=quiet))))
        if request.workers:
            return fit_by_workers(folder, request, inputs, command=command, report=report)
        fitted = fit(
            cohort,
            model,
            per_patient=request.per_patient,
            mixture=request.mixture,
            shared=request.shared,
            hierarchical=request.hierarchical,
            fixed=fixed,
            covariates=request.covariates,
            correlated=request.correlated,
            settings=request.settings,
            until=request.until,
            device=request.device,
            command=command,
            checkpoint=folder / CHECKPOINT,
            report=report,
        )
        report("writing the run folder")
        return save(fitted, folder)


@contextmanager
def told_how_to_go_on(folder: Path, *, quiet: bool) -> Iterator[None]:
    """Say what Ctrl-C, or an unexpected failure, leaves behind."""
    try:
        yield
    except InputError:
        raise
    except BaseException as error:
        why = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        first = "free space on the disk, then " if getattr(error, "errno", None) in FULL else ""
        say(f"{why}: what was done until then is kept; {first}`cls-infer resume {folder}` goes on with it", quiet=quiet)
        raise


def _check_options(request: Request) -> None:
    problems = list(setting_problems(request.settings, option_of))
    if request.mixture and request.settings.method != TWO_STAGE:
        found = f"{request.mixture} groups that nobody charted need patients who were drawn apart"
        problems.append(Problem("--mixture", found, remedy="add `--method two-stage`"))
    problems += problems_of_workers(request)
    if request.until is not None and not isfinite(request.until):
        problems.append(Problem("--until", f"is {request.until:g}", remedy="write hours, such as 48"))
    if problems:
        raise InputError(problems)


def _check_device(wanted: str) -> None:
    if wanted == "auto":
        return
    from .machine import prepare_jax

    prepare_jax()
    from ..inference.device import check_device, found_devices

    check_device(wanted, found_devices())


def finish(fitted: "Fit", *, as_json: bool, quiet: bool, show: Callable[["Fit"], None]) -> int:
    """Print the fit, as one JSON object or as `show` does, and return the exit code.

    0; 3 where the verdict is not met; 130 where the sampling was interrupted and holds fewer draws.
    """
    if as_json:
        from ..results.fitted import fit_json

        write_json(fit_json(fitted))
    else:
        show(fitted)
    if not fitted.verdict.numbers["complete"]:
        kept = f"interrupted: the draws made until then are kept in {fitted.folder}"
        say(f"{kept}; `cls-infer resume {fitted.folder}` makes the others", quiet=quiet)
        return INTERRUPTED
    return 0 if fitted.verdict.ok else NOT_MET


def verdict_lines(fitted: "Fit") -> list[str]:
    """Return the verdict in words, one line for each thing that is not met."""
    return ["verdict: met"] if fitted.verdict.ok else [f"verdict: not met: {r}" for r in fitted.verdict.unmet]


def report_of(fitted: "Fit") -> Path:
    """Return where the report of a kept fit is."""
    from ..results.store import REPORT

    assert fitted.folder is not None  # it was saved
    return fitted.folder / REPORT
