"""A fit from request to run folder, begun as `fit` and `demo` need it, or gone on with as `resume` does."""

import errno
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem
from ..inference.settings import TWO_STAGE, Settings, setting_problems
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
    mixture: int = 0
    fix: tuple[str, ...] = ()
    settings: Settings = field(default_factory=Settings)
    until: float | None = None
    device: str = "auto"
    workers: str = ""
    shard_size: int = 32
    out: str | None = None

    @property
    def run_name(self) -> str:
        """The name of a run folder nobody named."""
        return f"{Path(self.dataset).resolve().name}-{Path(self.model).stem}-{self.settings.seed}"


def carry_out(request: Request, *, quiet: bool) -> "Fit | CohortRun":
    """Fit and save; where workers are asked for, a cohort of patients apart.

    Raises:
        InputError: every problem of the data, the model and the options at once.
    """
    inputs = _read(request)
    folder = fresh_run(request.out, name=request.run_name)
    from ..results.unfinished import abandon, alone, begin

    command = shlex.join(["cls-infer", *sys.argv[1:]])
    begin(folder, _written(request, command))
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
    request, command = _read_again(asked_for(folder), folder)
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


def _written(request: Request, command: str) -> dict[str, Any]:
    """Return a request as JSON holds it, with places that another working directory finds."""
    model = _absolute(request.model) if request.model.endswith(".py") else request.model
    placed = replace(request, dataset=_absolute(request.dataset), model=model, out=None)
    return {"request": asdict(placed), "command": command}


def _absolute(name_or_path: str) -> str:
    return str(Path(name_or_path).resolve()) if Path(name_or_path).exists() else name_or_path


def _read_again(asked: dict[str, Any], folder: Path) -> tuple[Request, str]:
    """Return the request and the command that were written.

    Raises:
        InputError: they are not of this version, or name a model file that the user has not.
    """
    try:
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in asked["request"].items()}
        request = Request(**values | {"settings": Settings(**asked["request"]["settings"])})
        command, path = str(asked["command"]), Path(request.model)
    except (TypeError, KeyError, AttributeError) as error:
        message = f"its checkpoint asks for what this version does not know: {error}"
        remedy = "go on with the version that wrote it, or fit again into another folder"
        raise InputError([Problem(str(folder), message, remedy=remedy)]) from None
    if request.model.endswith(".py") and path.is_file():
        from ..results.kept import check_named
        from .named import was_named

        check_named(path, was_named)
    return request, command


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
