"""Data set folders made of text, and the problems reading them brings."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cls_infer.cohort import Cohort, read_cohort
from cls_infer.errors import InputError, Problem

MEASURED = """\
patient,time,variable,value,unit
P1,0,hematocrit,42,%
P1,24,hematocrit,55,%
P1,48,hematocrit,40,%
"""


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the three tables, those given, and names their folder."""

    def write(
        measurements: str | bytes | None = MEASURED,
        therapy: str | bytes | None = None,
        patients: str | bytes | None = None,
    ) -> Path:
        tables = {"measurements": measurements, "therapy": therapy, "patients": patients}
        for name, content in tables.items():
            path = tmp_path / f"{name}.csv"
            path.unlink(missing_ok=True)
            if content is not None:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        return tmp_path

    return write


@pytest.fixture
def read(folder) -> Callable[..., Cohort]:
    """Return a function that reads a cohort from the text of its tables."""
    return lambda *tables, **named: read_cohort(folder(*tables, **named))


@pytest.fixture
def problems(folder) -> Callable[..., tuple[Problem, ...]]:
    """Return a function that lists what is wrong with tables."""

    def list_problems(*tables, **named) -> tuple[Problem, ...]:
        with pytest.raises(InputError) as caught:
            read_cohort(folder(*tables, **named))
        return caught.value.problems

    return list_problems


@pytest.fixture
def only_problem(problems) -> Callable[..., Problem]:
    """Return a function that names the one thing wrong with tables."""

    def the_one(*tables, **named) -> Problem:
        (problem,) = problems(*tables, **named)
        return problem

    return the_one


@pytest.fixture
def check() -> Callable[..., None]:
    """Return a function that compares a problem with its table, row and words of message and remedy."""

    def compare(problem: Problem, table: str, expected: tuple[int | None, str, str]) -> None:
        row, words, remedy = expected
        assert Path(problem.where).name == f"{table}.csv"
        assert problem.row == row
        assert words in problem.message
        assert remedy in problem.remedy

    return compare
