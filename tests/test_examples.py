"""The scripts in `examples/` are read by a shell, and name commands and options that there are."""

import os
import subprocess
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.sh"))
SAYS = '#!/bin/sh\necho "$@"\n'


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_shell_reads_it(script):
    assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0
    assert os.access(script, os.X_OK)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
@pytest.mark.parametrize("unfinished", [False, True])
def test_it_fits_and_where_a_fit_is_unfinished_goes_on(script, unfinished, tmp_path):
    """By a command that tells what it was asked; then the command line itself reads those words."""
    from typer.main import get_command

    from cls_infer.cli.app import app

    command, run = tmp_path / "cls-infer", tmp_path / "run"
    command.write_text(SAYS)
    command.chmod(0o755)
    if unfinished:
        (run / "checkpoint").mkdir(parents=True)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    call = ["sh", str(script), "chart", "volume_kinetics", str(run)]
    said = subprocess.run(call, env=environment, capture_output=True, text=True, check=True).stdout
    words = (said or (tmp_path / "run.out").read_text()).split()
    assert words[0] == ("resume" if unfinished else "fit")
    read = get_command(app).commands[words[0]].make_context(words[0], words[1:])
    assert read.params.get("out", read.params.get("run")) == str(run)


def test_the_container_installs_this_package_and_runs_its_command():
    text = (EXAMPLES / "Containerfile").read_text(encoding="utf-8")
    assert 'pip install --no-cache-dir "/src${EXTRA}"' in text and 'ENTRYPOINT ["cls-infer"]' in text
