"""Each patient has one synthetic colloid: as charted, else the one that therapy names."""

import pytest

GIVEN = "patient,start,end,item,amount,unit\n"


def test_therapy_names_the_colloid_where_the_chart_does_not(read):
    cohort = read(therapy=GIVEN + "P1,0,1,dextran_70,0.5,L\nP1,2,3,dextran_70,0.5,L", patients="patient,sex\nP1,f")
    assert cohort.patients[0].covariates == {"sex": "female", "colloid": "dextran_70"}
    assert not any("dextran_70" in note for note in cohort.notes)


def test_without_a_table_of_patients_too(read):
    assert read(therapy=GIVEN + "P1,0,1,hes_130,0.5,L").patients[0].covariates == {"colloid": "hes_130"}


def test_without_a_colloid_nothing_is_known_of_one(read):
    assert read(therapy=GIVEN + "P1,0,1,albumin_5,0.5,L").patients[0].covariates == {}


def test_what_is_charted_holds_and_it_is_said_what_counts_as_it(read):
    therapy = GIVEN + "P1,0,1,dextran_40,0.5,L\nP1,2,3,hes_130,0.5,L"
    cohort = read(therapy=therapy, patients="patient,colloid\nP1,HES_130")
    assert cohort.patients[0].covariates == {"colloid": "hes_130"}
    assert cohort.notes[-1] == "`dextran_40` of patient `P1` is taken as `hes_130`, the patient's `colloid`"


@pytest.mark.parametrize("patients", [None, "patient,colloid\nP1,"])
def test_of_several_the_chart_must_say_which(only_problem, check, patients):
    therapy = GIVEN + "P1,0,1,dextran_40,0.5,L\nP1,2,3,hes_130,0.5,L"
    expected = (3, "patient `P1` is given `hes_130` and `dextran_40`: a model knows one", "in patients.csv")
    check(only_problem(therapy=therapy, patients=patients), "therapy", expected)
