"""Bad therapy, bad covariates and tables that do not fit each other are found, shown and given a remedy."""

from pathlib import Path

import pytest

from cls_infer.cohort import read_cohort
from cls_infer.cohort.items import ITEMS, SPELLINGS

HEAD = "patient,time,variable,value,unit\n"
GIVEN = "patient,start,end,item,amount,unit\n"
RATED = "patient,start,end,item,amount,unit,rate,rate_unit\n"
ENDING = "patient,start,end,item,amount,unit,rate,rate_unit,end_sd\n"
BELIEVED = "patient,start,end,item,amount,unit,amount_low,amount_high,amount_median,amount_gsd\n"

THERAPY = {
    "an end before its start": (
        GIVEN + "P1,9,8,ringer,1,L",
        (2, "ends at 8 h, before its start at 9 h", "swap"),
    ),
    "an unknown item": (GIVEN + "P1,0,1,ringr,1,L", (2, "unknown item `ringr`", "did you mean `ringer`?")),
    "an item as charts call it": (GIVEN + "P1,0,1,NaCl 0.9%,1,L", (2, "`NaCl 0.9%`", "did you mean `saline_0.9`?")),
    "an item unlike those that are there": (
        GIVEN + "P1,0,1,gelatine,1,L",
        (2, "`gelatine`", "known are `crystalloid`"),
    ),
    "a bolus": (GIVEN + "P1,0,0,furosemide,20,mg", (2, "at the same time", "its end how long it acts")),
    "an item like no other": (GIVEN + "P1,0,1,zzz,1,L", (2, "unknown item `zzz`", f"`{next(reversed(ITEMS))}`")),
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
    "an end that is negatively uncertain": (
        ENDING + "P1,0,2,ringer,1,L,,,-0.5",
        (2, "`end_sd` is -0.5", "a length of time of 0 or more"),
    ),
    "an uncertain end that is not there": (ENDING + "P1,0,,ringer,1,L,,,0.5", (2, "`end` is empty", "write hours")),
    "an end more uncertain than the infusion is long": (
        ENDING + "P1,0,2,ringer,1,L,,,2",
        (2, "`end_sd` 2 is not below the 2 h it ran", "how many hours"),
    ),
    "an uncertain end that two numbers tell": (
        ENDING + "P1,0,2,ringer,1,L,0.5,L/h,0.5",
        (2, "`end_sd` 0.5 is given beside `amount` and `rate`", "clear one"),
    ),
    "an uncertain end of an unknown amount": (
        ENDING.replace("end_sd", "end_sd,amount_low,amount_high") + "P1,0,2,ringer,,L,,,0.5,1,2",
        (2, "`end_sd` 0.5 is given where the amount is unknown too", "clear `end_sd`"),
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
    "a dose that acts for no time": (
        GIVEN + "P1,2,2,furosemide,40,mg",
        (2, "starts and ends at the same", "how long"),
    ),
    "degrees above the healthy ones": (GIVEN + "P1,0,9,temperature,2,degC", (2, "outside 28 to 44 degC", "correct")),
    "another scale": (GIVEN + "P1,0,9,temperature,102,degC", (2, "outside 28 to 44 degC", "did you mean `degF`?")),
    "a dose in place of a level": (
        GIVEN + "P1,0,9,steroid,1000,mg",
        (2, "`mg` cannot become `1`", "write one of"),
    ),
    "a level beyond any": (GIVEN + "P1,0,9,immunoglobulin,30,1", (2, "outside 0 to 5", "did you mean `%`?")),
    "a treatment less than none": (GIVEN + "P1,0,9,steroid,-1,1", (2, "is negative", "0 or more")),
    "plasma put back": (GIVEN + "P1,0,3,plasma_exchange,-3,L", (2, "is negative", "0 or more")),
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
    "a factor for an onset that is not in the past": (
        "patient,onset,onset_gsd\nP1,6,1.6",
        (2, "`onset_gsd` with an onset at 6 h", "write `onset_sd`"),
    ),
    "a factor that is none": ("patient,onset,onset_gsd\nP1,-6,0.5", (2, "`onset_gsd` is 0.5", "above 1")),
    "two spreads of one onset": (
        "patient,onset,onset_sd,onset_gsd\nP1,-6,3,1.6",
        (2, "`onset_sd` and `onset_gsd` for one onset", "keep one"),
    ),
    "an onset unlike the times": (
        "patient,onset\nP1,2024-03-05T10:00",
        (2, "`onset` `2024-03-05T10:00` is a timestamp", "in one way"),
    ),
    "an unknown cause": (
        "patient,cause\nP1,sepsys",
        (2, "`cause` is `sepsys`", "did you mean `sepsis`?"),
    ),
    "a cause like no other": ("patient,cause\nP1,zzz", (2, "`cause` is `zzz`", "known are `clarkson`, `sepsis`")),
    "an unknown colloid": (
        "patient,colloid\nP1,hes 130",
        (2, "`colloid` is `hes 130`", "did you mean `hes_130`?"),
    ),
    "an unknown column": (
        "patient,baseline_haematocrit\nP1,0.4",
        (1, "unknown column `baseline_haematocrit`", "did you mean `baseline_hematocrit`?"),
    ),
}


@pytest.mark.parametrize(("content", "expected"), THERAPY.values(), ids=THERAPY)
def test_bad_therapy_is_told_once(only_problem, content, expected, check):
    check(only_problem(therapy=content), "therapy", expected)


@pytest.mark.parametrize(("content", "expected"), PATIENTS.values(), ids=PATIENTS)
def test_a_bad_patient_is_told_once(only_problem, content, expected, check):
    check(only_problem(patients=content), "patients", expected)


def test_a_patient_without_covariates_is_told_where_it_is_measured(only_problem, check):
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


def test_an_item_may_be_in_capitals_and_with_blanks(folder):
    rows = "P1,0,1,Ringer,1,L\nP1,1,2,Albumin 20,100,mL\nP1,2,3,oral-intake,0,1"
    (patient,) = read_cohort(folder(therapy=GIVEN + rows)).patients
    assert [one.item for one in patient.therapy] == ["ringer", "albumin_20", "oral_intake"]


def test_every_spelling_of_an_item_proposes_one_that_is_there_and_is_none_itself():
    assert set(SPELLINGS.values()) <= set(ITEMS) and not set(SPELLINGS) & set(ITEMS)


def test_one_long_level_is_told_of_every_shorter_one_within_it(problems):
    rows = "P1,0,40,oral_intake,0,1\nP1,1,2,oral_intake,1,1\nP1,9,10,oral_intake,1,1"
    assert [problem.row for problem in problems(therapy=GIVEN + rows)] == [3, 4]


def test_an_unreadable_time_does_not_make_therapy_late(only_problem, check):
    measured = HEAD + "P1,0,hct,42,%\nP1,tomorrow,hct,43,%"
    check(only_problem(measured, GIVEN + "P1,5,6,ringer,1,L"), "measurements", (3, "`tomorrow`", "timestamp"))


def test_a_nameless_row_does_not_make_a_patient_absent(only_problem, check):
    measured = HEAD + "P1,0,hct,42,%\n,1,hct,43,%"
    check(only_problem(measured, patients="patient\nP1\nP2"), "measurements", (3, "is empty", "name"))
