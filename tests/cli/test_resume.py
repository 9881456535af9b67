"""A fit that was killed goes on to the same draws, to the last bit; whatever cannot go on is refused in words."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import xarray as xr

from cls_infer.cli.fitting import INTERRUPTED, told_how_to_go_on

ROOT = Path(__file__).parents[2]
CHART = "patient,time,variable,value,unit\nP1,0,hematocrit,42,%\nP1,0.5,hematocrit,37.5,%\nP1,2,hematocrit,40,%\n"
GIVEN = "patient,start,end,item,amount,unit\nP1,0,0.5,ringer,1.5,L\n"
FIT = ("--model", "volume_kinetics", "--method", "nuts", "--fix", "V_c=3,Hct0=0.42")
SMALL = ("--chains", "2", "--warmup", "30", "--draws", "40", "--most-draws", "40", "--quiet")

COMMAND = """
import os, signal, sys
from cls_infer.cli import main
from cls_infer.inference import checkpoint

kill_at, kill_on, written = int(sys.argv[1]), sys.argv[2], 0
checkpoint.Kept.__init__.__defaults__ = (None, 0.0)  # keeps every block
whole = checkpoint.replacing

def counted(path):
    global written
    written += 1
    if written == kill_at or (kill_on and kill_on in str(path)):
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(path)

checkpoint.replacing = counted
del sys.argv[1:3]  # the command is part of the provenance
sys.exit(main())
"""


def run(*command, kill_at=0, kill_on="", folder, **environment):
    """Run one command in a process of its own, which kills itself as it comes to write its `kill_at`th file, or one
    of whose path `kill_on` is a part."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(ROOT / ".cache")} | environment
    call = [sys.executable, "-c", COMMAND, str(kill_at), kill_on, *map(str, command)]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def kept_of(run_folder):
    """Return all groups of a run's tree."""
    with xr.open_datatree(run_folder / "fit.zarr", engine="zarr", consolidated=False, decode_times=False) as tree:
        return tree.load()


