"""What one worker does with one shard: fit its patients, judge them, write them."""

import os
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ..cohort.records import Cohort, Patient
from ..errors import InputError
from ..inference.settings import Settings
from .decide import Decided, own
from .store import STORE, name_of, write_shard

if TYPE_CHECKING:
    from ..inference.programs import Programs
    from ..model.spec import Model


@dataclass(frozen=True)
class Job:
    """What all shards of a cohort have in common.

    `folder` is the run's, on a disk that all workers see. `model` is a name or the path of a file that the user named,
    `digest` what it must be. `flags` and `cache` are XLA's flags and the folder of compiled programs, as the process
    that gives out the shards has them.
    """

    folder: Path
    cohort: str
    model: str
    digest: str
    decided: Decided
    settings: Settings
    until: float | None = None
    device: str = "auto"
    flags: str = ""
    cache: str | None = None


@dataclass(frozen=True)
class Shard:
    """Patients to be fitted, with their places in the cohort."""

    places: tuple[int, ...]
    patients: tuple[Patient, ...]

    def halves(self) -> "list[Shard]":
        """Return the first and the second half of its patients."""
        half = len(self.places) // 2
        return [Shard(self.places[part], self.patients[part]) for part in (slice(half), slice(half, None))]


@dataclass(frozen=True)
class Fitted:
    """A shard in the store: its group, seconds of fitting and of writing, bytes on disk, most memory the worker ever
    held [bytes], effective draws, by name the patients whose verdict is not met and why, and where it was fitted."""

    group: str
    seconds: float
    writing: float
    size: int
    memory: int
    effective: float
    unmet: dict[str, str] = field(default_factory=dict)
    device: str = ""


@dataclass(frozen=True)
class Refused:
    """A shard that could not be fitted, and why."""

    why: str


type Outcome = Fitted | Refused


class Session(NamedTuple):
    """What a worker keeps from shard to shard: the model, and what was compiled for it."""

    model: "Model"
    programs: "Programs"


def fit_shard(job: Job, shard: Shard) -> Outcome:
    """Fit a shard and write it to the store.

    A failure of the fit is returned; one of the machine, as a full disk, is raised.

    Raises:
        OSError: the store cannot be written.
    """
    prepare(job)
    begun = perf_counter()
    try:
        tree, device = _fitted(job, shard)
    except OSError:
        raise
    except InputError as error:
        return Refused("; ".join(str(problem) for problem in error.problems))
    except Exception as error:
        return Refused(f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}")
    fitted, judged = perf_counter(), tree["judged"].to_dataset()
    size = write_shard(job.folder, name_of(shard.places), tree)
    unmet = {str(name): str(why) for name, why in zip(judged["patient"].values, judged["unmet"].values, strict=True)}
    return Fitted(
        group=name_of(shard.places),
        seconds=fitted - begun,
        writing=perf_counter() - fitted,
        size=size,
        memory=most_memory(),
        effective=float(judged["effective"].where(judged["effective"].notnull(), judged["ess_bulk"]).sum()),
        unmet={name: why for name, why in unmet.items() if why},
        device=device,
    )


def _fitted(job: Job, shard: Shard) -> tuple[Any, str]:
    """Return the tree of a shard, and on what it was computed."""
    import jax

    from ..inference.accuracy import tolerance_at
    from ..inference.alone import infer_alone, lanes_of_patients
    from ..inference.certified import Certify
    from ..inference.device import choose_device
    from ..inference.run import of_patients
    from ..likelihood.posterior import posterior
    from ..results.diagnose import certified, converged
    from ..results.kept import hide_after
    from ..results.pareto import smoothed
    from ..results.shard import shard_tree

    session, settings, held = _session(job.model, job.digest), job.settings, job.decided.held
    whole = Cohort(job.cohort, shard.patients, "")
    seen, _ = hide_after(whole, job.until)
    tolerance = tolerance_at(settings.rtol, job.decided.solver)
    free = own(session.model, held)
    target = posterior(session.model, seen, per_patient=free, fixed=held, tolerance=tolerance)
    choice = session.programs.once(
        ("device", job.device), lambda: choose_device(job.device, lambda: of_patients(target, [0]))
    )
    with jax.default_device(choice.device):
        certify = Certify(smoothed, certified)
        options = {"certify": certify, "enough": converged, "programs": session.programs}
        parts = infer_alone(target, settings, **options)
        tree = shard_tree(lanes_of_patients(target, session.programs), parts, settings, whole)
        device = (choice.device or jax.devices()[0]).device_kind
    return tree, device


@lru_cache(maxsize=1)
def _session(model: str, digest: str) -> Session:
    """Return the model of a job, and what is compiled for it.

    Raises:
        InputError: the model on this machine is another one.
    """
    from ..errors import Problem
    from ..inference.programs import Programs
    from ..model import load_model

    found = load_model(model)
    if found.digest != digest:
        message = f"the model is another one here: its digest is {found.digest[:12]}, not {digest[:12]}"
        raise InputError([Problem(model, message, remedy="let all workers run one version")])
    return Session(found, Programs())


def prepare(job: Job) -> None:
    """Give JAX the flags and the cache of compiled programs that the whole run has, before its first use."""
    os.environ.setdefault("XLA_FLAGS", job.flags)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import jax

    from ..solve.machine.known import keep_in

    jax.config.update("jax_enable_x64", True)
    if job.cache and jax.config.jax_compilation_cache_dir is None:
        keep_in(job.cache)


def sees(folder: Path) -> bool:
    """Return whether this worker sees the store of a run."""
    return (folder / STORE / "zarr.json").is_file()


def most_memory() -> int:
    """Return the most memory that this process has held [bytes], 0 where the system does not tell."""
    told = Path("/proc/self/status")  # `getrusage` counts what the parent held before the worker began
    lines = told.read_text().splitlines() if told.exists() else []
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)
