"""Each kind of bad input is found at its file and row, shown as written, with what to do about it."""

from pathlib import Path

import pytest

from cls_infer.cohort import read_cohort
from cls_infer.errors import InputError

HEAD = "patient,time,variable,value,unit\n"
LIMITS = "patient,time,variable,value,unit,censored,lower_limit,upper_limit\n"
GIVEN = "patient,start,end,item,amount,unit\n"
RATED = "patient,start,end,item,amount,unit,rate,rate_unit\n"
BELIEVED = "patient,start,end,item,amount,unit,amount_low,amount_high,amount_median,amount_gsd\n"

MEASUREMENTS = {  # what it is: (table, row, words of the message, words of the remedy)
    "the unit makes the value impossible": (
        HEAD + "P1,0,albumin,4.1,mg/dL",
        (2, "`albumin` 4.1 `mg/dL` is 0.041 g/L, outside 1 to 80 g/L", "did you mean `g/dL`?"),
    ),
    "a fraction that is a percentage": (
        HEAD + "P1,0,hct,42,1",
        (2, "`hematocrit` 42 `1` is outside 0.05 to 0.85", "did you mean `%`?"),
    ),
    "a value no unit can save": (
        HEAD + "P1,0,albumin,1e18,g/L",
        (2, "outside 1 to 80 g/L", "correct the value"),
    ),
    "the unit of something else": (
        HEAD + "P1,0,albumin,4.1,mmHg",
        (2, "`mmHg` cannot become `g/L`", "`g/dL`"),
    ),
    "an unknown unit": (HEAD + "P1,0,albumin,4.1,g/dLL", (2, "unit `g/dLL` is not known", "`g/dL`?")),
    "no unit": (HEAD + "P1,0,albumin,4.1,", (2, "`albumin` has no unit", "such as `g/L`")),
    "a negative volume": (
        "patient,time,variable,value,unit,window\nP1,6,urine,-200,mL,6",
        (2, "`urine` -200 `mL` is negative", "0 or more"),
    ),
    "urine without its window": (HEAD + "P1,6,urine,200,mL", (2, "has no `window`", "how many hours")),
    "a window on a blood test": (
        "patient,time,variable,value,unit,window\nP1,6,hct,40,%,6",
        (2, "which only `urine` can have", "leave it empty"),
    ),
    "text in a number": (HEAD + "P1,0,hct,high,%", (2, "`value` is `high`, not a number", "plain number")),
    "a decimal comma": (HEAD + 'P1,0,hct,"42,5",%', (2, "`42,5`", "write a decimal point: 42.5")),
    "a value below the limit": (HEAD + "P1,0,albumin,<10,g/L", (2, "`<10`", "write 10 and `below`")),
    "NaN": (HEAD + "P1,0,hct,NaN,%", (2, "`NaN`", "leave the row out")),
    "infinity": (HEAD + "P1,0,hct,inf,%", (2, "`inf`", "leave the row out")),
    "a number past all numbers": (HEAD + "P1,0,hct,1e999,%", (2, "`1e999`", "plain number")),
    "an underscore in a number": (HEAD + "P1,0,hct,4_2,%", (2, "`4_2`", "plain number")),
    "no value": (HEAD + "P1,0,hct,,%", (2, "`value` is empty", "write a number")),
    "an unknown variable": (
        HEAD + "P1,0,hematocrite,42,%",
        (2, "`hematocrite`", "did you mean `hematocrit`?"),
    ),
    "no patient": (HEAD + ",0,hct,42,%", (2, "`patient` is empty", "name")),
    "a time that goes back": (
        HEAD + "P07,38.5,hct,42,%\nP07,36,hct,43,%",
        (3, "patient `P07` goes back from 38.5 h to 36 h", "sort the rows"),
    ),
    "a value given twice": (
        HEAD + "P1,1,hct,42,%\nP1,1,haematocrit,43,%",
        (3, "`hematocrit` at 1 h here and in row 2", "keep one"),
    ),
    "no time": (HEAD + "P1,noon,hct,42,%", (2, "`time` `noon` is not a time", "timestamp")),
    "a spreadsheet's day number": (
        "patient,time,variable,value,unit,time_unit\nP1,45123,hct,42,%,days",
        (2, "more than ten years", "hours"),
    ),
    "an unknown time unit": (
        "patient,time,variable,value,unit,time_unit\nP1,1,hct,42,%,ours",
        (2, "`time_unit`: unit `ours` is not known", "did you mean `hours`?"),
    ),
    "numbers and timestamps": (
        HEAD + "P1,0,hct,42,%\nP1,2024-03-05T10:00,hct,43,%",
        (3, "has a timestamp as time here and a number in row 2", "in one way"),
    ),
    "timestamps with and without a zone": (
        HEAD + "P1,2024-03-05T08:00Z,hct,42,%\nP1,2024-03-05T10:00,hct,43,%",
        (3, "has a timestamp as time here and a timestamp with a zone in row 2", "in one way"),
    ),
    "systolic below diastolic": (
        HEAD + "P1,0,sbp,60,mmHg\nP1,0,dbp,80,mmHg",
        (2, "`sbp` 60 mmHg is not above the `dbp` 80 mmHg of row 3", "swap"),
    ),
    "an unknown censoring": (LIMITS + "P1,0,albumin,10,g/L,left,,", (2, "`censored` is `left`", "`below`")),
    "censored on both sides": (LIMITS + "P1,0,albumin,10,g/L,above,10,", (2, "both sides", "`lower_limit`")),
    "two episodes": (
        "patient,time,variable,value,unit,episode\nP1,0,hct,42,%,1\nP1,9,hct,42,%,2\nP1,10,hct,42,%,2",
        (3, "a second episode `2`", "`P1_2`"),
    ),
    "a missing cell": (HEAD + "P1,0,hct,42", (2, "has 4 cells where the header has 5", "quotation marks")),
    "a cell too many": (
        HEAD + "P1,0,hct,42,5,%",
        (2, "has 6 cells where the header has 5", "decimal points"),
    ),
    "a missing column": (
        "patient,time,variable,value\nP1,0,hct,1",
        (1, "column `unit` is missing", "`unit`"),
    ),
    "an unknown column": (
        "patient,time,variable,value,unit,lower_limt\nP1,0,hct,42,%,1",
        (1, "unknown column `lower_limt`", "did you mean `lower_limit`?"),
    ),
    "a column given twice": (
        "patient,time,variable,value,unit,unit\nP1,0,hct,42,%,%",
        (1, "column `unit` is there 2 times", "keep one"),
    ),
    "a column without a name": (
        ",patient,time,variable,value,unit\n0,P1,0,hct,42,%",
        (1, "a column has no name", "index"),
    ),
    "semicolons": (HEAD.replace(",", ";") + "P1;0;hct;42;%", (1, "separated by `;`", "comma-separated")),
    "tabs": (HEAD.replace(",", "\t") + "P1\t0\thct\t42\t%", (1, "separated by tabs", "comma-separated")),
    "an open quotation mark": (HEAD + 'P1,0,hct,"42,%', (2, "is not CSV", "close every quotation mark")),
    "an empty file": ("", (None, "is empty", "header")),
    "a file of blanks": ("\n \n,,\n", (None, "is empty", "header")),
    "a header only": (HEAD, (None, "a header and no rows", "add rows")),
    "bytes that are not UTF-8": (
        HEAD.encode() + b"P1,0,hct,42,%\nM\xfcller,0,hct,42,%",
        (3, "byte 48 is 0xfc, which is not UTF-8", "save the file as UTF-8"),
    ),
    "a spreadsheet's UTF-16": ((HEAD + "P1,0,hct,42,%").encode("utf-16"), (1, "not UTF-8", "as UTF-8")),
    "no measurements": (None, (None, "is missing", "`patient`, `time`, `variable`, `value`, `unit`")),
}
THERAPY = {
    "an end before its start": (
        GIVEN + "P1,9,8,ringer,1,L",
        (2, "ends at 8 h, before its start at 9 h", "swap"),
    ),
    "an unknown item": (GIVEN + "P1,0,1,ringr,1,L", (2, "unknown item `ringr`", "did you mean `ringer`?")),
    "an item like no other": (GIVEN + "P1,0,1,zzz,1,L", (2, "unknown item `zzz`", "known are `crystalloid`")),
    "a negative amount": (
        GIVEN + "P1,0,1,ringer,-500,mL",
        (2, "`ringer` -500 `mL` is negative", "0 or more"),
    ),
    "litres that are millilitres": (
        GIVEN + "P1,0,1,ringer,500,L",
        (2, "outside 0 to 50 L", "did you mean `mL`?"),
    ),
    "the unit of something else": (
        GIVEN + "P1,0,1,norepinephrine,5,mL",
        (2, "`mL` cannot become `ug/kg/min`", "`ug/kg/min`"),
    ),
    "an amount never charted": (
        GIVEN + "P1,0,1,ringer,,L",
        (2, "`amount` is empty", "`amount_low` and `amount_high`, or `amount_median` and `amount_gsd`"),
    ),
    "half a range": (BELIEVED + "P1,0,1,ringer,,L,1,,,", (2, "`amount` is empty", "`amount_high`")),
    "a range and a median": (
        BELIEVED + "P1,0,1,ringer,,L,1,2,1,2",
        (2, "`amount` is empty", "`amount_high`"),
    ),
    "a range upside down": (BELIEVED + "P1,0,1,ringer,,L,2,1,,", (2, "is not below `amount_high` 1", "swap")),
    "a spread below 1": (BELIEVED + "P1,0,1,ringer,,L,,,2,0.5", (2, "`amount_gsd` is 0.5", "above 1")),
    "a median of nothing": (BELIEVED + "P1,0,1,ringer,,L,,,0,2", (2, "`amount_median` is 0", "above 0")),
    "a spread beside an amount": (
        BELIEVED + "P1,0,1,ringer,1,L,,,,2",
        (2, "`amount_gsd` is given beside", "clear `amount_gsd`"),
    ),
    "a rate that contradicts the amount": (
        RATED + "P1,0,2,ringer,1,L,100,mL/h",
        (2, "`amount` is 1 L, `rate` makes it 0.2 L", "keep the right one"),
    ),
    "a rate without a unit": (RATED + "P1,0,2,ringer,,,100,", (2, "`rate` has no `rate_unit`", "`mL/h`")),
    "a rate that is an amount": (RATED + "P1,0,2,ringer,,,100,mL", (2, "`mL` cannot become `L/h`", "`mL/h`")),
    "an impossible rate": (RATED + "P1,0,2,ringer,,,100,L/h", (2, "is 200 L, outside 0 to 50 L", "the rate")),
    "a rate for no time": (
        RATED + "P1,2,2,ringer,,,100,mL/h",
        (2, "starts and ends at the same", "how long"),
    ),
    "a level for no time": (
        GIVEN + "P1,2,2,oral_intake,0,1",
        (2, "starts and ends at the same", "how long"),
    ),
    "two levels at once": (
        GIVEN + "P1,0,9,oral_intake,0,1\nP1,8,12,oral_intake,1,1",
        (3, "overlaps that of row 2", "end the one"),
    ),
    "therapy after the last measurement": (
        GIVEN + "P1,50,51,ringer,1,L",
        (2, "starts at 50 h, after the last measurement of patient `P1` at 48 h", "add later measurements"),
    ),
    "a patient never measured": (
        GIVEN + "P2,0,1,ringer,1,L\nP2,1,2,ringer,1,L",
        (2, "patient `P2` has no row in measurements.csv", "correct the name"),
    ),
    "a timestamp among hours": (
        GIVEN + "P1,2024-03-05T10:00,2024-03-05T11:00,ringer,1,L",
        (2, "a number in row 2 of ", "in one way"),
    ),
    "a header only": (GIVEN, (None, "a header and no rows", "remove the file")),
}
PATIENTS = {
    "a patient given twice": ("patient,sex\nP1,male\nP1,male", (3, "`P1` is in row 2 too", "one row")),
    "a patient never measured": ("patient\nP1\nP2", (3, "`P2` has no row in measurements.csv", "the name")),
    "an impossible height": (
        "patient,height\nP1,1.75",
        (2, "`height` 1.75 `cm` is 0.0175 m, outside 0.2 to 2.8 m", "did you mean `m`?"),
    ),
    "a percentage without its unit": ("patient,baseline_hematocrit\nP1,42", (2, "0.15 to 0.7", "mean `%`?")),
    "an unknown sex": ("patient,sex\nP1,X", (2, "`sex` is `X`", "`male` or `female`")),
    "a spread without an onset": ("patient,onset_sd\nP1,6", (2, "`onset_sd` without `onset`", "the onset")),
    "an onset unlike the times": (
        "patient,onset\nP1,2024-03-05T10:00",
        (2, "`onset` `2024-03-05T10:00` is a timestamp", "in one way"),
    ),
    "an unknown column": (
        "patient,baseline_haematocrit\nP1,0.4",
        (1, "unknown column `baseline_haematocrit`", "did you mean `baseline_hematocrit`?"),
    ),
}