def assert_same_run(one, other):
    a, b = kept_of(one), kept_of(other)
    passing = {"created"} | {name for name in a.attrs if name.startswith("seconds_")}
    assert {k: v for k, v in a.attrs.items() if k not in passing} == {
        k: v for k, v in b.attrs.items() if k not in passing
    }
    a.attrs, b.attrs = {}, {}
    xr.testing.assert_identical(a, b)
    assert (one / "summary.csv").read_bytes() == (other / "summary.csv").read_bytes()
    assert sorted(path.name for path in one.iterdir()) == sorted(path.name for path in other.iterdir())


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with a data set, and the run of a fit that nobody killed."""
    place = tmp_path_factory.mktemp("resume")
    (place / "chart").mkdir()
    (place / "chart" / "measurements.csv").write_text(CHART)
    (place / "chart" / "therapy.csv").write_text(GIVEN)
    said = run("fit", "chart", *FIT, *SMALL, "--out", "run", folder=place)
    assert said.returncode in (0, 3), said.stderr
    (place / "run").rename(place / "whole")
    return place


@pytest.fixture(scope="module")
def killed(whole):
    """The run folder of a fit killed in mid-warmup, once it had kept some draws."""
    said = run("fit", "chart", *FIT, *SMALL, "--out", "run", kill_at=9, folder=whole)
    assert said.returncode == -signal.SIGKILL, said.stderr
    chunks = sorted(path.name for path in (whole / "run" / "checkpoint").rglob("draws-*.npz"))
    assert chunks and "draws-0000030.npz" not in chunks  # kept in the warmup
    return (whole / "run").rename(whole / "killed")


@pytest.fixture
def unfinished(killed, whole):
    """A copy of it, under the name that the fit had."""
    place = whole / "run"
    shutil.copytree(killed, place)
    yield place
    shutil.rmtree(place, ignore_errors=True)


def test_a_fit_killed_in_its_warmup_goes_on_to_the_same_run(unfinished, whole):
    said = run("resume", "run", folder=whole)
    assert said.returncode in (0, 3), said.stderr
    assert "forecast: a gradient takes" in said.stderr
    assert_same_run(unfinished, whole / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_lanes_abreast_go_on_to_the_same_run(whole, share):
    """Killed at a share of the files that a fit through `hmc` writes before its run is there."""
    lanes = ("--model", "volume_kinetics", "--method", "hmc", "--fix", "V_c=3,Hct0=0.42", *SMALL)
    said = run("fit", "chart", *lanes, "--out", "run", folder=whole)
    assert said.returncode in (0, 3), said.stderr
    (whole / "run").rename(whole / "through")
    try:
        said = run("fit", "chart", *lanes, "--out", "run", kill_at=4 + int(share * 60), folder=whole)
        assert said.returncode == -signal.SIGKILL, said.stderr
        assert list((whole / "run" / "checkpoint").rglob("slopes-*.npz"))
        said = run("resume", "run", folder=whole)
        assert said.returncode in (0, 3), said.stderr
        assert_same_run(whole / "run", whole / "through")
    finally:
        for name in ("run", "through"):
            shutil.rmtree(whole / name, ignore_errors=True)


RANKED = ("calibrate", "volume_kinetics", "--like", "chart", "--fix", "V_c=3,Hct0=0.42", "--draws", "49", "--quiet")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "kept", "kill_on"),
    [
        (("--fits", "40"), "importance-00000.json", "importance-00032"),
        (("--fits", "10", "--method", "hmc"), "hmc-00007.json", "hmc-00008"),
        (("--fits", "2", "--method", "nuts"), "nuts-00000", "nuts-00001/draws"),
        (("--fits", "3", "--method", "two-stage", "--hierarchical", "k_10"), "law-00001.npz", "law-00002"),
    ],
    ids=["importance", "hmc", "nuts", "two-stage"],
)
def test_a_calibration_killed_goes_on_to_the_same_ranks(whole, asked, kept, kill_on):
    """Killed once some fits are kept and others are not."""
    two = CHART + CHART.split("\n", 1)[1].replace("P1,", "P2,")
    (whole / "chart" / "measurements.csv").write_text(two)
    (whole / "chart" / "therapy.csv").write_text(GIVEN + GIVEN.split("\n", 1)[1].replace("P1,", "P2,"))
    try:
        said = run(*RANKED, *asked, "--out", "through", folder=whole)
        assert said.returncode in (0, 3), said.stderr
        said = run(*RANKED, *asked, "--out", "run", kill_on=kill_on, folder=whole)
        assert said.returncode == -signal.SIGKILL, said.stderr
        assert (whole / "run" / "checkpoint" / kept).exists()
        said = run("resume", "run", folder=whole)
        assert said.returncode in (0, 3), said.stderr
        assert (whole / "run" / "ranks.csv").read_bytes() == (whole / "through" / "ranks.csv").read_bytes()
        assert not (whole / "run" / "checkpoint").exists()
    finally:
        (whole / "chart" / "measurements.csv").write_text(CHART)
        (whole / "chart" / "therapy.csv").write_text(GIVEN)
        for name in ("run", "through"):
            shutil.rmtree(whole / name, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", [1, 3, 4, 6, 10, 11, 12, 13])
def test_whenever_it_is_killed_a_fit_goes_on_to_the_same_run(whole, kill_at):
    """Before the search, after it, in the warmup, among the draws, at their end."""
    try:
        said = run("fit", "chart", *FIT, *SMALL, "--out", "run", kill_at=kill_at, folder=whole)
        assert said.returncode == -signal.SIGKILL
        said = run("resume", "run", folder=whole)
        if kill_at == 1:  # nothing was written
            assert said.returncode == 2 and "remove the folder and fit again" in said.stderr
            return
        assert said.returncode in (0, 3), said.stderr
        assert_same_run(whole / "run", whole / "whole")
    finally:
        shutil.rmtree(whole / "run", ignore_errors=True)


@pytest.mark.slow
def test_one_thread_and_no_kept_programs_give_the_same_run(whole, tmp_path):
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "XDG_CACHE_HOME": str(tmp_path)}
    flags = "--xla_cpu_multi_thread_eigen=false --xla_force_host_platform_device_count=4"
    said = run("fit", "chart", *FIT, *SMALL, "--out", "run", folder=whole, XLA_FLAGS=flags, **one)
    assert said.returncode in (0, 3), said.stderr
    assert_same_run(whole / "run", whole / "whole")
    shutil.rmtree(whole / "run")


def facts(unfinished, name):
    path = unfinished / "checkpoint" / f"{name}.json"
    return path, json.loads(path.read_text())


CHANGED = {
    "the data": ("data", "0", "the data set `chart` has changed since the fit began; put it back as it was"),
    "the model": ("model", "0", "the model `volume_kinetics` has changed since the fit began"),
    "the code": ("source", "0", "the code of cls_infer has changed since the fit began"),
    "jax": ("versions", {"jax": "0.1.0"}, "the fit began with jax 0.1.0; here is"),
    "the request": ("asked", {"seed": 7}, "the fit began with seed = 7, not 1; ask for the same"),
}


@pytest.mark.parametrize("what", CHANGED)
def test_a_fit_of_what_has_changed_is_refused(cls_infer, unfinished, what):
    key, value, words = CHANGED[what]
    path, known = facts(unfinished, "fit")
    path.write_text(json.dumps(known | {key: known[key] | value if isinstance(value, dict) else value}))
    said = cls_infer("resume", unfinished)
    assert said.code == 2 and words in said.err
    assert (unfinished / "checkpoint").is_dir()  # put back, the fit can go on


def test_changed_tables_are_seen(cls_infer, unfinished, whole):
    measurements = whole / "chart" / "measurements.csv"
    try:
        measurements.write_text(CHART.replace("37.5", "37.6"))
        said = cls_infer("resume", unfinished, "--json")
    finally:
        measurements.write_text(CHART)
    assert said.code == 2 and "the data set `chart` has changed" in said.json["problems"][0]["message"]


def test_a_device_of_another_kind_is_refused(cls_infer, unfinished):
    path, known = facts(unfinished, "device")
    path.write_text(json.dumps(known | {"platform": "gpu", "kind": "NVIDIA H200", "count": 1}))
    said = cls_infer("resume", unfinished)
    assert said.code == 2
    assert "the fit began on 1 x gpu (NVIDIA H200); here JAX finds 0 x none; go on with it there" in said.err


def test_what_holds_no_unfinished_fit_is_refused(cls_infer, tmp_path, whole):
    for place, words in (
        (tmp_path / "nowhere", "is not there"),
        (tmp_path, "is no run folder"),
        (whole / "whole", "holds a finished fit"),
    ):
        said = cls_infer("resume", place)
        assert said.code == 2 and words in said.err


def test_the_folder_of_an_unfinished_fit_says_how_to_go_on(cls_infer, unfinished, whole):
    said = cls_infer("fit", whole / "chart", *FIT, *SMALL, "--out", unfinished)
    assert said.code == 2 and f"`cls-infer resume {unfinished}` goes on with it" in said.err
    said = cls_infer("report", unfinished)
    assert said.code == 2 and "holds an unfinished fit" in said.err


def test_two_processes_do_not_go_on_with_one_fit(cls_infer, unfinished):
    fcntl = pytest.importorskip("fcntl")
    with (unfinished / "checkpoint" / "lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        said = cls_infer("resume", unfinished)
    assert said.code == 2 and "another process is fitting into it" in said.err


def test_a_fit_that_cannot_be_leaves_nothing(cls_infer, whole, tmp_path):
    said = cls_infer("fit", whole / "chart", *FIT, "--until", -1, "--out", tmp_path / "run")
    assert said.code == 2 and not (tmp_path / "run").exists()


def test_ctrl_c_tells_how_to_go_on(capsys, tmp_path):
    with pytest.raises(KeyboardInterrupt), told_how_to_go_on(tmp_path, quiet=False):
        raise KeyboardInterrupt
    said = f"interrupted: what was done until then is kept; `cls-infer resume {tmp_path}` goes on with it\n"
    assert capsys.readouterr().err == said


def resumed(cls_infer, monkeypatch, place, *, interrupted_at=None):
    """Go on with a fit in this process, whose JAX has another number of devices."""
    from cls_infer.inference import chains

    path, known = facts(place, "device")
    path.write_text(json.dumps(known | {"count": len(jax.devices())}))
    take = chains.Pace.progress

    def progress(self, *given):
        if self.trail.done == interrupted_at:
            raise KeyboardInterrupt
        return take(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(chains.Pace, "progress", progress)
        return cls_infer("resume", place)


@pytest.mark.slow
def test_an_interrupt_after_the_warmup_leaves_a_run_of_fewer_draws(cls_infer, unfinished, monkeypatch):
    said = resumed(cls_infer, monkeypatch, unfinished, interrupted_at=50)
    assert said.code == INTERRUPTED and f"`cls-infer resume {unfinished}` makes the others" in said.err
    assert kept_of(unfinished)["posterior"].sizes["draw"] == 20
    log = [json.loads(line) for line in (unfinished / "log.jsonl").read_text().splitlines() if line]
    assert {"phase", "device", "forecast"} <= {line["event"] for line in log}


@pytest.mark.slow
def test_an_interrupted_run_goes_on_as_well(cls_infer, unfinished, monkeypatch):
    resumed(cls_infer, monkeypatch, unfinished, interrupted_at=50)
    few = kept_of(unfinished)["unconstrained_posterior"]["z"].values
    assert resumed(cls_infer, monkeypatch, unfinished).code in (0, 3)
    found = kept_of(unfinished)["unconstrained_posterior"]["z"].values
    assert found.shape[1] == 40
    np.testing.assert_array_equal(found[:, :20], few)
    assert not (unfinished / "checkpoint").exists()


TOGETHER = ("--model", "volume_kinetics", "--method", "two-stage", "--hierarchical", "k_10", "--fix", "Hct0=0.42")
AT_ONCE = ("--chains", "2", "--warmup", "30", "--draws", "100", "--most-draws", "100", "--quiet")


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """A folder with a data set of four, and the run of two stages that nobody killed."""
    place = tmp_path_factory.mktemp("together")
    (place / "charts").mkdir()
    readings = ((0, 42.0), (0.5, 37.5), (1, 38.5), (2, 40.0))
    rows = [
        f"P{person},{hour},hematocrit,{value + 0.3 * (person - 2) * hour},%"
        for person in range(1, 5)
        for hour, value in readings
    ]
    (place / "charts" / "measurements.csv").write_text("\n".join([CHART.splitlines()[0], *rows]) + "\n")
    given = [f"P{person},0,0.5,ringer,1.5,L" for person in range(1, 5)]
    (place / "charts" / "therapy.csv").write_text("\n".join([GIVEN.splitlines()[0], *given]) + "\n")
    said = run("fit", "charts", *TOGETHER, *AT_ONCE, "--out", "run", folder=place)
    assert said.returncode in (0, 3), said.stderr
    (place / "run").rename(place / "whole")
    return place


@pytest.mark.slow
@pytest.mark.parametrize("kill_at", [2, 3, 4, 5, 6])
def test_two_stages_go_on_to_the_same_run_whenever_they_are_killed(together, kill_at):
    try:
        said = run("fit", "charts", *TOGETHER, *AT_ONCE, "--out", "run", kill_at=kill_at, folder=together)
        assert said.returncode == -signal.SIGKILL
        said = run("resume", "run", folder=together)
        assert said.returncode in (0, 3), said.stderr
        assert_same_run(together / "run", together / "whole")
    finally:
        shutil.rmtree(together / "run", ignore_errors=True)
