"""A run folder through what happens to folders: kills, a full disk, no permission, two fits at once, another version.

Each ends with words that say what to do, and nothing that was done is lost.
"""

import errno
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from cli.test_resume import CHART, FIT, GIVEN, ROOT, SMALL, assert_same_run

from cls_infer.cli import main
from cls_infer.cli.fitting import told_how_to_go_on
from cls_infer.errors import InputError
from cls_infer.inference import checkpoint
from cls_infer.inference.checkpoint import Kept
from cls_infer.results import unfinished
from cls_infer.results.store import is_unfinished, open_fit
from cls_infer.results.unfinished import abandon, alone, asked_for, begin

KILLS = 20
FINE = (0, 3)


def test_a_full_disk_leaves_what_was_kept_before(tmp_path, monkeypatch):
    kept = Kept(tmp_path)
    kept.write("draws", {"z": np.arange(3.0)})
    kept.write_facts("fit", {"seed": 1})

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        kept.write("draws", {"z": np.arange(9.0)})
    with pytest.raises(OSError, match="No space left"):
        kept.write_facts("fit", {"seed": 2})
    np.testing.assert_array_equal(kept.read("draws")["z"], np.arange(3.0))
    assert kept.read_facts("fit") == {"seed": 1}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["draws.npz", "fit.json"]


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "free space on the disk, then `cls-infer"), (errno.EIO, "kept; `cls")]
)
def test_a_full_disk_says_to_free_space(capsys, tmp_path, number, words):
    with pytest.raises(OSError, match=os.strerror(number)), told_how_to_go_on(tmp_path, quiet=False):
        raise OSError(number, os.strerror(number))
    assert words in capsys.readouterr().err


def test_where_nothing_can_be_written_no_fit_begins(tmp_path):
    """Root may write anywhere, but nobody into a file."""
    (tmp_path / "file").write_text("years of work")
    with pytest.raises(InputError, match="cannot be written: Not a directory; choose another `--out`, or free space"):
        begin(tmp_path / "file" / "run", {})
    assert (tmp_path / "file").read_text() == "years of work"


def test_a_fit_that_cannot_note_what_was_asked_leaves_nothing(tmp_path, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        begin(tmp_path / "run", {})
    assert not (tmp_path / "run").exists()


def test_of_two_fits_that_begin_at_once_one_is_refused_and_the_other_untouched(tmp_path, monkeypatch):
    begin(tmp_path / "run", {"mine": 1})
    monkeypatch.setattr(unfinished, "check_free", lambda folder: folder)  # it looked before the first one wrote
    with pytest.raises(InputError, match="another fit has just begun into it; choose another `--out`"):
        begin(tmp_path / "run", {"other": 2})
    assert asked_for(tmp_path / "run") == {"mine": 1}


def test_who_is_refused_at_the_lock_takes_nothing_away(tmp_path):
    pytest.importorskip("fcntl")
    begin(tmp_path / "run", {"mine": 1})
    with alone(tmp_path / "run"):
        with (
            pytest.raises(InputError, match="another process is fitting into it; wait for it"),
            alone(tmp_path / "run"),
        ):
            abandon(tmp_path / "run")  # never reached
        assert asked_for(tmp_path / "run") == {"mine": 1}


def test_a_fit_that_has_just_ended_is_told(tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(InputError, match="has just ended the fit"), alone(tmp_path / "run"):
        pass


OLDER = {
    "a run": (
        {"manifest.json": '{"format": "cls_infer run 1"}'},
        "open it with the version that wrote it, or fit again",
    ),
    "a run that says by whom": (
        {"manifest.json": '{"format": "cls_infer run 1", "provenance": {"version_cls_infer": "0.0.1"}}'},
        "the version that wrote it, cls_infer 0.0.1, or fit again",
    ),
}


@pytest.mark.parametrize("what", OLDER)
def test_a_run_of_an_older_version_is_refused_and_stays(tmp_path, what):
    files, words = OLDER[what]
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=words):
        open_fit(tmp_path)
    with pytest.raises(InputError, match="holds a run already"):
        begin(tmp_path, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(files)


REQUEST = {"dataset": "clarkson_a", "model": "two_pore", "settings": {}}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"format": "cls_infer checkpoint 0"}, "not `cls_infer checkpoint 1`; go on with the version that wrote it"),
        ({"asked": {"request": {**REQUEST, "steps": 3}, "command": ""}}, "does not know: .*steps"),
        ({"asked": {"request": {**REQUEST, "settings": {"thin": 3}}, "command": ""}}, "does not know: .*thin"),
        ({"asked": {"request": REQUEST}}, "does not know: 'command'"),
        ({"asked": {}}, "does not know: 'request'"),
        ({"asked": []}, "go on with the version that wrote it, or begin again into another"),
    ],
)
def test_a_checkpoint_of_another_version_is_refused_and_stays(tmp_path, capsys, written, words):
    Kept(tmp_path / "checkpoint").write_facts("request", {"format": unfinished.FORMAT, **written})
    code, err = main(["resume", str(tmp_path)]), capsys.readouterr().err
    assert code == 2 and re.search(words, err), err
    assert is_unfinished(tmp_path) and (tmp_path / "checkpoint" / "request.json").exists()


