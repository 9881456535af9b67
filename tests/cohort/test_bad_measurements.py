"""Each kind of bad measurement is found at its file and row, shown as written, with what to do about it."""

import pytest

from cls_infer.cohort import read_cohort
from cls_infer.errors import InputError

HEAD = "patient,time,variable,value,unit\n"
LIMITS = "patient,time,variable,value,unit,censored,lower_limit,upper_limit\n"

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
    "a negative spread": (
        "patient,time,variable,value,unit,extra_sd\nP1,0,hct,42,%,-1",
        (2, "`extra_sd` is -1 `%`", "0 or more"),
    ),
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
    "a date that begins with its day": (
        HEAD + "P1,12.03.2024 6:30,hct,42,%",
        (2, "`12.03.2024 6:30` is not a time", "write `2024-03-12T06:30`"),
    ),
    "a date of either order": (
        HEAD + "P1,03/05/2024,hct,42,%",
        (2, "`03/05/2024` is not a time", "write `2024-05-03` or `2024-03-05`"),
    ),
    "a date with its month first": (
        HEAD + "P1,03/25/2024 14:30,hct,42,%",
        (2, "is not a time", "write `2024-03-25T14:30`"),
    ),
    "a date of two digits a year": (
        HEAD + "P1,25.03.24 14:30,hct,42,%",
        (2, "is not a time", "write `2024-03-25T14:30`"),
    ),
    "a date of no year": (
        HEAD + "P1,12.03. 7:15,hct,42,%",
        (2, "`12.03. 7:15` is not a time", "write the year too, such as `2024-03-12T07:15`"),
    ),
    "a date of no year, of either order": (
        HEAD + "P1,03/05 07:15,hct,42,%",
        (2, "is not a time", "write the year too, such as `2024-05-03T07:15` or `2024-03-05T07:15`"),
    ),
    "a time of no day": (HEAD + "P1,6:30,hct,42,%", (2, "`6:30` is not a time", "such as 2024-03-05T06:30")),
    "two pressures at once": (
        HEAD + "P1,0,BP,90/50,mmHg",
        (2, "unknown variable `BP`", "`sbp` and `dbp` in a row each"),
    ),
    "a day that is none": (HEAD + "P1,32.03.2024,hct,42,%", (2, "is not a time", "such as 38.5")),
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
    "limits that are crossed": (
        LIMITS + "P1,0,albumin,25,g/L,,70,10",
        (2, "`lower_limit` 70 is not below `upper_limit` 10", "swap the two"),
    ),
    "an interval that is crossed": (
        LIMITS + "P1,0,albumin,,g/L,,30,20",
        (2, "`lower_limit` 30 is not below `upper_limit` 20", "swap the two"),
    ),
    "an interval of no width": (LIMITS + "P1,0,albumin,,g/L,,30,30", (2, "is not below", "correct them")),
    "an interval that says nothing": (
        LIMITS + "P1,0,albumin,,g/L,,0,80",
        (2, "hold every possible `albumin`, 1 to 80 g/L", "narrow them"),
    ),
    "an interval and a side": (
        LIMITS + "P1,0,albumin,,g/L,below,20,30",
        (2, "`censored` is `below` and `value` is empty", "clear `censored`"),
    ),
    "a bound in the wrong unit": (
        LIMITS + "P1,0,hct,,1,,40,",
        (2, "`hematocrit` 40 `1` is outside 0.05 to 0.85", "did you mean `%`?"),
    ),
    "a bound that is no number": (LIMITS + "P1,0,albumin,,g/L,,low,30", (2, "`lower_limit` is `low`", "plain number")),
    "a bound without a unit": (LIMITS + "P1,0,albumin,,,,20,30", (2, "`albumin` has no unit", "such as `g/L`")),
    "a grade that is no interval": (
        HEAD + "P1,0,albumin_grade,4,1",
        (2, "`albumin_grade` 4 is no interval of `albumin`", "known are 0 (35 g/L or more), 1 (30 to 35 g/L), 2"),
    ),
    "half a grade": (HEAD + "P1,0,albumin_grade,1.5,1", (2, "`albumin_grade` 1.5", "known are 0")),
    "a grade in words": (HEAD + "P1,0,albumin_grade,mild,1", (2, "`mild`, not a number", "plain number")),
    "a grade with a unit": (HEAD + "P1,0,albumin_grade,2,g/L", (2, "`albumin_grade` is in `g/L`", "write `1`")),
    "a grade with a limit": (
        LIMITS + "P1,0,albumin_grade,2,1,,20,",
        (2, "`albumin_grade` has a `lower_limit`", "leave it empty"),
    ),
    "a grade and its value at one time": (
        HEAD + "P1,0,albumin,25,g/L\nP1,0,albumin_grade,2,1",
        (3, "`albumin` at 0 h here and in row 2", "keep one"),
    ),
    "a grade of oedema": (
        HEAD + "P1,0,oedema grade,2,1",
        (2, "unknown variable `oedema grade`", "no known scale turns a grade of oedema into a quantity"),
    ),
    "a grade misspelt": (HEAD + "P1,0,albumin_grad,2,1", (2, "`albumin_grad`", "did you mean `albumin_grade`?")),
    "an assay of what is computed": (
        "patient,time,variable,value,unit,assay\nP1,0,sbp,120,mmHg,lab",
        (2, "`sbp` has an `assay`, and no offset", "known are `hematocrit`"),
    ),
    "a haematocrit above 1": (HEAD + "P1,0,hct,1.2,1", (2, "`hematocrit` 1.2 `1` is outside 0.05 to 0.85", "leave")),
    "two episodes": (
        "patient,time,variable,value,unit,episode\nP1,0,hct,42,%,1\nP1,9,hct,42,%,2\nP1,10,hct,42,%,2",
        (3, "a second episode `2`", "`P1_2`"),
    ),
    "a missing cell": (HEAD + "P1,0,hct,42", (2, "has 4 cells where the header has 5", "the last column is `unit`")),
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
    "such bytes after a byte order mark": (
        b"\xef\xbb\xbf" + HEAD.encode() + b"M\xfcller,0,hct,42,%",
        (2, "byte 37 is 0xfc, which is not UTF-8", "save the file as UTF-8"),
    ),
    "a spreadsheet's UTF-16": ((HEAD + "P1,0,hct,42,%").encode("utf-16"), (1, "not UTF-8", "as UTF-8")),
    "no measurements": (None, (None, "is missing", "`patient`, `time`, `variable`, `value`, `unit`")),
}


