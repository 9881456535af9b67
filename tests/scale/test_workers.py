"""Workers of Dask distributed: words that ask for them, and what becomes of a shard whose worker is killed."""

import sys

import pytest
import xarray as xr

from cls_infer.errors import InputError
from cls_infer.scale.counted import Counted
from cls_infer.scale.workers import Asked, asked_of

psutil = pytest.importorskip("psutil")


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("here", Asked("here")),
        ("local", Asked("local")),
        ("local:4", Asked("local", 4)),
        ("slurm:16", Asked("slurm", 16)),
        ("dask://node-7:8786", Asked("dask", address="tcp://node-7:8786")),
    ],
)
def test_workers_are_asked_for_in_words(words, asked):
    assert asked_of(words) == asked


@pytest.mark.parametrize(
    "words", ["", "here:2", "local:0", "local:x", "dask://node", "dask://a:1/../x", "tcp://a:1", "loki"]
)
def test_other_words_are_refused(words):
    with pytest.raises(InputError, match="there are no workers"):
        asked_of(words)


def test_slurm_without_its_library_says_what_to_install(fitted, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask_jobqueue.slurm", None)
    with pytest.raises(InputError, match=r"install `cls_infer\[slurm\]`"):
        fitted(("A",), workers="slurm")


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_changes_no_draw(run, fitted):
    killed = []

    def report(event):
        if isinstance(event, Counted) and event.done and not killed:
            of_dask = [p for p in psutil.Process().children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]
            killed.append(of_dask[-1].pid)
            of_dask[-1].kill()

    again = fitted(workers="local:2", shard_size=2, report=report)
    assert killed and again.manifest["numbers"]["fitted"] == 5
    for shard in run.done.shards:
        for group in ("posterior", "extremes", "judged"):
            xr.testing.assert_identical(run.group(shard, group).load(), again.group(shard, group).load())
