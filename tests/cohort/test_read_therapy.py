"""What good therapy and covariates become: litres, levels and hours, and an unknown that stays one."""

import numpy as np
import pytest

from cls_infer.cohort import Event

GIVEN = "patient,start,end,item,amount,unit\n"
RATED = "patient,start,end,item,amount,unit,rate,rate_unit\n"
ENDING = "patient,start,end,item,amount,unit,rate,rate_unit,end_sd,time_unit\n"
BELIEVED = "patient,start,end,item,amount,unit,amount_low,amount_high,amount_median,amount_gsd\n"


def the_event(cohort):
    ((event,),) = (patient.therapy for patient in cohort.patients)
    return event


@pytest.mark.parametrize(
    ("row", "amount"),
    [
        ("P1,0,2,ringer,1500,mL,,", 1.5),
        ("P1,0,2,ringer,,,500,mL/h", 1.0),
        ("P1,0,2,ringer,1,L,490,mL/h", 1.0),
        ("P1,0,2,red_cells,2,unit,,", 0.36),
        ("P1,0,2,red_cells,,,1,unit/h", 0.36),
        ("P1,0,2,norepinephrine,0.1,\u00b5g/kg/min,,", 0.1),
        ("P1,0,2,norepinephrine,,,0.1,ug/kg/min", 0.1),
        ("P1,0,2,transmembrane_pressure,2,dmHg,,", 200.0),
        ("P1,0,0,bleeding,900,mL,,", 0.9),
        ("P1,0,3,plasma_exchange,3000,mL,,", 3.0),
        ("P1,0,4,furosemide,0.04,g,,", 40.0),
        ("P1,0,4,furosemide,,,10,mg/h", 40.0),
        ("P1,0,4,temperature,39,degC,,", 39.0),
        ("P1,0,4,temperature,102.2,degF,,", 39.0),
        ("P1,0,4,steroid,1,1,,", 1.0),
        ("P1,0,4,anti_ang2,50,%,,", 0.5),
    ],
)
def test_an_amount_or_a_rate_tells_how_much(read, row, amount):
    np.testing.assert_allclose(the_event(read(therapy=RATED + row)).amount, amount, rtol=1e-12)


def test_an_uncharted_amount_stays_unknown(read):
    ranged = the_event(read(therapy=BELIEVED + "P1,0,1,ringer,,mL,500,4000,,"))
    assert ranged == Event("ringer", 0.0, 1.0, None, 2, low=0.5, high=4.0)
    centred = the_event(read(therapy=BELIEVED + "P1,0,1,ringer,,mL,,,3000,2"))
    assert centred == Event("ringer", 0.0, 1.0, None, 2, median=3.0, gsd=2.0)


def test_therapy_comes_in_order_of_start(read):
    (patient,) = read(therapy=GIVEN + "P1,5,9,ringer,1,L\nP1,-3,2,ffp,1,L\nP1,0,5,ringer,1,L").patients
    assert [event.start for event in patient.therapy] == [-3.0, 0.0, 5.0]


def test_levels_may_follow_each_other(read):
    (patient,) = read(therapy=GIVEN + "P1,0,9,oral_intake,0,1\nP1,9,12,oral_intake,50,%").patients
    assert [event.amount for event in patient.therapy] == [0.0, 0.5]


def test_therapy_may_start_with_the_last_measurement(read):
    assert the_event(read(therapy=GIVEN + "P1,48,49,ringer,1,L")).start == 48.0


def test_covariates_become_canonical(read):
    header = "patient,weight,weight_unit,height,sex,age,onset,onset_sd,baseline_hematocrit,baseline_albumin"
    row = "P1,154,lb,175,F,60,-6,3,0.41,42"
    (patient,) = read(
        patients=f"{header},baseline_albumin_unit,blood_flow,blood_flow_unit,cause\n{row},g/L,200,mL/min,sepsis"
    ).patients
    covariates = dict(patient.covariates)
    np.testing.assert_allclose(covariates.pop("weight"), 154 * 0.45359237, rtol=1e-12)
    np.testing.assert_allclose(covariates.pop("blood_flow"), 12.0, rtol=1e-12)
    assert covariates == {
        "height": 1.75,
        "sex": "female",
        "age": 60.0,
        "onset": -6.0,
        "onset_sd": 3.0,
        "baseline_hematocrit": 0.41,
        "baseline_albumin": 42.0,
        "cause": "sepsis",
    }


def test_an_empty_cell_is_no_covariate(read):
    (patient,) = read(patients="patient,weight,sex,cause\nP1,,,").patients
    assert patient.covariates == {}


@pytest.mark.parametrize(
    ("row", "end_sd", "by_rate"),
    [
        ("P1,0,2,ringer,1,L,,,0.5,", 0.5, False),
        ("P1,0,120,ringer,1,L,,,30,min", 0.5, False),
        ("P1,0,2,ringer,,,500,mL/h,0.5,", 0.5, True),
        ("P1,0,2,norepinephrine,0.1,ug/kg/min,,,0.5,", 0.5, True),
        ("P1,0,2,ringer,,,500,mL/h,0,", 0.0, False),
    ],
)
def test_an_end_may_be_uncertain(read, row, end_sd, by_rate):
    event = the_event(read(therapy=ENDING + row))
    assert (event.end, event.end_sd, event.by_rate) == (2.0, end_sd, by_rate)
