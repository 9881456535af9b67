"""Shards given out and taken back: what fails is found, what is done is in the ledger."""

import errno
from pathlib import Path

import pytest

from cls_infer.cohort.records import Patient
from cls_infer.inference.settings import Settings
from cls_infer.scale.counted import Counted
from cls_infer.scale.decide import Decided
from cls_infer.scale.follow import follow
from cls_infer.scale.ledger import LEDGER, enter, read_ledger
from cls_infer.scale.store import name_of
from cls_infer.scale.work import Fitted, Job, Refused, Shard
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
