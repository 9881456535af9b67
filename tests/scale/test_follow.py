"""Shards given out and taken back: what fails is found, what is done is in the ledger."""

import errno
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cls_infer.cohort.records import Cohort, Patient
from cls_infer.errors import InputError, Problem
from cls_infer.inference import checkpoint
from cls_infer.inference.checkpoint import Kept
from cls_infer.inference.settings import Settings
from cls_infer.scale import follow as following
from cls_infer.scale import work
from cls_infer.scale.counted import Counted
from cls_infer.scale.decide import Decided
from cls_infer.scale.follow import follow
from cls_infer.scale.ledger import LEDGER, enter, read_ledger
from cls_infer.scale.run import write_manifest
from cls_infer.scale.store import name_of
from cls_infer.scale.work import Fitted, Job, Refused, Shard, fit_shard
from cls_infer.scale.workers import Here

JOB = Job(Path("run"), "ward", "volume_kinetics", "", Decided(), Settings())


def shards(*sizes):
    """Return shards of so many patients, named by their place."""
    first, made = 0, []
    for size in sizes:
        places = tuple(range(first, first + size))
        made.append(Shard(places, tuple(Patient(f"P{n}", {}, (), ()) for n in places)))
        first += size
    return made


def done(job, shard):
    return Fitted(name_of(shard.places), 1.0, 0.1, 10, 100, 400.0)


def carried_out(tmp_path, given, fit, **counts):
    told = []
    total = sum(len(shard.places) for shard in given)
    options = {"total": total, "done": 0, "failed": 0, **counts}
    follow(tmp_path, given, Here(JOB, fit), report=told.append, **options)
    return told


def test_one_patient_that_always_fails_is_named_and_the_others_finish(tmp_path):
    def fit(job, shard):
        return Refused("no start") if 5 in shard.places else done(job, shard)

    told = carried_out(tmp_path, shards(8, 3), fit)
    found = read_ledger(tmp_path)
    assert found.failed == {"P5": "no start"}
    assert found.patients == {f"P{n}" for n in range(11)} - {"P5"}
    assert "P5: could not be fitted: no start" in told
    assert told[-1] == Counted(11, 11, 1, told[-1].left, 1) and told[-1].left == 0


def test_a_full_disk_ends_the_run_and_keeps_what_was_done(tmp_path):
    def fit(job, shard):
        if 4 in shard.places:
            raise OSError(errno.ENOSPC, "No space left on device")
        return done(job, shard)

    with pytest.raises(OSError, match="No space left"):
        carried_out(tmp_path, shards(2, 2, 2), fit)
    assert read_ledger(tmp_path).patients == {"P0", "P1", "P2", "P3"}


FAULTS = (RuntimeError("no start\nat all"), InputError([Problem("P0", "no start", remedy="mend the chart")]))


@pytest.mark.parametrize("error", FAULTS)
def test_a_shard_that_cannot_be_fitted_says_why_and_a_broken_machine_is_no_fault_of_it(monkeypatch, error):
    def fail(job, shard, error=error):
        raise error

    monkeypatch.setattr(work, "prepare", lambda job: None)
    monkeypatch.setattr(work, "_fitted", fail)
    (shard,) = shards(1)
    outcome = fit_shard(JOB, shard)
    assert isinstance(outcome, Refused) and "no start" in outcome.why and "\n" not in outcome.why
    monkeypatch.setattr(work, "_fitted", lambda job, shard: fail(job, shard, OSError(errno.EROFS, "Read-only")))
    with pytest.raises(OSError, match="Read-only"):
        fit_shard(JOB, shard)


def test_a_clock_that_goes_back_changes_nothing_but_the_hour_in_the_ledger(tmp_path, monkeypatch):
    """Between two sessions, and from shard to shard, the clock is set back by a year."""
    days = iter(datetime(2026, 1, 1, tzinfo=UTC) - timedelta(365 * step) for step in range(9))

    class Back(datetime):
        @classmethod
        def now(cls, tz=None):
            return next(days)

    monkeypatch.setattr(following, "datetime", Back)
    given = shards(2, 2, 2, 2)
    carried_out(tmp_path, given[:2], done, total=8)
    told = carried_out(tmp_path, given[2:], done, total=8, done=4)
    found = read_ledger(tmp_path)
    assert [line["at"][:4] for line in found.told.values()] == ["2026", "2025", "2024", "2023"]
    assert list(found.shards) == [name_of(shard.places) for shard in given] and len(found.patients) == 8
    assert all(one.left >= 0 for one in told[1:] if isinstance(one, Counted))
    cohort = Cohort("ward", tuple(patient for shard in given for patient in shard.patients), "")
    written = write_manifest(tmp_path, cohort, {}).manifest
    assert written["numbers"]["fitted"] == 8 and written["numbers"]["seconds_of_workers"] == pytest.approx(4 * 1.1)


def test_a_session_that_began_in_the_future_took_no_time_back(tmp_path, monkeypatch):
    kept = Kept(tmp_path)
    monkeypatch.setattr(checkpoint, "time", lambda: 4e9)  # the clock was wrong when it began
    assert kept.seconds_before() == 0.0
    monkeypatch.undo()
    assert kept.seconds_before() == 0.0


def test_progress_counts_patients_of_earlier_sessions_and_tells_the_time_left(tmp_path):
    told = carried_out(tmp_path, shards(1, 1), done, total=5, done=3, failed=1)
    assert [(one.done, one.failed) for one in told] == [(3, 1), (4, 1), (5, 1)]
    assert told[0].left != told[0].left and told[1].left > 0  # unknown before the first


def test_a_torn_line_of_the_ledger_counts_as_not_written(tmp_path):
    line = {"shard": "shard-0000000-00001", "patients": ["P0"], "unmet": {}}
    enter(tmp_path, line)
    with (tmp_path / LEDGER).open("ab") as file:
        file.write(b'{"shard": "shard-0000001-00001", "pati')
    enter(tmp_path, line | {"shard": "shard-0000002-00001", "patients": ["P2"]})
    assert read_ledger(tmp_path).patients == {"P0", "P2"}
