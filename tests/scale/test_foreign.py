"""A Dask scheduler and workers that somebody else started; batch jobs, by a queue that runs them on this machine."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr

from cls_infer.scale.counted import Counted
from cls_infer.scale.run import open_cohort

DASK = Path(sys.executable).with_name("dask")
GROUPS = ("posterior", "extremes", "judged")


class Started:
    """A scheduler and a worker as a user starts them, at one address, with what they say in a file."""

    def __init__(self, folder):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder, self.running = folder, []

    @property
    def workers(self):
        return f"dask://127.0.0.1:{self.port}"

    def start(self):
        scheduler = ("scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard")
        worker = ("worker", f"tcp://127.0.0.1:{self.port}", "--nthreads", "1", "--no-dashboard")
        self.running += [self._run(*scheduler), self._run(*worker, "--local-directory", str(self.folder))]

    def kill_scheduler(self):
        self.running[-2].kill()
        self.running[-2].wait()

    def stop(self):
        for one in self.running:
            if one.poll() is None:
                one.send_signal(signal.SIGTERM)
        for one in self.running:
            one.wait(60)

    def _run(self, *words):
        once = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with (self.folder / f"{words[0]}.log").open("ab") as said:
            return subprocess.Popen([DASK, *words], stdout=said, stderr=said, env=os.environ | once)


@pytest.fixture
def started(tmp_path):
    one = Started(tmp_path)
    one.start()
    yield one
    one.stop()


def alike(one, other):
    for shard in one.done.shards:
        for group in GROUPS:
            xr.testing.assert_identical(one.group(shard, group).load(), other.group(shard, group).load())


@pytest.mark.slow
def test_a_scheduler_that_is_started_again_costs_the_shards_in_flight_and_says_so(run, fitted, started, tmp_path):
    place, done = tmp_path / "run", []

    def report(event):
        if isinstance(event, Counted) and event.done and not done:
            done.append(event.done)
            started.kill_scheduler()
            started.start()

    with pytest.raises(ConnectionError, match=rf"the scheduler at tcp://127\.0\.0\.1:{started.port} went away"):
        fitted(folder=place, workers=started.workers, shard_size=2, report=report)
    before = open_cohort(place).done
    assert 0 < len(before.shards) < 4 and not open_cohort(place).manifest
    again = fitted(folder=place, workers=started.workers, shard_size=2)
    lines = [json.loads(line) for line in (place / "ledger.jsonl").read_text().splitlines()]
    named = [name for line in lines for name in line["patients"]]
    assert sorted(named) == list("ABCDE") and again.manifest["numbers"]["fitted"] == 5  # nobody was fitted twice
    alike(run, again)


SBATCH = """#!/bin/sh
# runs a batch job on this machine at once, in the background, and says its number
sh "$1" >>"$QUEUE/$$.out" 2>&1 &
echo $! >>"$QUEUE/submitted"
cp "$1" "$QUEUE/$!.sh"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
for job in "$@"; do
    echo "$job" >>"$QUEUE/cancelled"
    pkill -TERM -P "$job"
    kill "$job" 2>/dev/null
done
exit 0
"""
JOBS = {
    "queue": "normal",
    "cores": 1,
    "processes": 1,
    "memory": "2GB",
    "walltime": "00:20:00",
    "interface": "lo",
    "death-timeout": 600,
}


@pytest.fixture
def queue(tmp_path, monkeypatch):
    """A folder where batch jobs leave their traces; `sbatch` and `scancel` on the path run them on this machine."""
    place, commands = tmp_path / "queue", tmp_path / "bin"
    for folder in (place, commands):
        folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{commands}:{os.environ['PATH']}")
    monkeypatch.setenv("QUEUE", str(place))
    return place


@pytest.mark.slow
def test_batch_jobs_fit_a_cohort_and_end_with_it(run, fitted, queue, tmp_path):
    from dask.config import set as configured

    with configured({"jobqueue.slurm": {**JOBS, "local-directory": str(tmp_path)}}):
        again = fitted(workers="slurm:2", shard_size=2)
    assert again.manifest["numbers"]["fitted"] == 5
    alike(run, again)
    jobs = (queue / "submitted").read_text().split()
    script = (queue / f"{jobs[0]}.sh").read_text()
    assert len(jobs) == 2 and "#SBATCH -p normal" in script and "export OMP_NUM_THREADS='1'" in script
    assert sorted((queue / "cancelled").read_text().split()) == sorted(jobs)
