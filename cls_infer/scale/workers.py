"""Who fits the shards: this process, or workers of Dask distributed. No scheduler of our own."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from logging import CRITICAL, getLogger
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import InputError, Problem
from ..solve.platform import cores
from .work import Job, Outcome, Refused, Shard, fit_shard, sees

WAYS = "`here`, `local`, `local:2`, `dask://HOST:PORT`, `slurm` or `slurm:8`"
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
"""How many threads a product of matrices takes changes its last bits: one, however many workers there are."""

DEATHS = 2
"""Workers that a shard may take with it before it is halved."""

SECONDS_TO_COME = 600.0
"""What a worker may take until it is there, as a batch job that waits in a queue."""

type Fit = Callable[[Job, Shard], Outcome]


@dataclass(frozen=True)
class Asked:
    """What `--workers` asks for: the `kind` of workers, how many, 0 where nobody said, and a scheduler's address."""

    kind: str
    count: int = 0
    address: str = ""


def asked_of(words: str) -> Asked:
    """Return what `--workers` asks for.

    Raises:
        InputError: it is none of the ways.
    """
    if found := re.fullmatch(r"dask://([\w.\-\[\]:]+:\d+)", words):
        return Asked("dask", address=f"tcp://{found[1]}")
    if words == "here":
        return Asked("here")
    if found := re.fullmatch(r"(local|slurm)(?::([1-9]\d*))?", words):
        return Asked(found[1], int(found[2] or 0))
    raise InputError([Problem("--workers", f"there are no workers `{words}`", remedy=f"write {WAYS}")])


@contextmanager
def workers_of(asked: Asked, job: Job) -> "Iterator[Pool]":
    """Yield who fits the shards of a job.

    Raises:
        InputError: workers that cannot be had, or do not see the run folder.
    """
    if asked.kind == "here":
        yield Here(job)
        return
    with _client(asked, job) as client:
        yield Cluster(client, job)


class Here:
    """This process, one shard after another: `ahead` are given out at a time, to so many `workers`."""

    workers, ahead = 1, 1

    def __init__(self, job: Job, fit: Fit = fit_shard) -> None:
        self._job, self._fit = job, fit
        self._waiting: list[Shard] = []

    def give(self, shard: Shard) -> None:
        """Take a shard."""
        self._waiting.append(shard)

    def next(self) -> tuple[Shard, Outcome]:
        """Fit a shard that was given."""
        shard = self._waiting.pop(0)
        return shard, self._fit(self._job, shard)


class Cluster:
    """Workers of Dask distributed."""

    def __init__(self, client: Any, job: Job, fit: Fit = fit_shard) -> None:
        from distributed import as_completed

        self._client, self._job, self._fit = client, job, fit
        self._address = client.scheduler.address
        self._shards: dict[str, Shard] = {}
        self._coming = as_completed(with_results=False)
        self._check_seen(job)

    @property
    def workers(self) -> int:
        """How many there are now: batch jobs come when the queue lets them."""
        return len(self._client.scheduler_info(n_workers=-1)["workers"])

    @property
    def ahead(self) -> int:
        """Shards that are given out at a time: one for each worker, and the next."""
        return 2 * max(1, self.workers)

    def give(self, shard: Shard) -> None:
        """Take a shard."""
        future = self._client.submit(self._fit, self._job, shard, pure=False)
        self._shards[future.key] = shard
        self._coming.add(future)

    def next(self) -> tuple[Shard, Outcome]:
        """Wait for a shard. One whose workers died with it counts as refused; the next may have more luck halved.

        Raises:
            OSError: a worker cannot write to the store.
            ConnectionError: the scheduler went away, and what it had been given with it.
        """
        from distributed import KilledWorker
        from distributed.client import FutureCancelledError

        future = next(self._coming)
        shard = self._shards.pop(future.key)
        try:
            return shard, future.result()
        except FutureCancelledError:
            gone = f"the scheduler at {self._address} went away, or was started again"
            raise ConnectionError(f"{gone}: shards that were being fitted are lost") from None
        except KilledWorker:
            return shard, Refused(f"{DEATHS} workers died with it, one after another: too little memory, or killed")

    def _check_seen(self, job: Job) -> None:
        blind = [where for where, there in self._client.run(sees, job.folder).items() if not there]
        if blind:
            message = f"the workers {', '.join(blind)} do not see `{job.folder}`"
            raise InputError([Problem("--workers", message, remedy="choose an `--out` on a disk that all of them see")])


