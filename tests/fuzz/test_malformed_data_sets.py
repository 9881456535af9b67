"""Charts that were real until something went wrong with them: `cls-infer check` names the row and never fails itself.

Each example takes a shipped data set and damages its tables the way people, spreadsheets and disks do. The wrong may
be harmless, or hide another thing; but whatever it is, the command ends with 0 or 2, and each problem says in which row
of which table. The second test makes slips that are wrong in every row: the very row must be named.
"""

import contextlib
import csv
import io
import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cls_infer.cli import main
from cls_infer.cohort.shipped import shipped_folder, shipped_names

TABLES = ("measurements.csv", "therapy.csv", "patients.csv")
WHOLE_TABLE = (  # what is wrong with a table, not with a row of it
    *("is missing", "is empty", "has a header and no rows", "cannot be read", "is larger than"),
    *("has no row in", "no folder"),
)
ODD_CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "NaN", "-", "?", "1e999", "-1e308", "0x1F", "1_000", "4,1", "1 000", "٤٢", "４２", "½", "∞"]
    ),
    st.sampled_from(
        ["<10", ">= 4", "10-20", "ca. 3", "#REF!", "#DIV/0!", "=1+1", "TRUE", "None", "null", '"', "'", "\\"]
    ),
    st.sampled_from(["2024-02-30", "24:00", "2024-03-05T25:00", "05/03/2024", "45356.5", "12/31/99", "1899-12-30"]),
    st.sampled_from(["2024-03-05T10:00Z", "0001-01-01", "9999-12-31T23:59:59-12:00", "2024-W10-1", "20240305"]),
    st.sampled_from(["g/dl", "G/L", "mg%", "µmol/L", "g/L/L", "1/0", "L/L/L/L/L", "10^9/10^9", "K/K", "°C", "unit"]),
    st.sampled_from(["\x00", "\x1b[2J", "\ufeff", "\u202e", "\u2028", "a\nb", "a\r", "\ud7ff", "😀", "x" * 5000]),
    st.floats(allow_nan=True).map(str),
    st.integers(-(10**30), 10**30).map(str),
    st.text(max_size=8),
)


def shipped() -> list[dict[str, list[list[str]]]]:
    """Return the tables of every small shipped data set, as cells."""
    found = []
    for name in shipped_names():
        folder = shipped_folder() / name
        tables = {
            table: list(csv.reader(io.StringIO((folder / table).read_text(encoding="utf-8-sig"))))
            for table in TABLES
            if (folder / table).exists()
        }
        if sum(map(len, tables.values())) < 200:
            found.append(tables)
    return found


CHARTS = shipped()


@st.composite
def a_chart(draw):
    """Tables of a shipped data set, to be changed."""
    tables = draw(st.sampled_from(CHARTS))
    return {name: [list(row) for row in rows] for name, rows in tables.items()}


def somewhere(draw, rows, first=0):
    """Return a place in a table: row and column, or None where it has none."""
    if len(rows) <= first:
        return None
    at = draw(st.integers(first, len(rows) - 1))
    return (at, draw(st.integers(0, len(rows[at]) - 1))) if rows[at] else None


def damage_cells(draw, rows):
    place = somewhere(draw, rows)
    if place is None:
        return
    at, column = place
    how = draw(st.sampled_from(["odd", "copy", "longer", "empty column", "swap"]))
    if how == "odd":
        rows[at][column] = draw(ODD_CELLS)
    elif how == "longer":
        rows[at][column] += draw(ODD_CELLS)
    elif other := somewhere(draw, rows):
        if how == "copy":
            rows[at][column] = rows[other[0]][other[1]]
        elif how == "swap":
            rows[at][column], rows[other[0]][other[1]] = rows[other[0]][other[1]], rows[at][column]
        else:
            for row in rows[1:]:
                row[column:][:1] and row.__setitem__(column, "")


def damage_rows(draw, rows):
    if not rows:
        return
    at = draw(st.integers(0, len(rows) - 1))
    how = draw(st.sampled_from(["twice", "gone", "moved", "short", "long", "blank", "header again"]))
    if how == "twice":
        rows.insert(draw(st.integers(0, len(rows))), list(rows[at]))
    elif how == "gone":
        rows.pop(at)
    elif how == "moved":
        rows.insert(draw(st.integers(0, len(rows) - 1)), rows.pop(at))
    elif how == "short":
        rows[at] = rows[at][:-1]
    elif how == "long":
        rows[at] = [*rows[at], draw(ODD_CELLS)]
    elif how == "blank":
        rows.insert(at, [])
    else:
        rows.insert(at, list(rows[0]))


