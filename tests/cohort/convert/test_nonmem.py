"""Event records become the data set that a person would have written by hand; what cannot is listed."""

import pytest

from cls_infer.cohort.convert import convert_nonmem, settle

RECORDS = """\
# made up for this test
ID,TIME,EVID,AMT,RATE,DUR,ADDL,II,CMT,DVID,DV,CENS,LIMIT,MDV,WT,SEX,STUDY
1,0,0,.,.,.,.,.,.,1,42,0,.,0,70,0,9
1,0,1,1000,2000,.,2,4,1,.,.,.,.,1,70,0,9
C,1,0,.,.,.,.,.,.,1,99,0,.,0,70,0,9
1,1,0,.,.,.,.,.,.,2,10,1,.,0,70,0,9
1,2,0,.,.,.,.,.,.,2,12,1,8,0,70,0,9
1,3,0,.,.,.,.,.,.,1,70,-1,.,0,70,0,9
1,4,2,.,.,.,.,.,.,.,.,.,.,1,70,0,9
1,30,0,.,.,.,.,.,.,1,55,0,.,0,71,0,9
1,0,4,500,.,1,.,.,1,.,.,.,.,1,70,0,9
1,1,0,.,.,.,.,.,.,1,44,.,.,0,70,0,9
2,0,1,0.5,0.1,.,.,.,2,.,.,.,.,1,60,1,9
2,6,0,.,.,.,.,.,.,1,44,.,.,0,60,1,9
2,7,1,500,-2,.,.,.,1,.,.,.,.,1,60,1,9
2,8,0,.,.,.,.,.,.,1,.,.,.,1,60,1,9
2,9,0,.,.,.,.,.,.,1,45,.,.,0,60,1,9
2,10,1,500,0,.,.,.,1,.,.,.,.,1,60,1,9
"""
MAP = """\
[observations]
1 = { variable = "hct", unit = "%" }
2 = { variable = "albumin", unit = "g/L" }
[doses]
1 = { item = "ringer", unit = "mL", hours = 1, hours_sd = 0.3 }
2 = { item = "norepinephrine", rate_unit = "ug/kg/min" }
[covariates]
WT = { covariate = "weight", unit = "kg" }
SEX = { covariate = "sex", values = { 0 = "male", 1 = "female" } }
"""
BY_HAND = {
    "measurements": """\
patient,time,variable,value,unit,censored,lower_limit,upper_limit
1,0,hematocrit,42,%,,,
1,1,albumin,10,g/L,below,,
1,2,albumin,,g/L,,8,12
1,3,hematocrit,70,%,above,,
1,30,hematocrit,55,%,,,
1_2,1,hematocrit,44,%,,,
2,6,hematocrit,44,%,,,
2,9,hematocrit,45,%,,,
""",
    "therapy": """\
patient,start,end,item,amount,unit,rate,rate_unit,end_sd
1,0,0.5,ringer,1,L,,,
1,4,4.5,ringer,1,L,,,
1,8,8.5,ringer,1,L,,,
1_2,0,1,ringer,500,mL,,,
2,0,5,norepinephrine,,,0.1,ug/kg/min,
2,7,8,ringer,500,mL,,,0.3
""",
    "patients": """\
patient,weight,sex,person
1,70,male,1
1_2,70,male,1
2,60,female,
""",
}


def test_records_are_the_data_set_written_by_hand(write, converted, by_hand):
    cohort = converted(convert_nonmem(write("records.csv", RECORDS), write("map.toml", MAP)))
    assert cohort.patients == by_hand(**BY_HAND).patients


def test_what_a_data_set_cannot_hold_is_listed_by_row_and_column(write, converted, tmp_path):
    draft = convert_nonmem(write("records.csv", RECORDS), write("map.toml", MAP))
    converted(draft)
    listed = {(one.row, one.column): one.reason for one in draft.left}
    assert listed == {
        (1, ""): "a comment, or a line to ignore",
        (5, ""): "a comment, or a line to ignore",
        (9, "EVID"): "neither an observation nor a dose",
        (10, "WT"): "a patient has one `weight`: the first, 70, is kept",
        (3, "STUDY"): "the map says of no covariate that it is this column",
        (16, "DV"): "MDV says that there is no value",
        (18, "start"): "starts after the patient's last measurement",
    }
    assert next(one.rows for one in draft.left if one.column == "STUDY") == 15
    written = (tmp_path / "ward" / "not_converted.csv").read_text(encoding="utf-8")
    assert written.count("\n") == 1 + len(listed)


