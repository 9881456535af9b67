"""Files of other programs made of text, converted as the command does it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cls_infer.cohort import Cohort, read_cohort
from cls_infer.cohort.convert import Draft, settle, write_folder
from cls_infer.errors import InputError, Problem


@pytest.fixture
def converted(tmp_path) -> Callable[..., Cohort]:
    """Return a function that writes a draft as a folder and reads that."""

    def convert(draft: Draft, *, strict: bool = True) -> Cohort:
        settle(draft, strict=strict)
        write_folder(draft, tmp_path / "ward")
        return read_cohort(tmp_path / "ward")

    return convert


@pytest.fixture
def by_hand(tmp_path) -> Callable[..., Cohort]:
    """Return a function that reads the tables it is given."""

    def read(**tables: str) -> Cohort:
        folder = tmp_path / "by_hand" / "ward"
        folder.mkdir(parents=True)
        for name, text in tables.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return read_cohort(folder)

    return read


@pytest.fixture
def told() -> Callable[..., tuple[Problem, ...]]:
    """Return a function that lists the problems that a conversion raises."""

    def problems(convert: Callable[[], object]) -> tuple[Problem, ...]:
        with pytest.raises(InputError) as caught:
            convert()
        return caught.value.problems

    return problems


@pytest.fixture
def write(tmp_path) -> Callable[[str, str], Path]:
    """Return a function that writes a file under a name."""

    def file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return file
