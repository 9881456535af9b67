"""A therapy for a run is read against the run's own patients and clock."""

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.cohort.what_if import read_therapy_instead

HEADER = "patient,start,end,item,amount,unit,amount_median,amount_gsd\n"
GUESS = Event("ringer", 0.0, 6.0, None, 2, median=2.0, gsd=1.5)
COHORT = Cohort(
    "ward",
    (
        Patient("P1", {}, (Measurement(6.0, "albumin", 30.0, 2),), (GUESS,)),
        Patient("P2", {}, (Measurement(6.0, "albumin", 30.0, 3),), (), "2024-03-05T14:30:00"),
    ),
    "",
)


def read(tmp_path, text):
    path, problems = tmp_path / "other.csv", []
    path.write_text(HEADER + text, encoding="utf-8")
    return read_therapy_instead(path, COHORT, problems), [str(problem) for problem in problems]


def test_hours_and_timestamps_are_counted_as_in_the_chart(tmp_path):
    text = "P1,6,8,ringer,500,mL,,\nP2,2024-03-05T20:30,2024-03-05T21:30,albumin_20,100,mL,,\n"
    found, problems = read(tmp_path, text)
    assert problems == []
    assert found["P1"] == (Event("ringer", 6.0, 8.0, 0.5, 2),)
    assert found["P2"] == (Event("albumin_20", 6.0, 7.0, 0.1, 3),)


def test_another_clock_is_a_problem(tmp_path):
    _, problems = read(tmp_path, "P2,6,8,ringer,500,mL,,\nP1,2024-03-05T20:30,2024-03-05T21:30,ringer,1,L,,\n")
    assert "is a number, the patient's other times are each a timestamp" in problems[0]
    assert any("is a timestamp, the patient's other times are each a number" in problem for problem in problems)


def test_an_amount_the_fit_estimated_is_found_again(tmp_path):
    found, problems = read(tmp_path, "P1,6,8,ringer,0.5,L,,\nP1,0,6,ringer,,L,2,1.5\n")
    assert problems == [] and found["P1"][0] is GUESS


def test_an_uncertain_end_must_be_one_the_fit_estimated(tmp_path):
    path, problems = tmp_path / "other.csv", []
    path.write_text("patient,start,end,item,amount,unit,end_sd\nP1,6,8,ringer,0.5,L,0.5\n", encoding="utf-8")
    read_therapy_instead(path, COHORT, problems)
    assert "`ringer` has no certain end, and the fit estimated none" in str(problems[0])


def test_all_problems_are_told_at_once(tmp_path):
    found, problems = read(tmp_path, "p1,6,8,ringer,0.5,L,,\nP1,0,5,ringer,,L,2,1.5\nP2,x,8,ringer,1,L,,\n")
    assert "the run has no patient `p1`; did you mean `P1`?" in problems[0]
    assert any("the fit estimated none for such a row" in problem for problem in problems)
    assert any("`start` `x` is not a time" in problem for problem in problems) and "p1" not in found


def test_an_empty_table_is_a_problem(tmp_path):
    assert "has a header and no rows" in read(tmp_path, "")[1][0]