@pytest.mark.parametrize("separator", [",", "\t", "  ", ";"])
def test_separator_case_and_names_of_columns_make_no_difference(write, converted, separator):
    rows = [("subj", "Time", "conc"), ("7.0", "0", "42"), ("7.0", "2", ".")]
    text = "\n".join(separator.join(row) for row in rows)
    said = 'columns = { ID = "SUBJ", DV = "CONC" }\n[observations]\nany = { variable = "hct", unit = "%" }\n'
    draft = convert_nonmem(write("a.csv", text), write("map.toml", said))
    (patient,) = converted(draft).patients
    assert (patient.name, [(m.time, m.value) for m in patient.measurements]) == ("7", [(0.0, 0.42)])
    assert [(one.row, one.column, one.reason) for one in draft.left] == [(3, "DV", "no value")]


def test_times_intervals_and_windows_are_in_the_unit_of_time(write, converted):
    said = """\
time_unit = "min"
[observations]
any = { variable = "urine", unit = "mL", window = "OVER" }
[doses]
any = { item = "ringer", unit = "mL" }
"""
    text = "ID,TIME,AMT,RATE,ADDL,II,DV,OVER\n1,30,600,20,1,60,.,.\n1,120,.,.,.,.,90,90\n"
    (patient,) = converted(convert_nonmem(write("a.csv", text), write("map.toml", said))).patients
    assert [(e.start, e.end, e.amount) for e in patient.therapy] == [(0.5, 1.0, 0.6), (1.5, 2.0, 0.6)]
    assert [(m.time, m.window, m.value) for m in patient.measurements] == [(2.0, 1.5, 0.09)]


HEADERS = {
    "behind a comment mark": ("#ID,TIME,DV,VID,VID", ""),
    "behind a column of comments": ("C,ID,TIME,DV,VID", ""),
    "with a column of the same name": ("ID,TIME,CONC,DV,VID", 'columns = { DV = "CONC" }'),
    "numbers alone, named as in $INPUT": ("", 'input = "ID TIME DV VID=DROP VID"'),
    "other names than $INPUT has": ("a,b,c,d,e", 'input = ["ID", "TIME", "DV", "X", "Y"]'),
}


@pytest.mark.parametrize("case", HEADERS)
def test_columns_are_named_in_many_ways(write, converted, case):
    header, said = HEADERS[case]
    row = ".,7,1,42,0" if header.startswith("C,") else "7,1,42,5,6"
    said += '\n[observations]\nany = { variable = "hct", unit = "%" }\n'
    draft = convert_nonmem(write("a.csv", f"{header}\n{row}\n".lstrip()), write("map.toml", said))
    (patient,) = converted(draft).patients
    assert (patient.name, [(m.time, m.value) for m in patient.measurements]) == ("7", [(1.0, 0.42)])


def test_a_column_that_counts_must_be_there_once(write, told):
    said = write("map.toml", '[observations]\nany = { variable = "hct", unit = "%" }\n')
    twice, missing = told(lambda: convert_nonmem(write("a.csv", "ID,TIME,TIME\n7,1,42\n"), said))
    assert "column `TIME` is there twice" in twice.message and "column `DV` is missing" in missing.message
    (empty,) = told(lambda: convert_nonmem(write("a.csv", "# nothing\n"), said))
    assert empty.message == "is empty"


def test_what_is_to_be_ignored_is_left_out_and_listed(write, converted):
    said = 'ignore = ["@", "BLQ.EQ.1"]\n[observations]\nany = { variable = "albumin", unit = "g/L" }\n'
    text = "ID,TIME,DV,BLQ\n1,0,40,0\n1,1,10,1\nx,2,30,0\n1,3,20,0\n"
    draft = convert_nonmem(write("a.csv", text), write("map.toml", said))
    (patient,) = converted(draft).patients
    assert [m.value for m in patient.measurements] == [40.0, 20.0]
    assert [(one.row, one.reason) for one in draft.left if not one.column] == [
        (3, "ignored as asked: BLQ.EQ.1"),
        (4, "a comment, or a line to ignore"),
    ]


def test_without_an_evid_a_row_with_an_amount_is_a_dose(write, converted):
    said = (
        '[observations]\nany = { variable = "hct", unit = "%" }\n[doses]\nany = { item = "albumin_5", unit = "mL" }\n'
    )
    (patient,) = converted(
        convert_nonmem(write("a.csv", "ID,TIME,DV,AMT\n7,0,40,0\n7,1,.,250\n7,2,38,.\n"), write("map.toml", said))
    ).patients
    assert [(e.item, e.start, e.end, e.amount) for e in patient.therapy] == [("albumin_5", 1.0, 1.0, 0.25)]
    assert [m.time for m in patient.measurements] == [0.0, 2.0]


