"""The command line called as a user calls it, but for the process; and data sets made of text."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cls_infer.cli import main

MEASURED = """\
patient,time,variable,value,unit
P1,0,hematocrit,42,%
P1,24,hematocrit,55,%
P1,48,hematocrit,40,%
"""


@dataclass(frozen=True)
class Said:
    """What a command returned and printed."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Stdout as the one JSON object it must be."""
        return json.loads(self.out)


@pytest.fixture
def cls_infer(capsys) -> Callable[..., Said]:
    """Return a function that runs one command."""

    def run(*arguments: str | Path | float) -> Said:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Said(code, *capsys.readouterr())

    return run


@pytest.fixture
def folder(tmp_path) -> Callable[..., Path]:
    """Return a function that writes the tables it is given and names their folder."""

    def write(**tables: str | bytes) -> Path:
        place = tmp_path / "chart"
        place.mkdir(exist_ok=True)
        for name, content in {"measurements": MEASURED, **tables}.items():
            (place / f"{name}.csv").write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    return write