type Pool = Here | Cluster
"""Takes shards, and gives each back, in any order, with what came of it."""


@contextmanager
def _client(asked: Asked, job: Job) -> Iterator[Any]:
    """Yield a client of the workers that are asked for; what was started for them ends with it."""
    import distributed  # noqa: F401 - its defaults must be there before some are set
    from dask.config import set as configured

    quiet = {
        "distributed.scheduler.allowed-failures": DEATHS - 1,
        "distributed.admin.large-graph-warning-threshold": "1GB",
    }
    with configured(quiet), ExitStack() as stack:
        stack.enter_context(_silent("distributed.client"))
        try:
            client = _connected(asked, job, stack)
        except TimeoutError as error:
            message = f"no worker came: {str(error) or 'the scheduler does not answer'}"
            raise InputError([Problem("--workers", message, remedy="look whether the scheduler runs")]) from None
        yield client


@contextmanager
def _silent(logger: str) -> Iterator[None]:
    """Keep tracebacks of a library off the screen: what it logs so, it raises too."""
    log = getLogger(logger)
    before = log.level
    log.setLevel(CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)


def _connected(asked: Asked, job: Job, stack: ExitStack) -> Any:
    """Return a client, once there is a worker; the stack ends what was started.

    Raises:
        InputError: no scheduler answers.
        TimeoutError: no worker came.
    """
    from distributed import Client

    try:
        if asked.kind == "dask":
            client = stack.enter_context(Client(asked.address, timeout=30))
        else:
            scratch = stack.enter_context(TemporaryDirectory(prefix="cls_infer-", ignore_cleanup_errors=True))
            made = _local(asked, job, scratch) if asked.kind == "local" else _slurm(asked, job)
            client = stack.enter_context(Client(stack.enter_context(made)))
    except OSError as error:
        if asked.kind != "dask" or isinstance(error, TimeoutError):
            raise
        message = f"no scheduler answers at {asked.address}"
        raise InputError([Problem("--workers", message, remedy="start it, or write another address")]) from None
    client.wait_for_workers(1, timeout=SECONDS_TO_COME)
    return client


def _local(asked: Asked, job: Job, scratch: str) -> Any:
    """Return workers on this machine, who talk over its loopback alone, each with a thread and its share of memory."""
    from distributed import LocalCluster

    count = asked.count or cores()
    return LocalCluster(
        n_workers=count,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        memory_limit=1 / count,
        local_directory=scratch,
        silence_logs=50,
        env=_environment(job),
        preload=["cls_infer.scale.pin"],
    )


def _slurm(asked: Asked, job: Job) -> Any:
    """Return workers that are batch jobs, as the user's `jobqueue.yaml` describes them.

    Raises:
        InputError: dask-jobqueue is not installed, or does not know how large a job is.
    """
    try:
        from dask_jobqueue.slurm import SLURMCluster
    except ImportError:
        remedy = "install `cls_infer[slurm]`"
        raise InputError([Problem("--workers", "`slurm` needs dask-jobqueue", remedy=remedy)]) from None
    exports = [f"export {name}={value!r}" for name, value in _environment(job).items()]
    try:
        cluster = SLURMCluster(job_script_prologue=exports)
    except ValueError as error:
        remedy = "describe a job in ~/.config/dask/jobqueue.yaml: queue, cores, memory, walltime"
        raise InputError([Problem("--workers", f"`slurm`: {error}", remedy=remedy)]) from None
    cluster.scale(jobs=asked.count or 1)
    return cluster


def _environment(job: Job) -> dict[str, str]:
    """Return the environment of a worker."""
    return {**dict.fromkeys(ONE_THREAD, "1"), "XLA_FLAGS": job.flags, "TF_CPP_MIN_LOG_LEVEL": "2"}
