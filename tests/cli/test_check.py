"""What is wrong with the input is told in full, alike by `check` and `fit`; what is right is shown."""

import pytest

HEADER = "patient,time,variable,value,unit\n"
GOOD = HEADER + "P1,0,hematocrit,42,%\nP1,24,hematocrit,55,%\nP1,48,hematocrit,40,%\n"
GIVEN = "patient,start,end,item,amount,unit\n"

BAD = {
    "wrong unit": (
        {"measurements": HEADER + "P1,0,albumin,4.1,mg/dL\n"},
        ["row 2", "`mg/dL`", "did you mean `g/dL`"],
    ),
    "unknown column": (
        {"measurements": "patient,time,variable,value,unit,censord\nP1,0,albumin,41,g/L,\n"},
        ["unknown column `censord`", "did you mean `censored`"],
    ),
    "times out of order": (
        {"measurements": HEADER + "P1,24,albumin,41,g/L\nP1,0,albumin,41,g/L\n"},
        ["row 3", "goes back from 24 h to 0 h"],
    ),
    "the same time twice": (
        {"measurements": HEADER + "P1,0,albumin,41,g/L\nP1,0,albumin,40,g/L\n"},
        ["row 3", "here and in row 2"],
    ),
    "negative volume": (
        {"measurements": GOOD, "therapy": GIVEN + "P1,0,1,ringer,-500,mL\n"},
        ["row 2", "negative"],
    ),
    "text in a number": (
        {"measurements": HEADER + "P1,0,albumin,low,g/L\n"},
        ["row 2", "`low`, not a number"],
    ),
    "empty file": ({"measurements": ""}, ["is empty"]),
    "unknown variable": (
        {"measurements": HEADER + "P1,0,hematokrit,42,%\n"},
        ["unknown variable `hematokrit`", "did you mean `hematocrit`"],
    ),
    "therapy after the last measurement": (
        {"measurements": GOOD, "therapy": GIVEN + "P1,60,61,ringer,500,mL\n"},
        ["starts at 60 h, after the last measurement"],
    ),
    "a patient in one table only": (
        {"measurements": GOOD, "patients": "patient,weight\nP1,70\nP2,80\n"},
        ["patient `P2` has no row in measurements.csv"],
    ),
    "limits crossed": (
        {"measurements": "patient,time,variable,value,unit,lower_limit,upper_limit\nP1,0,albumin,,g/L,30,20\n"},
        ["row 2", "`lower_limit` 30 is not below `upper_limit` 20", "swap"],
    ),
    "a haematocrit above 1": (
        {"measurements": HEADER + "P1,0,hematocrit,1.2,1\n"},
        ["row 2", "`hematocrit` 1.2 `1` is outside 0.05 to 0.85"],
    ),
    "a grade that is no interval": (
        {"measurements": HEADER + "P1,0,albumin_grade,5,1\n"},
        ["row 2", "`albumin_grade` 5 is no interval of `albumin`", "known are 0 (35 g/L or more)"],
    ),
    "a grade of oedema": (
        {"measurements": HEADER + "P1,0,oedema_grade,2,1\n"},
        ["row 2", "unknown variable `oedema_grade`", "chart `weight_change`"],
    ),
    "an assay of a pressure": (
        {"measurements": "patient,time,variable,value,unit,assay\nP1,0,map,80,mmHg,lab\n"},
        ["row 2", "`map` has an `assay`", "leave it empty"],
    ),
    "not UTF-8": ({"measurements": GOOD.encode() + b"P\xe9,0,hematocrit,42,%\n"}, ["not UTF-8"]),
}
COMMANDS = {"check": ("check",), "fit": ("fit", "--model", "volume_kinetics", "--quiet")}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named_with_its_remedy(cls_infer, folder, case, command):
    tables, words = BAD[case]
    said = cls_infer(*COMMANDS[command], folder(**tables))
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("error: 1 problem in ")
    assert "Traceback" not in said.err
    assert [word for word in words if word not in said.err] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_all_problems_come_at_once(cls_infer, folder, command):
    measurements = HEADER + "P1,0,albumin,4.1,mg/dL\nP1,1,hematokrit,42,%\nP1,2,map,high,mmHg\n"
    therapy = GIVEN + "P1,0,1,ringr,500,mL\nP1,2,1,ringer,500,mL\n"
    model = ("--model", "two_por")
    said = cls_infer(command, folder(measurements=measurements, therapy=therapy), *model, "--json")
    assert said.code == 2
    assert "error: 6 problems in" in said.err
    problems = said.json["problems"]
    assert len(problems) == 6
    assert {tuple(problem) for problem in problems} == {("file", "row", "message", "remedy")}
    assert problems[-1]["remedy"] == "did you mean `two_pore`?"


@pytest.mark.parametrize(
    "arguments",
    [("models", "two_por"), ("simulate", "two_por"), ("check", "clarkson_a", "--model", "two_por")],
)
def test_an_unknown_model_offers_the_nearest(cls_infer, arguments):
    said = cls_infer(*arguments)
    assert said.code == 2
    assert "did you mean `two_pore`?" in said.err