def test_a_report_where_nothing_can_be_written_is_refused(tmp_path):
    from cls_infer.cli.report import _write

    with pytest.raises(InputError, match="cannot be written: Is a directory; copy the run to where you can write"):
        _write(tmp_path, "page")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a chart, and the run of a fit that nobody disturbed."""
    place = tmp_path_factory.mktemp("kills")
    (place / "chart").mkdir()
    (place / "chart" / "measurements.csv").write_text(CHART)
    (place / "chart" / "therapy.csv").write_text(GIVEN)
    for _ in range(2):  # the first compiles
        shutil.rmtree(place / "run", ignore_errors=True)
        begun = time.perf_counter()
        assert ended(begun_fit(place)) in FINE
    (place / "seconds").write_text(str(time.perf_counter() - begun))
    (place / "run").rename(place / "whole")
    return place


def process(place, *command):
    """Begin one command in a process of its own."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(ROOT / ".cache")}
    call = [sys.executable, "-c", KEEPING, *map(str, command)]
    return subprocess.Popen(call, cwd=place, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


KEEPING = """
import sys
from cls_infer.cli import main
from cls_infer.inference import checkpoint

checkpoint.Kept.__init__.__defaults__ = (None, 0.0)  # keeps every block
sys.exit(main())
"""


def begun_fit(place, out="run"):
    return process(place, "fit", "chart", *FIT, *SMALL, "--out", out)


def ended(running):
    """Wait for the end of a process and return its exit code."""
    running.out, running.err = running.communicate()
    return running.returncode


@pytest.mark.slow
def test_killed_at_twenty_random_moments_a_fit_goes_on_to_the_same_run(place):
    """Over and over: each session is killed at a random moment, the next goes on; whole runs are compared."""
    rng, seconds = random.Random(1), float((place / "seconds").read_text())
    killed, finished, running = 0, 0, begun_fit(place)
    while killed < KILLS or not finished:
        try:
            if killed < KILLS:
                running.wait(rng.uniform(0.0, 1.1 * seconds))
            code = ended(running)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
            code = ended(running)
        if code == -signal.SIGKILL:
            killed += 1
        elif code in FINE:
            assert_same_run(place / "run", place / "whole")
            finished += 1
            shutil.rmtree(place / "run")
        else:  # killed before it had noted what was asked for: nothing was done yet, and the words say so
            assert code == 2 and "fit again" in running.err, running.err
            shutil.rmtree(place / "run", ignore_errors=True)
        running = process(place, "resume", "run") if (place / "run").exists() else begun_fit(place)
    running.kill()
    running.communicate()
    print(f"{killed} kills, {finished} runs whole")  # noqa: T201 - the evidence


@pytest.mark.slow
def test_on_a_full_disk_a_fit_stops_in_words_and_goes_on_when_there_is_room(place):
    disk = place / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=120k", "none", disk], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("a small disk can only be made by root")
    try:
        running = begun_fit(place, "disk/run")
        code = ended(running)
        assert code == 1 and "No space left on device" in running.err and "Traceback" not in running.err
        subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
        running = process(place, "resume", "disk/run")
        assert ended(running) in FINE, running.err
        shutil.copytree(disk / "run", place / "of_disk")
    finally:
        subprocess.run(["umount", disk], check=True)
    kept = json.loads((place / "of_disk" / "manifest.json").read_text())
    whole = json.loads((place / "whole" / "manifest.json").read_text())
    assert kept["numbers"]["ess_bulk_min"] == whole["numbers"]["ess_bulk_min"]
    assert (place / "of_disk" / "summary.csv").read_bytes() == (place / "whole" / "summary.csv").read_bytes()


@pytest.mark.slow
def test_of_two_fits_into_one_folder_one_ends_well_and_one_is_refused(place):
    both = [begun_fit(place, "both") for _ in range(2)]
    codes = sorted(ended(one) for one in both)
    assert codes in ([0, 2], [2, 3]), [one.err for one in both]
    (refused,) = [one for one in both if one.returncode == 2]
    assert "choose another `--out`" in refused.err or "resume" in refused.err
    assert (place / "both" / "summary.csv").read_bytes() == (place / "whole" / "summary.csv").read_bytes()
