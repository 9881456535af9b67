"""The command starts fast, refuses what it does not know, and keeps stdout for data."""

import os
import subprocess
import sys
from time import perf_counter

import pytest

HEAVY = {
    "arviz",
    "arviz_base",
    "dask",
    "distributed",
    "jax",
    "matplotlib",
    "numpy",
    "numpyro",
    "pandas",
    "pint",
    "xarray",
}
INFERENCE = {"arviz", "arviz_base", "matplotlib", "numpyro", "xarray"}


def run(*code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, *code], capture_output=True, text=True, check=False)


def loaded_by(*arguments: str) -> set[str]:
    """Return the libraries in memory after a command."""
    code = (
        "import sys; from cls_infer.cli import main; main(sys.argv[1:]);"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = run("-c", code, *arguments)
    assert done.returncode == 0
    return set(done.stderr.splitlines()[-1].split())


def test_help_is_fast():
    def one() -> float:
        begun = perf_counter()
        assert run("-m", "cls_infer", "--help").returncode == 0
        return perf_counter() - begun

    assert min(one() for _ in range(5)) < 0.5


def test_help_loads_nothing_heavy():
    assert not HEAVY & loaded_by("--help")


@pytest.mark.parametrize("command", [("models",), ("check", "clarkson_a", "--model", "clarkson_episode")])
def test_looking_does_not_load_what_fitting_needs(command):
    assert not INFERENCE & loaded_by(*command)


@pytest.mark.parametrize("wrong", [("fti",), ("fit", "--modle", "x"), ("fit", "d"), ("simulate", "m", "--hours", "x")])
def test_a_slip_in_the_command_exits_2_without_a_traceback(cls_infer, wrong):
    said = cls_infer(*wrong)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err


def test_an_unexpected_failure_is_one_line_and_debug_shows_the_rest(cls_infer, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("half of it\nthe other half")

    monkeypatch.setattr("cls_infer.model.load.load_model", broken)
    monkeypatch.setattr("cls_infer.model.load_model", broken)
    said = cls_infer("models", "two_pore")
    assert (said.code, said.out) == (1, "")
    assert said.err == "error: ZeroDivisionError: half of it\n\nhint: --debug shows the traceback\n"
    said = cls_infer("models", "two_pore", "--debug")
    assert said.code == 1
    assert "Traceback" in said.err
    assert cls_infer("models", "two_pore", "--json").json["ok"] is False


def test_an_interrupt_exits_130(cls_infer, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("cls_infer.model.load_model", interrupted)
    assert cls_infer("models", "two_pore").code == 130


def test_an_unwritable_cache_is_done_without(monkeypatch, tmp_path):
    from cls_infer.cli.machine import cache_folder

    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cache_folder() is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "cls_infer" / "jax"


def test_a_wish_of_the_user_for_the_log_is_respected(monkeypatch):
    from cls_infer.cli.machine import prepare_jax

    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")
    prepare_jax()
    assert os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
