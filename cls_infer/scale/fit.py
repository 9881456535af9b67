"""A cohort of any size fitted apart, shard by shard, into one store."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.checkpoint import Kept
from ..inference.settings import ONE_STAGE, Settings
from ..model.spec import Model
from ..results.kept import hide_after
from ..results.provenance import provenance
from ..results.same_fit import check_same_fit
from ..results.store import CHECKPOINT
from .counted import Counted
from .decide import Decided, check_apart, cut, decide, held_of, lay_out
from .follow import follow
from .ledger import Done, enter, read_ledger
from .run import CohortRun, write_manifest
from .store import clear_of, make_store
from .work import Job, Shard
from .workers import asked_of, workers_of

SHARD = 32
"""Patients in a shard: what a worker holds at a time, what a kill costs it, and a group of the store."""

DECIDED = "decided"

type Report = Callable[[Counted | str], None]


def fit_cohort(
    cohort: Cohort,
    model: Model,
    folder: Path | str,
    *,
    per_patient: Sequence[str] = (),
    fixed: dict[str, float] | None = None,
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
    until: float | None = None,
    device: str = "auto",
    workers: str = "local",
    shard_size: int = SHARD,
    command: str = "",
    report: Report = lambda _: None,
) -> CohortRun:
    """Fit every patient of a cohort as though it were alone, on workers, into the store of a run folder.

    After a kill the same call goes on with what is missing. A patient's draws are the same to the last bit whatever the
    workers, the shards and the company, on one kind of processor; the method of the solver, where it is left to `auto`,
    is chosen for the cohort, and so is whether what nobody got a treatment for is estimated.

    Args:
        cohort: as `read_cohort` returns it.
        model: as `load_model` returns it; workers load it by its name or its file.
        folder: the run's, on a disk that all workers see.
        per_patient: parameters estimated for each patient though the model shares them.
        fixed: values to hold.
        settings: method, chains, draws, seed; all methods but `two-stage`.
        until: hides measurements after this time [h] from the fit; the store keeps them.
        device: `cpu`, `gpu`, or `auto`, on each worker.
        workers: `here`, `local`, `local:2`, `dask://HOST:PORT`, `slurm` or `slurm:8`.
        shard_size: patients in a shard.
        command: what the user typed, for the provenance.
        report: receives `Counted` after each shard, and words.

    Raises:
        InputError: patients who share a parameter or a name, names that the model lacks, workers that cannot be had,
            a folder that holds another fit.
        OSError: the disk is full, or cannot be written; what is done is kept.
    """
    begun, folder, fixed = perf_counter(), Path(folder), fixed or {}
    asked = asked_of(workers)
    seen, hidden = hide_after(cohort, until)
    _check(seen, settings, shard_size)
    check_apart(model, seen, per_patient=per_patient, fixed=fixed)
    kept = Kept(folder / CHECKPOINT)
    check_same_fit(kept, model, cohort, settings, {"per_patient": per_patient, "fixed": fixed, "until": until}, report)
    before = kept.seconds_before()
    make_store(folder)
    done = read_ledger(folder)
    clear_of(folder, set(done.shards))
    decided, shards = _prepared(model, seen, cohort, folder, kept, done, settings, per_patient, fixed, shard_size)
    report(f"solver: {decided.solver}, {decided.because}")
    job = _job(folder, cohort, model, decided, settings, until, device)
    if shards:
        report(f"shards: {len(shards)} of up to {shard_size} patients, for {workers}")
        with workers_of(asked, job) as pool:
            ended = len(done.patients) + len(done.failed)
            counts = {"total": len(cohort.patients), "done": ended, "failed": len(done.failed)}
            follow(folder, shards, pool, **counts, report=report)
    made = provenance(model, cohort, settings, command=command, hidden=hidden, until=until)
    seconds = before + perf_counter() - begun
    run = write_manifest(folder, cohort, {**made, "method": settings.method, "seconds_total": seconds})
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)
    return run


def _check(cohort: Cohort, settings: Settings, shard_size: int) -> None:
    problems = []
    if settings.method not in ONE_STAGE:
        remedy = f"write one of {', '.join(ONE_STAGE)}, or leave out `--workers`"
        problems.append(Problem("--method", f"`{settings.method}` is no method for workers", remedy=remedy))
    if shard_size < 1:
        problems.append(Problem("--shard-size", f"is {shard_size}", remedy="write 1 or more, such as 32"))
    names = [patient.name for patient in cohort.patients]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        problems += [Problem(cohort.name, f"two patients are called `{name}`", remedy="rename one") for name in twice]
    if not names:
        problems.append(Problem(cohort.name, "nobody to fit", remedy="add patients"))
    if problems:
        raise InputError(problems)


def _prepared(
    model: Model,
    seen: Cohort,
    cohort: Cohort,
    folder: Path,
    kept: Kept,
    done: Done,
    settings: Settings,
    per_patient: Sequence[str],
    fixed: dict[str, float],
    size: int,
) -> tuple[Decided, list[Shard]]:
    """Return what holds for all patients and the shards of those who are missing; who cannot be laid out is entered."""
    ended = done.patients | set(done.failed)
    missing = [place for place, patient in enumerate(seen.patients) if patient.name not in ended]
    known = kept.read_facts(DECIDED)
    held = dict(known["held"]) if known else held_of(model, seen, per_patient=per_patient, fixed=fixed)
    layout = lay_out(model, seen, missing, held)
    if known:
        decided = Decided(**known)
    else:
        decided = decide(model, seen, layout, settings, held=held)
        kept.write_facts(DECIDED, asdict(decided))
    for place, why in layout.refused.items():
        done.failed[seen.patients[place].name] = why
        enter(folder, {"failed": seen.patients[place].name, "why": why})
    return decided, [Shard(places, tuple(cohort.patients[i] for i in places)) for places in cut(layout, size)]


def _job(
    folder: Path,
    cohort: Cohort,
    model: Model,
    decided: Decided,
    settings: Settings,
    until: float | None,
    device: str,
) -> Job:
    """Return what all shards have in common, with this process's way of computing."""
    import os

    import jax

    return Job(
        folder=folder.resolve(),
        cohort=cohort.name,
        model=model.file or model.name,
        digest=model.digest,
        decided=decided,
        settings=settings,
        until=until,
        device=device,
        flags=os.environ.get("XLA_FLAGS", ""),
        cache=jax.config.jax_compilation_cache_dir,
    )
