"""Shards given out and taken back until none is left; what fails is halved until the patient is found."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from time import perf_counter

from .counted import Counted
from .ledger import enter
from .work import Fitted, Outcome, Shard
from .workers import Pool

type Report = Callable[[Counted | str], None]


def follow(
    folder: Path, shards: Iterable[Shard], pool: Pool, *, total: int, done: int, failed: int, report: Report
) -> None:
    """Fit all shards, and enter into the ledger each as soon as it is in the store.

    Args:
        folder: the run's.
        shards: what is to be fitted.
        pool: who fits them.
        total: patients of the cohort.
        done: patients that earlier sessions came to an end with, the failed ones among them.
        failed: patients that could not be fitted.
        report: receives `Counted` after each shard, and in words who could not be fitted.

    Raises:
        OSError: the disk is full, or cannot be written. What is in the ledger stays.
    """
    queue, given = deque(shards), 0
    count = _Count(total, done, failed)
    report(count.now(pool.workers))
    while queue or given:
        for _ in range(min(len(queue), pool.ahead - given)):
            pool.give(queue.popleft())
            given += 1
        shard, outcome = pool.next()
        given -= 1
        if not isinstance(outcome, Fitted) and len(shard.places) > 1:
            queue.extendleft(reversed(shard.halves()))
            continue
        enter(folder, _line(shard, outcome))
        count.took(shard, outcome)
        if not isinstance(outcome, Fitted):
            report(f"{shard.patients[0].name}: could not be fitted: {outcome.why}")
        report(count.now(pool.workers))


class _Count:
    """How far the cohort is, and how fast it goes."""

    def __init__(self, total: int, done: int, failed: int) -> None:
        self._total, self._done, self._failed, self._before = total, done, failed, done
        self._begun = perf_counter()

    def took(self, shard: Shard, outcome: Outcome) -> None:
        """Count a shard that came to its end."""
        self._done += len(shard.places)
        self._failed += not isinstance(outcome, Fitted)

    def now(self, workers: int) -> Counted:
        """Return how far the cohort is."""
        new = self._done - self._before
        left = (perf_counter() - self._begun) / new * (self._total - self._done) if new else nan
        return Counted(self._done, self._total, self._failed, left, workers)


def _line(shard: Shard, outcome: Outcome) -> dict:
    """Return what the ledger says of a shard."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if isinstance(outcome, Fitted):
        told = asdict(outcome)
        return {"at": now, "shard": told.pop("group"), "patients": [one.name for one in shard.patients], **told}
    return {"at": now, "failed": shard.patients[0].name, "why": outcome.why}