def check(problem, table, expected):
    row, words, remedy = expected
    assert Path(problem.where).name == f"{table}.csv"
    assert problem.row == row
    assert words in problem.message
    assert remedy in problem.remedy


@pytest.mark.parametrize(("content", "expected"), MEASUREMENTS.values(), ids=MEASUREMENTS)
def test_a_bad_measurement_is_told_once(only_problem, content, expected):
    check(only_problem(content), "measurements", expected)


@pytest.mark.parametrize(("content", "expected"), THERAPY.values(), ids=THERAPY)
def test_bad_therapy_is_told_once(only_problem, content, expected):
    check(only_problem(therapy=content), "therapy", expected)


@pytest.mark.parametrize(("content", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_a_bad_patient_is_told_once(only_problem, content, expected):
    check(only_problem(patients=content), "patients", expected)


def test_a_patient_without_covariates_is_told_where_it_is_measured(only_problem):
    measured = HEAD + "P1,0,hct,42,%\nP2,0,hct,42,%\nP2,1,hct,42,%"
    problem = only_problem(measured, patients="patient\nP1")
    check(problem, "measurements", (3, "patient `P2` has no row in patients.csv", "add one"))


def test_the_problems_of_all_tables_come_together_in_the_order_of_their_rows(problems):
    measured = HEAD + "P1,0,hct,42,g\nP1,1,hct,high,g\nP1,2,albumin,400,g/L"
    found = problems(measured, GIVEN + "P1,0,1,ringr,1,L", "patient,sex\nP1,X")
    places = [(Path(problem.where).stem, problem.row) for problem in found]
    assert places == [
        *(("measurements", row) for row in (2, 3, 3, 4)),
        ("therapy", 2),
        ("patients", 2),
    ]


def test_what_could_not_be_read_does_not_make_its_patients_absent(problems):
    found = problems(HEAD + "P1,0,hct,42,%,", GIVEN + "P1,0,1,ringer,1,L", "patient\nP1")
    assert len(found) == 1


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="`.*nowhere`\n  is not there; name a folder"):
        read_cohort(tmp_path / "nowhere")


def test_a_file_is_not_a_folder(folder):
    with pytest.raises(InputError, match="is a file, not a folder"):
        read_cohort(folder() / "measurements.csv")


def test_a_folder_in_the_place_of_a_table_is_a_problem(folder):
    place = folder(None)
    (place / "measurements.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_cohort(place)
