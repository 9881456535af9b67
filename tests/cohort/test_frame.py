"""Data frames are read as the tables of a folder are: the same cohort, the same refusals, nothing left out."""

from dataclasses import replace
from datetime import datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from cls_infer.cohort import Cohort, read_cohort
from cls_infer.cohort.shipped import shipped_folder
from cls_infer.errors import InputError

CHART = {
    "patient": ["A", "A", "B"],
    "time": [0.0, 6.0, 0.0],
    "variable": ["hematocrit", "albumin", "hematocrit"],
    "value": [67.5, 3.2, 41.0],
    "unit": ["%", "g/dL", "%"],
}
LIBRARIES = pytest.mark.parametrize("library", [pd, pl], ids=["pandas", "polars"])


def shipped(library, name):
    """The tables of a shipped data set as frames; every row looked at before polars says what a column holds."""
    more = {"infer_schema_length": None} if library is pl else {}
    paths = (shipped_folder() / name / f"{table}.csv" for table in ("measurements", "therapy", "patients"))
    return [library.read_csv(path, **more) for path in paths]


def without_rows(cohort):
    """The patients without the numbers of rows, which a folder counts from its header on."""
    return [
        replace(
            patient,
            measurements=tuple(replace(one, row=0) for one in patient.measurements),
            therapy=tuple(replace(one, row=0) for one in patient.therapy),
        )
        for patient in cohort.patients
    ]


def problems(*frames, **more):
    with pytest.raises(InputError) as caught:
        Cohort.from_frame(*frames, **more)
    return [(one.where, one.row, one.message) for one in caught.value.problems]


@LIBRARIES
@pytest.mark.parametrize("name", ["clarkson_a", "drug_leak_c"])
def test_frames_hold_the_patients_that_the_folder_holds(library, name):
    framed, read = Cohort.from_frame(*shipped(library, name), name=name), read_cohort(name)
    assert without_rows(framed) == without_rows(read)
    assert len(framed.notes) == len(read.notes) and len(framed.set_aside) == len(read.set_aside)


@LIBRARIES
def test_a_problem_is_told_by_frame_and_row_in_the_words_of_the_folder(library, tmp_path):
    wrong = {**CHART, "value": [67.5, 4.1, 41.0], "unit": ["%", "mg/dL", "%"]}
    pd.DataFrame(wrong).to_csv(tmp_path / "measurements.csv", index=False)
    with pytest.raises(InputError) as caught:
        read_cohort(tmp_path)
    (told,) = caught.value.problems
    assert problems(library.DataFrame(wrong)) == [("measurements", 1, told.message)]
    assert told.row == 3  # there the header is row 1


@LIBRARIES
def test_all_frames_are_looked_at_before_anything_is_told(library):
    chart = library.DataFrame({**CHART, "variabel": ["", "", ""]})
    given = library.DataFrame(
        {"patient": ["A"], "start": [0], "end": [1], "item": ["rnger"], "amount": [1], "unit": ["L"]}
    )
    known = library.DataFrame({"patient": ["A", "B"], "weight": [7000, None]})
    found = problems(chart, given, known)
    assert [(where, row) for where, row, _ in found] == [("measurements", None), ("therapy", 0), ("patients", 0)]
    assert "unknown column `variabel`" in found[0][2] and "unknown item `rnger`" in found[1][2]


@LIBRARIES
def test_a_missing_cell_is_an_empty_one(library):
    lower = {**CHART, "value": [67.5, None, 41.0], "lower_limit": [None, 2.0, float("nan")]}
    (interval,) = (m for m in Cohort.from_frame(library.DataFrame(lower)).patients[0].measurements if m.censoring)
    assert interval.value == 20.0
    found = problems(library.DataFrame({**CHART, "value": [67.5, None, 41.0]}))
    assert [(where, row) for where, row, _ in found] == [("measurements", 1)]


@LIBRARIES
def test_timestamps_are_counted_from_the_first(library):
    stamps = [datetime(2024, 3, 5, 14, 30), datetime(2024, 3, 5, 20, 30), datetime(2024, 3, 6)]
    cohort = Cohort.from_frame(library.DataFrame({**CHART, "time": stamps}))
    assert [m.time for m in cohort.patients[0].measurements] == [0.0, 6.0]
    assert cohort.patients[0].zero == "2024-03-05T14:30:00"


def test_a_cell_that_is_no_text_number_or_time_is_refused_once():
    for odd in (pd.Timedelta("1h"), True, [1.0], np.array([1.0, 2.0])):
        chart = pd.DataFrame(CHART).astype({"time": object})
        chart.at[1, "time"] = odd
        found = problems(chart)
        assert [(row, message) for _, row, message in found] == [(1, f"`time` is a `{type(odd).__name__}`")]


def test_an_index_is_not_lost_in_silence():
    frame = pd.DataFrame({**CHART, "comment": ["", "", ""]}).set_index("comment")
    assert [message for *_, message in problems(frame)] == ["`comment` is an index, which is not read"]


def test_what_is_no_frame_is_refused():
    lazy = pl.DataFrame(CHART).lazy()
    twice = pd.DataFrame([[1, 2]], columns=["patient", "patient"])
    for wrong in (CHART, lazy, None, twice, pl.DataFrame(CHART).head(0)):
        assert [where for where, *_ in problems(wrong)] == ["measurements"]


def test_the_digest_tells_frames_apart():
    one, same = (Cohort.from_frame(library.DataFrame(CHART)) for library in (pd, pl))
    other = Cohort.from_frame(pl.DataFrame({**CHART, "value": [67.5, 3.3, 41.0]}))
    assert one.digest == same.digest != other.digest


def test_numbers_that_name_patients_are_the_same_with_and_without_a_missing_one():
    chart = pd.DataFrame({**CHART, "patient": [1, 1, 2]})
    known = pd.DataFrame({"patient": [1.0, 2.0], "weight": [70.0, 80.0]})
    assert [patient.name for patient in Cohort.from_frame(chart, patients=known).patients] == ["1", "2"]
