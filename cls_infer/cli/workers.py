"""`--workers`: patients who share nothing, fitted in shards by other processes."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from ..inference.settings import TWO_STAGE
from .asked import Request
from .talk import write_json, write_lines

if TYPE_CHECKING:
    from ..scale.run import CohortRun

SHOWN = 10
"""Patients that the table names; --json names more, and the ledger all."""

Workers = Annotated[
    str,
    typer.Option(
        "--workers",
        metavar="here|local:N|dask://HOST:PORT|slurm:N",
        help="Fit patients who share nothing in shards, by so many processes, a Dask scheduler's or batch jobs.",
    ),
]
ShardSize = Annotated[int, typer.Option("--shard-size", metavar="N", help="Patients in a shard.")]


def with_workers(request: Request, workers: str) -> Request:
    """Return the request of a fit that goes on by other workers.

    Raises:
        InputError: it began without any.
    """
    if not request.workers:
        remedy = "leave the option out"
        raise InputError([Problem("--workers", "the fit began without workers", remedy=remedy)])
    return replace(request, workers=workers)


def keeps_shards(folder: Path) -> bool:
    """Return whether a cohort of which something is done is in the folder; an empty store is removed."""
    from ..scale.ledger import LEDGER
    from ..scale.store import STORE

    if (folder / LEDGER).is_file():
        return True
    rmtree(folder / STORE, ignore_errors=True)
    return False


def problems_of_workers(request: Request) -> list[Problem]:
    """Return what speaks against workers, where they are asked for."""
    from ..scale.workers import asked_of

    if not request.workers:
        return []
    asked = {
        "--shared": request.shared,
        "--hierarchical": request.hierarchical,
        "--covariate": request.covariates,
        "--correlated": request.correlated,
        "--mixture": request.mixture,
        f"--method {TWO_STAGE}": request.settings.method == TWO_STAGE,
    }
    remedy = "leave it or `--workers` out"
    problems = [
        Problem(name, "joins patients whom workers fit apart", remedy=remedy) for name, on in asked.items() if on
    ]
    if request.shard_size < 1:
        problems.append(Problem("--shard-size", f"is {request.shard_size}", remedy="write 1 or more, such as 32"))
    try:
        asked_of(request.workers)
    except InputError as error:
        problems += error.problems
    return problems


def fit_by_workers(
    folder: Path, request: Request, inputs: list, *, command: str, report: Callable[[Any], None]
) -> "CohortRun":
    """Fit a cohort by workers into its run folder."""
    from ..scale.fit import fit_cohort

    cohort, model, fixed = inputs
    return fit_cohort(
        cohort,
        model,
        folder,
        per_patient=request.per_patient,
        fixed=fixed,
        settings=request.settings,
        until=request.until,
        device=request.device,
        workers=request.workers,
        shard_size=request.shard_size,
        command=command,
        report=report,
    )


def told(run: "CohortRun") -> dict[str, Any]:
    """Return a cohort's run as `fit --json` tells it."""
    numbers, verdict = run.manifest["numbers"], run.manifest["verdict"]
    return {
        "run": str(run.folder),
        "verdict": "ok" if verdict["ok"] else lines_of(run.manifest),
        **numbers,
        "unmet": verdict["unmet_named"],
        "not_fitted": verdict["failed"],
        "seconds": run.manifest["provenance"]["seconds_total"],
    }


def lines_of(manifest: Mapping[str, Any]) -> list[str]:
    """Return in words what of a cohort's verdict is not met."""
    numbers, verdict, lines = manifest["numbers"], manifest["verdict"], []
    if numbers["failed"]:
        lines.append(f"{numbers['failed']} of {numbers['patients']} patients could not be fitted")
    if verdict["unmet"]:
        lines.append(f"{verdict['unmet']} of {numbers['fitted']} fitted patients do not meet it")
    return lines


def finish_cohort(run: "CohortRun", *, as_json: bool) -> int:
    """Print a cohort's run, and return the exit code: 0; 3 where a patient was not fitted or is not to be believed."""
    from .fitting import NOT_MET

    if as_json:
        write_json(told(run))
    else:
        write_lines(*_lines(run))
    return 0 if run.ok else NOT_MET


def _lines(run: "CohortRun") -> list[str]:
    numbers, verdict = run.manifest["numbers"], run.manifest["verdict"]
    lines = [f"fitted: {numbers['fitted']} of {numbers['patients']} patients, {numbers['met']} meet the verdict"]
    for title, named in (("not fitted", verdict["failed"]), ("not met", verdict["unmet_named"])):
        lines += [f"{title}: {name}: {why}" for name, why in list(named.items())[:SHOWN]]
        if len(named) > SHOWN:
            lines.append(f"{title}: and {len(named) - SHOWN} more; `{run.folder}/ledger.jsonl` names all")
    lines += ["verdict: met"] if run.ok else [f"verdict: not met: {words}" for words in lines_of(run.manifest)]
    return [*lines, f"run: {run.folder}"]