@pytest.mark.parametrize(("content", "expected"), MEASUREMENTS.values(), ids=MEASUREMENTS)
def test_a_bad_measurement_is_told_once(only_problem, content, expected, check):
    check(only_problem(content), "measurements", expected)


def test_what_is_wrong_of_many_rows_is_said_once_with_all_rows(folder):
    rows = [
        "P1,0,hct,42,%",
        "P1,1,hct,42",
        "P1,2,hct,42",
        "P1,3,hct,42,%",
        "P1,4,hct",
        "P1,5,hct,42",
        "P1,6,hct,42",
        "P1,7,hct,4",
    ]
    with pytest.raises(InputError) as told:
        read_cohort(folder(HEAD + "\n".join(rows)))
    assert len(told.value.problems) == 6
    assert [line.partition(":")[0] for line in str(told.value).splitlines()[1:]] == ["  rows 3, 4, 7 to 9", "  row 6"]


def test_problems_found_in_a_later_look_stand_in_their_row_s_place(problems):
    found = problems(HEAD + "P1,0,sbp,60,mmHg\nP1,0,dbp,80,mmHg\nP1,0,hct,high,%\n,0,hct,42,%")
    assert [problem.row for problem in found] == [2, 4, 5]


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match=r"`.*nowhere`\n  is not there; name a folder"):
        read_cohort(tmp_path / "nowhere")


def test_a_file_is_not_a_folder(folder):
    with pytest.raises(InputError, match="is a file, not a folder"):
        read_cohort(folder() / "measurements.csv")


def test_a_folder_in_the_place_of_a_table_is_a_problem(folder):
    place = folder(None)
    (place / "measurements.csv").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read_cohort(place)
