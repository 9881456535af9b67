"""Whatever a file claims, reading it takes little: tables, TOML, pipes in the place of files."""

import os

import pytest
from security.conftest import MEASURED

from cls_infer.cohort import content, read_cohort, tables
from cls_infer.cohort.scenario import read_scenario
from cls_infer.errors import InputError

SCENARIO = 'title = "A leak"\nmodels = ["two_pore"]\nhours = 4\nreference = "none"\n'


def test_a_table_of_terabytes_is_refused_without_being_read(folder):
    place = folder()
    with (place / "measurements.csv").open("ab") as file:
        file.truncate(2**40)  # a hole: it takes no room on the disk
    with pytest.raises(InputError, match="is larger than 128 MiB; split it"):
        read_cohort(place)


def test_a_table_as_large_as_allowed_is_read_and_one_byte_more_is_not(folder, monkeypatch):
    monkeypatch.setattr(tables, "MOST_BYTES", len(MEASURED))
    assert read_cohort(folder()).patients
    monkeypatch.setattr(tables, "MOST_BYTES", len(MEASURED) - 1)
    with pytest.raises(InputError, match="is larger than"):
        read_cohort(folder())


def test_a_header_of_a_million_columns_is_refused_at_once(folder):
    with pytest.raises(InputError, match="has 1000000 columns; keep those it may have, at most 200"):
        read_cohort(folder(measurements="a," * 999_999 + "a\n" + MEASURED))


@pytest.mark.parametrize("name", ["measurements.csv", "therapy.csv"])
def test_a_pipe_in_the_place_of_a_table_is_not_waited_for(folder, name):
    place = folder()
    (place / name).unlink(missing_ok=True)
    os.mkfifo(place / name)
    with pytest.raises(InputError, match="cannot be read: it is no file"):
        read_cohort(place)


def scenario(tmp_path, text):
    path = tmp_path / "s.toml"
    path.write_text(text)
    return read_scenario(str(path))


def test_a_scenario_that_is_one_is_read(tmp_path):
    assert scenario(tmp_path, SCENARIO).hours == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"a = {'[' * 10_000}{']' * 10_000}", "nested too deep"),
        (f"a = {'{a=' * 10_000}", "nested too deep"),
        (f"[{'a.' * 5000}a]", "unknown key `a`"),
        (f"hours = {'9' * 5000}", "is not TOML"),
        (SCENARIO.replace("4", "9" * 400), "write a finite number"),
        (SCENARIO.replace('"A leak"', "3"), "`title` is `3`; write a text"),
        (SCENARIO.replace('["two_pore"]', "3"), "`models` is `3`; write a list"),
        (SCENARIO.replace('["two_pore"]', "[[]]"), "`models` is"),
        (SCENARIO + "therapy = 3", "`therapy` is `3`; write tables"),
        (SCENARIO + "therapy = [3]", "write tables"),
        (SCENARIO + "set = 3", "`set` is `3`; write a table"),
        (SCENARIO + "[[shows]]\nmeasure = [1]", "`measure` is `[1]`; write one of"),
        (SCENARIO + "#" * 2**20, "is larger than 1 MiB"),
    ],
)
def test_a_scenario_that_is_none_is_refused_in_words(tmp_path, text, words):
    with pytest.raises(InputError) as found:
        scenario(tmp_path, text)
    assert words in str(found.value)


def test_toml_that_is_not_utf_8_is_refused(tmp_path):
    problems = []
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    assert content.read_toml(tmp_path / "s.toml", problems) is None
    assert "is not TOML" in problems[0].message
