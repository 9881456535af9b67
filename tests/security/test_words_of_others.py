"""What data hold may be shown anywhere: it moves no terminal's cursor, ends no line, and counts as no formula."""

import csv
import io
import json
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from security.conftest import MEASURED

from cls_infer.cli.talk import say, write_json, write_lines, write_table
from cls_infer.errors import InputError, Problem
from cls_infer.printable import CONTROL, FORMULA, abridged, cell, printable

ESCAPES = ["\x1b[2J", "\x9b31m", "\rerror", "a\nb", "\u202etxt", "\u2028", "\x07", "\x00", "\ud800"]


@given(st.text(st.characters()))
@example("\x1b]0;title\x07")
def test_what_is_printed_holds_no_control_character(text):
    assert not CONTROL.search(printable(text))
    assert printable(printable(text)) == printable(text)


@pytest.mark.parametrize("word", ESCAPES)
def test_no_way_to_print_lets_one_through(capsys, word):
    say(word, quiet=False)
    write_lines(word)
    write_table(word, (word,), [(word,)])
    write_json({word: [word]})
    out, err = capsys.readouterr()
    out += str(InputError([Problem(word, word, 3, word), Problem("other", word)]))
    assert not CONTROL.search(re.sub("\n", "", out + err))
    shown = json.loads(out[out.index("{") : out.rindex("}") + 1])
    assert shown == {word: [word]}  # JSON says it as it is


@pytest.mark.parametrize("word", ESCAPES[:-1])
def test_a_table_may_not_hold_one(cls_infer, folder, word):
    rows = list(csv.reader(io.StringIO(MEASURED)))
    rows[2][0] += f"{word}!"
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    said = cls_infer("check", folder(measurements=out.getvalue()), "--json")
    found = [problem for problem in said.json["problems"] if "control character" in problem["message"]]
    assert said.code == 2 and [problem["row"] for problem in found] == [3]
    assert not CONTROL.search(said.err.replace("\n", ""))


def test_a_comment_may_hold_ends_of_lines(cls_infer, folder):
    table = 'patient,time,variable,value,unit,comment\nP1,0,hematocrit,42,%,"two\nlines"\n'
    assert cls_infer("check", folder(measurements=table)).code == 0


@pytest.mark.parametrize("sign", FORMULA)
@pytest.mark.parametrize("column", ["patient", "assay"])
def test_a_name_does_not_begin_as_a_formula(cls_infer, folder, sign, column):
    table = f"patient,time,variable,value,unit,assay\nP1,0,hematocrit,42,%,\n{sign}1,0,albumin,40,g/L,A\n"
    if column == "assay":
        table = table.replace(f"{sign}1", "P1").replace("L,A", f"L,{sign}A")
    said = cls_infer("check", folder(measurements=table), "--json")
    assert said.code == 2 and [
        problem["row"] for problem in said.json["problems"] if "formula" in problem["message"]
    ] == [3]


def test_a_cell_is_no_formula_even_of_a_run_that_another_program_wrote():
    for sign in FORMULA:
        assert cell(f"{sign}cmd|' /C calc'!A0").startswith("'")
    assert cell("P1 = x") == "P1 = x" and cell("a\rb") == "a\\rb"


def test_a_long_cell_is_shown_in_part_and_many_problems_are_counted():
    error = InputError([Problem("table", f"`{row}{'x' * 50_000}`", row) for row in range(3000)])
    assert len(str(error)) < 1.2e6 and "and 2001 more" in str(error)
    assert len(abridged("x" * 5000, 100)) == 100 and abridged("short", 100) == "short"