def test_an_unknown_data_set_offers_the_nearest_and_lists_the_shipped(cls_infer):
    said = cls_infer("check", "dialyser")
    assert said.code == 2
    assert "did you mean `dialyzer`?" in said.err
    assert "`clarkson_a`" in said.err


def test_data_the_model_predicts_nothing_of_is_a_problem(cls_infer, folder):
    chart = folder(measurements=HEADER + "P1,0,lactate,2,mmol/L\n")
    assert cls_infer("check", chart).code == 0
    for command in ("check", "fit"):
        said = cls_infer(command, chart, "--model", "volume_kinetics")
        assert said.code == 2
        assert "no measurement that `volume_kinetics` predicts" in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_value_that_the_models_noise_cannot_give_is_a_problem(cls_infer, folder, command):
    chart = folder(measurements=HEADER + "P1,0,hematocrit,42,%\nP1,6,ang2,0,ng/mL\n")
    assert cls_infer("check", chart).code == 0
    said = cls_infer(command, chart, "--model", "ang2_two_pore")
    assert (said.code, said.out) == (2, "")
    assert "row 3: `ang2` 0 is outside the support of `ang2_two_pore`'s lognormal noise" in said.err
    assert "`below` under `censored`" in said.err and "Traceback" not in said.err


def test_grades_and_assays_are_shown_as_they_were_understood(cls_infer, folder):
    head = "patient,time,variable,value,unit,assay,window\n"
    rows = "P1,0,albumin_grade,2,1,ward,\nP1,6,hct,42,%,ward,\nP1,9,ang2,8,ng/mL,kit,\nP1,9,urine,1,L,,24\n"
    said = cls_infer("check", folder(measurements=head + rows), "--model", "ang2_two_pore")
    assert (said.code, said.err) == (0, "")
    for words in (
        "1 `albumin_grade` read as intervals of `albumin`",
        "CTCAE 5.0",
        "becomes a parameter: the offset of `ward` in `albumin`, about 1.5 either way",
        "becomes a parameter: the offset of `kit` in `ang2`, a factor of about 1.65 either way",
    ):
        assert words in " ".join(said.out.split())


def test_an_uncertain_end_is_told_to_be_a_parameter(cls_infer, folder):
    head = "patient,start,end,item,amount,unit,end_sd,time_unit\n"
    chart = folder(measurements=HEADER + "P1,9,hct,42,%\n", therapy=head + "P1,60,180,ringer,1,L,30,min\n")
    said = cls_infer("check", chart, "--model", "two_pore")
    ends = "becomes a parameter: row 2, `ringer` of `P1`, ends at about 3 h, give or take 0.5 h"
    assert ends in " ".join(said.out.split())


def test_a_volume_collected_from_before_the_simulation_is_not_used(cls_infer, folder):
    rows = "P1,0,hct,42,%,\nP1,6,urine,1,L,24\nP1,9,urine,0.1,L,3\n"
    chart = folder(measurements="patient,time,variable,value,unit,window\n" + rows)
    said = cls_infer("check", chart, "--model", "two_pore")
    assert "not used: `urine` of `P1`, row 3: collected from -18 h, before the simulation starts at 0 h" in " ".join(
        said.out.split()
    )


def test_a_good_data_set_is_shown_as_it_was_understood(cls_infer):
    said = cls_infer("check", "clarkson_a", "--model", "clarkson_episode")
    assert (said.code, said.err) == (0, "")
    for words in (
        "1 patient, no problem",
        "5 hematocrit",
        "2 crystalloid",
        "set aside: row 2, `hemoglobin`",
        "becomes a parameter: row 2, `crystalloid` of `SCLS_A`, about 6 L, within a factor of 1.8",
        "not used: `heart_rate` of `SCLS_A`, rows 32, 33, 34, 35, 36",
    ):
        assert words in said.out


def test_a_good_data_set_as_json(cls_infer):
    found = cls_infer("check", "drug_leak_c", "--model", "clarkson_episode", "--json").json
    assert found["ok"] is True
    patient = found["patients"]["CLS_C"]
    assert patient["measurements"]["hematocrit"] == 10
    assert patient["covariates"]["sex"] == "male"
    assert {amount["item"] for amount in found["model"]["amounts"]} == {"crystalloid", "norepinephrine"}


@pytest.mark.parametrize("name", ["clarkson_a", "drug_leak_c", "dialyzer"])
def test_every_shipped_data_set_is_found_by_name(cls_infer, name):
    assert cls_infer("check", name).code == 0


def test_a_table_in_a_pipe_is_as_wide_as_columns_says_and_lacks_nothing(cls_infer, monkeypatch):
    wide = cls_infer("check", "clarkson_a").out
    monkeypatch.setenv("COLUMNS", "80")
    narrow = cls_infer("check", "clarkson_a").out
    notes = next(place for place, line in enumerate(narrow.splitlines()) if line.startswith("note: "))
    table = narrow.splitlines()[:notes]
    assert max(map(len, table)) <= 80 < max(map(len, wide.splitlines()[:notes]))
    assert sorted(narrow.replace("─", " ").split()) == sorted(wide.replace("─", " ").split())