def test_without_a_map_every_code_is_told_at_once(write, told):
    first, second = told(lambda: convert_nonmem(write("records.csv", RECORDS)))
    assert "`1` (6 values, 42 to 70), `2` (2 values, 10 to 12)" in first.message
    assert (
        'under [observations] of the TOML file that --map names: 1 = { variable = "hematocrit", unit = "%" }'
        in first.remedy
    )
    assert "CMT of doses is: `1`" in second.message and "`2` (0.5)" in second.message


BAD = {
    "a steady state": ("1,1,1,100,.,.,.,4,1,.,.,0,.,1", "SS", "a steady state of earlier doses"),
    "doses without an interval": ("1,1,1,100,.,.,3,.,1,.,.,0,.,1", "", "`ADDL` is 3 and `II` is `.`"),
    "a dose of nothing": ("1,1,1,.,.,.,.,.,1,.,.,0,.,1", "", "`AMT` is empty or 0 in a dose"),
    "a rate left to the model": ("1,1,1,100,-1,.,.,.,1,.,.,0,.,1", "", "`RATE` is -1: the rate is a parameter"),
    "a negative duration": ("1,1,1,100,.,-3,.,.,1,.,.,0,.,1", "", "`DUR` is `-3`"),
    "a level without a rate": ("1,1,1,100,.,2,.,.,2,.,.,0,.,1", "", "no `RATE` says how high `norepinephrine` is"),
    "a time that goes back": ("1,-5,0,.,.,.,.,.,.,1,40,0,.,0", "", "goes back from TIME 0 to -5"),
    "an unknown EVID": ("1,1,7,.,.,.,.,.,.,1,40,0,.,0", "", "`EVID` is `7`"),
    "an unknown CENS": ("1,1,0,.,.,.,.,.,.,1,40,2,.,0", "", "`CENS` is `2`"),
    "a word for a value": ("1,1,0,.,.,.,.,.,.,1,low,0,.,0", "", "`DV` is `low`, not a number"),
    "an impossible value": ("1,1,0,.,.,.,.,.,.,1,420,0,.,0", "", "outside 0.05 to 0.85"),
    "too few cells": ("1,1,0,.,.", "", "has 5 cells where the header has 14"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_with_a_record_is_told_by_its_row(write, told, case):
    line, column, words = BAD[case]
    header = "ID,TIME,EVID,AMT,RATE,DUR,ADDL,II,CMT,DVID,DV,CENS,LIMIT,MDV"
    if column:  # a column in the place of II
        header = header.replace("II", column)
    text = f"{header}\n1,0,0,.,.,.,.,.,.,1,42,0,.,0\n{line}\n1,9,0,.,.,.,.,.,.,1,42,0,.,0\n"
    said = MAP.partition("[covariates]")[0].replace(", hours = 1, hours_sd = 0.3", "")
    (problem,) = told(lambda: settle(convert_nonmem(write("r.csv", text), write("map.toml", said)), strict=True))
    assert problem.row == 3 and problem.where.endswith("r.csv")
    assert words in problem.message


def test_a_map_is_checked_before_any_record(write, told):
    said = """\
tyme_unit = "h"
[observations]
1 = { variable = "hematokrit", unit = "%" }
2 = { variable = "albumin", unit = "mmHg" }
"""
    (problem,) = told(lambda: convert_nonmem(write("r.csv", RECORDS), write("map.toml", said)))
    assert "unknown key `tyme_unit`" in problem.message and "time_unit" in problem.remedy
    problems = told(lambda: convert_nonmem(write("r.csv", RECORDS), write("map.toml", said.partition("\n")[2])))
    assert ["hematokrit" in problems[0].message, "cannot become" in problems[1].message] == [True, True]
    assert "CMT of doses" in problems[2].message


def test_an_id_that_comes_back_is_told(write, told):
    said = '[observations]\nany = { variable = "hct", unit = "%" }\n'
    (problem,) = told(
        lambda: convert_nonmem(write("r.csv", "ID,TIME,DV\n1,0,40\n2,0,40\n1,1,40\n1,2,40\n"), write("map.toml", said))
    )
    assert problem.row == 4 and "NONMEM takes it for another individual" in problem.message
