"""A fit from request to run folder, as `fit` and `demo` both need it."""

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError, Problem
from ..inference.settings import METHODS, Settings
from .inputs import all_of, check_match, fresh_run, read_data, read_model
from .options import assignments
from .progress import watching
from .talk import say, write_json

if TYPE_CHECKING:
    from ..results.fitted import Fit

SOLVERS = ("auto", "tsit5", "ros34pw2")
"""Those that watch their error."""
NOT_MET, INTERRUPTED = 3, 130


@dataclass(frozen=True)
class Request:
    """What the user asked for, as written."""

    dataset: str
    model: str
    per_patient: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()
    hierarchical: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    correlated: bool = False
    fix: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    until: float | None = None
    device: str = "auto"
    out: str | None = None

    @property
    def run_name(self) -> str:
        """The name of a run folder nobody named."""
        return f"{Path(self.dataset).resolve().name}-{Path(self.model).stem}-{self.settings.seed}"


def carry_out(request: Request, *, quiet: bool) -> "Fit":
    """Fit and save.

    Raises:
        InputError: every problem of the data, the model and the options at once.
    """
    cohort, model, fixed, *_ = all_of(
        lambda: read_data(request.dataset),
        lambda: read_model(request.model),
        lambda: assignments(request.fix, "--fix"),
        lambda: _check_options(request),
        lambda: _check_device(request.device),
    )
    check_match(model, cohort)
    folder = fresh_run(request.out, name=request.run_name)
    from ..results.fit import fit
    from ..results.store import save
    from ..results.two_stage import fit_two_stage

    by = fit_two_stage if request.settings.method == "two-stage" else partial(fit, per_patient=request.per_patient)
    with told_of_interrupts(quiet=quiet), watching(quiet=quiet) as report:
        fitted = by(
            cohort,
            model,
            shared=request.shared,
            hierarchical=request.hierarchical,
            fixed=fixed,
            covariates=request.covariates,
            correlated=request.correlated,
            settings=request.settings,
            until=request.until,
            device=request.device,
            command=shlex.join(["cls-infer", *sys.argv[1:]]),
            report=report,
        )
        report("writing the run folder")
        return save(fitted, folder)


@contextmanager
def told_of_interrupts(*, quiet: bool) -> Iterator[None]:
    """Say what Ctrl-C leaves behind where it comes before there are draws to keep."""
    try:
        yield
    except KeyboardInterrupt:
        say("interrupted before the first draw that would be kept; nothing was written", quiet=quiet)
        raise


def _check_options(request: Request) -> None:
    problems = []
    if request.settings.method not in METHODS:
        message = f"there is no method `{request.settings.method}`"
        problems.append(Problem("--method", message, remedy=f"there are {', '.join(f'`{one}`' for one in METHODS)}"))
    for name, least in (("chains", 1), ("draws", 4), ("warmup", 1), ("seed", 0)):
        number = getattr(request.settings, name)
        if number < least:
            problems.append(Problem(f"--{name}", f"is {number}", remedy=f"write {least} or more"))
    if not 0 < request.settings.target_accept < 1:
        found = f"is {request.settings.target_accept:g}"
        problems.append(Problem("--target-accept", found, remedy="write a number between 0 and 1, such as 0.99"))
    if not 1e-9 <= request.settings.rtol <= 0.1:
        found = f"is {request.settings.rtol:g}"
        problems.append(Problem("--rtol", found, remedy="write a number from 1e-9 to 0.1, such as 1e-5"))
    if request.settings.solver not in SOLVERS:
        found = f"there is no solver `{request.settings.solver}`"
        problems.append(Problem("--solver", found, remedy=f"there are {', '.join(f'`{one}`' for one in SOLVERS)}"))
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
        say(f"interrupted: the draws made until then are kept in {fitted.folder}", quiet=quiet)
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
