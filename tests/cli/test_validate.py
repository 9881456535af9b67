"""`validate` prints what the models say of published numbers, and writes the page when asked."""

import pytest

ROWS = """
title = "Ringer"
[runs.ringer]
hours = 1
therapy = [{ start = 0, end = 0.5, item = "ringer", amount = 1.75, unit = "L" }]
[[rows]]
what = "Half of it is in plasma"
run = "ringer"
quantity = "central_excess"
measure = "at"
hour = 0.5
per = 1.75
per_unit = "L"
published = 50
spread = 5
spread_kind = "SD"
unit = "%"
source = "a test"
trust = "A"
section = "10"
in_sample = false
value = { volume_kinetics = 47.4 }
[[rows]]
what = "None of it is urine"
run = "ringer"
quantity = "urine"
measure = "at"
hour = 1
low = 0
high = 0.01
unit = "L"
source = "a test"
trust = "A"
section = "10"
in_sample = true
value = { volume_kinetics = 5 }
[[uncomputed]]
data_rows = [50]
reason = "Rats."
"""


@pytest.fixture
def rows(tmp_path):
    (tmp_path / "ringer.toml").write_text(ROWS, encoding="utf-8")
    return tmp_path


def test_the_models_are_compared_and_the_page_is_written(cls_infer, rows):
    page = rows / "page.md"
    said = cls_infer("validate", "--rows", rows, "--out", page)
    assert said.code == 0
    assert "None of it is urine" in said.out and "MISS" in said.out
    assert "1 of 2 values miss; 1 numbers are not computed yet" in said.err
    assert "moved: None of it is urine: `volume_kinetics`" in said.err and "its row says 5" in said.err
    text = page.read_text(encoding="utf-8")
    assert "| None of it is urine. | 0 to 0.01 (range) L | `volume_kinetics` |" in text and "Rats." in text


def test_as_json(cls_infer, rows):
    found = cls_infer("validate", "--rows", rows, "--json").json
    assert [row["miss"] for row in found["rows"]] == [False, True]
    assert found["rows"][0]["unit"] == "%" and 45 < found["rows"][0]["value"] < 55
    assert (found["page"], len(found["not_computed"])) == (None, 1)


def test_bad_rows_exit_2(cls_infer, rows):
    (rows / "more.toml").write_text(ROWS.replace("central_excess", "plasma"), encoding="utf-8")
    said = cls_infer("validate", "--rows", rows)
    assert (said.code, said.out) == (2, "")
    assert "no quantity `plasma`" in said.err
