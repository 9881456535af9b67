"""`doctor` says what a machine lacks, and what to do; the shell completes commands."""

import os
import subprocess
import sys

import jax

from cls_infer.cli import doctor


def test_a_machine_that_runs_the_tests_is_sound(cls_infer):
    said = cls_infer("doctor", "--json")
    assert said.code == 0 and said.json["ok"]
    found = {one["name"]: one["found"] for one in said.json["checks"]}
    assert found["double precision"] == "float64" and f"jax {jax.__version__}" in found["packages"]
    assert "ok, " in found["a solve"] and "of plasma left" in found["a solve"]


def test_what_is_not_met_is_named_with_its_remedy(cls_infer, monkeypatch, tmp_path):
    (tmp_path / "version").write_text("NVRM", encoding="utf-8")
    monkeypatch.setattr(doctor, "DRIVER", tmp_path / "version")
    monkeypatch.setattr(doctor, "PACKAGES", ("cls_infer", "no_such_package"))
    monkeypatch.setattr(doctor, "cache_folder", lambda: None)
    monkeypatch.setattr(doctor, "SPACE", 1e30)
    monkeypatch.setattr(doctor, "_left", lambda: (1.0, "ok"))  # a leak that takes nothing
    said = cls_infer("doctor", "--json")
    assert said.code == 1 and not said.json["ok"]
    unmet = {one["name"]: one["remedy"] for one in said.json["checks"] if not one["ok"]}
    assert set(unmet) == {"packages", "devices", "cache of compiled programs", "space for runs", "a solve"}
    assert "no_such_package" in unmet["packages"] and "XDG_CACHE_HOME" in unmet["cache of compiled programs"]
    told = cls_infer("doctor")
    assert told.code == 1 and "NOT MET" in told.out and unmet["a solve"] in told.out


def test_single_precision_is_seen():
    with jax.enable_x64(False):
        found = doctor._precision()
    assert (found.ok, found.found) == (False, "float32")


def test_the_shell_completes_a_command():
    asked = {"_CLS_INFER_COMPLETE": "complete_bash", "COMP_WORDS": "cls-infer rep", "COMP_CWORD": "1"}
    code = "from cls_infer.cli import main; main([])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["report"]
