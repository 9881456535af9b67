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
        said = (self.folder / f"{words[0]}.log").open("ab")
        once = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
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
