"""The wheel alone is enough: in an empty environment, far from the checkout, it finds models and data."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DATA_SETS = sorted(path.parent.name for path in (ROOT / "data").glob("*/measurements.csv"))


def run(*command: str | Path, folder: Path, exits: tuple[int, ...] = (0,)) -> str:
    """Run a command in a folder, in none of the test's own environments; return its stdout."""
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in exits, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder outside the checkout."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def cls_infer(folder):
    """The installed command; its dependencies are those the wheel asks for, at the checked versions."""
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder, folder=ROOT)
    uv, venv, (wheel,) = (sys.executable, "-m", "uv"), folder / "venv", folder.glob("*.whl")
    run(*uv, "venv", "--python", sys.executable, venv, folder=folder)
    constraints = ROOT / "requirements.txt"
    run(*uv, "pip", "install", "--python", venv, "--constraints", constraints, wheel, folder=folder)
    return venv / "bin" / "cls-infer"


def test_the_wheel_holds_the_models(cls_infer, folder):
    shown = run(cls_infer, "models", folder=folder)
    missing = {path.stem for path in (ROOT / "models").glob("[!_]*.py")} - set(shown.split())
    assert not missing, f"{missing} not in:\n{shown}"


def test_the_wheel_says_that_it_is_typed(cls_infer):
    (package,) = cls_infer.parents[1].glob("lib/python*/site-packages/cls_infer")
    assert (package / "py.typed").is_file()


@pytest.mark.parametrize("data_set", DATA_SETS)
def test_a_shipped_data_set_is_found_by_its_name(cls_infer, folder, data_set):
    run(cls_infer, "check", data_set, folder=folder)


@pytest.mark.slow
def test_a_shipped_data_set_is_fitted_by_its_name(cls_infer, folder):
    size = ("--chains", "2", "--warmup", "50", "--draws", "50", "--most-draws", "50", "--seed", "1")
    out = folder / "run"
    command = ("fit", "dialyzer", "--model", "dialyzer", *size, "--out", out, "--json")
    fit = json.loads(run(cls_infer, *command, folder=folder, exits=(0, 3)))  # 3: too short to converge
    assert Path(fit["run"]).resolve() == out.resolve()
    assert {"verdict", "method", "parameters"} <= fit.keys()
    assert (out / "manifest.json").is_file()