def written(draw, rows) -> bytes:
    """Return a table as bytes, in one of the ways programs write it, perhaps torn."""
    out = io.StringIO()
    dialect = {
        "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"])),
        "delimiter": draw(st.sampled_from(",,,,,;\t")),
    }
    csv.writer(out, **dialect).writerows(rows)
    encoding = draw(st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "latin-1"]))
    content = out.getvalue().encode(encoding, errors="replace")
    if content and draw(st.integers(0, 9)) == 0:
        content = content[: draw(st.integers(0, len(content)))]
    if content and draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(content) - 1))
        content = content[:at] + draw(st.binary(min_size=1, max_size=3)) + content[at + 1 :]
    return content


@st.composite
def damaged(draw):
    """A data set in which up to four things went wrong, as the bytes of its tables."""
    tables = draw(a_chart())
    for _ in range(draw(st.integers(1, 4))):
        rows = tables[draw(st.sampled_from(sorted(tables)))]
        draw(st.sampled_from([damage_cells, damage_cells, damage_rows]))(draw, rows)
    if draw(st.integers(0, 19)) == 0:
        tables.pop(draw(st.sampled_from(sorted(tables))))
    return {name: written(draw, rows) for name, rows in tables.items()}


def checked(place: Path, tables: dict[str, bytes]) -> tuple[int, dict, str]:
    """Return the exit code, the JSON and the stderr of `cls-infer check` on a folder of these tables."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    for name, content in tables.items():
        (place / name).write_bytes(content)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(["check", str(place), "--json"])
    return code, json.loads(out.getvalue()), err.getvalue()


def is_told(problem: dict, place: Path, tables: dict[str, bytes]) -> bool:
    """Return whether a problem says where it is, and what to do."""
    name = Path(problem["file"]).name
    if not problem["message"] or not problem["remedy"]:
        return False
    if problem["row"] is None:
        return any(problem["message"].startswith(words) for words in WHOLE_TABLE) or problem["file"] == str(place)
    content = tables[name]
    return 1 <= problem["row"] <= content.count(b"\n") + content.count(b"\r") + 1


def never_a_traceback(place: Path, tables: dict[str, bytes]) -> None:
    code, said, err = checked(place, tables)
    assert code in (0, 2), err
    assert "Traceback" not in err
    if code == 2:
        assert said["problems"] and all(is_told(problem, place, tables) for problem in said["problems"]), said


LASTING = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=100, **LASTING)
@given(tables=damaged())
def test_a_chart_gone_wrong_is_told_row_by_row(tmp_path_factory, tables):
    never_a_traceback(tmp_path_factory.getbasetemp() / "chart", tables)


@pytest.mark.slow
@settings(max_examples=2000, **LASTING)
@given(tables=damaged())
def test_two_thousand_charts_gone_wrong_are_told_row_by_row(tmp_path_factory, tables):
    never_a_traceback(tmp_path_factory.getbasetemp() / "chart", tables)


WRONG = {  # column -> what is wrong there in every row
    "measurements.csv": {
        "patient": ["", "=A1", "a\x1b[2J"],
        "time": ["yesterday", "38,5", "", "1e999", "2024-02-30", "٤٢"],
        "variable": ["albumen?", "", "pulse of the patient"],
        "value": ["abc", "nan", "4,1", "1e400", "４２", "1 000", "<10", "--5"],
        "unit": ["furlong", "g/dL/furlong", "1/0", "mg%"],
    },
    "therapy.csv": {
        "start": ["before", "", "nan"],
        "end": ["later", "", "1e999"],
        "item": ["beer", ""],
        "amount": ["much", "1,5", "inf"],
        "unit": ["bottle", "L/L/h"],
    },
    "patients.csv": {"patient": ["", "@x"], "weight": ["heavy", "70,5"], "sex": ["maybe"], "onset": ["then"]},
}


@st.composite
def one_slip(draw):
    """A data set with one cell that is wrong in any row, and which row of which table it is."""
    tables = draw(a_chart())
    name = draw(st.sampled_from(sorted(tables)))
    column = draw(st.sampled_from(sorted(set(WRONG[name]) & set(tables[name][0]))))
    at = draw(st.integers(1, len(tables[name]) - 1))
    tables[name][at][tables[name][0].index(column)] = draw(st.sampled_from(WRONG[name][column]))
    return {name: as_csv(rows) for name, rows in tables.items()}, name, at + 1


def as_csv(rows) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode()


@settings(max_examples=100, **LASTING)
@given(slip=one_slip())
def test_the_row_of_a_slip_is_named(tmp_path_factory, slip):
    tables, name, row = slip
    place = tmp_path_factory.getbasetemp() / "slip"
    code, said, _ = checked(place, tables)
    assert code == 2
    assert (str(place / name), row) in {(problem["file"], problem["row"]) for problem in said["problems"]}, said
