"""What good tables become: canonical units, hours, one observation per sample, nothing dropped in silence."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cls_infer.cohort import VARIABLES, Measurement, grades, read_cohort
from cls_infer.cohort.assays import ASSAYS
from cls_infer.cohort.grades import GRADES, graded_name
from cls_infer.cohort.records import BETWEEN
from cls_infer.cohort.vocabulary import SPELLINGS, canonical_name

HEAD = "patient,time,variable,value,unit\n"
GIVEN = "patient,start,end,item,amount,unit\n"
WINDOWED = "patient,time,variable,value,unit,time_unit,time_sd,window\n"
LIMITS = "patient,time,variable,value,unit,censored,lower_limit,upper_limit\n"


def the_measurement(cohort):
    ((measurement,),) = (patient.measurements for patient in cohort.patients)
    return measurement


def test_values_become_canonical(read):
    (patient,) = read(HEAD + "P1,0,hct,42,%\nP1,3,Alb,4.1,g/dL").patients
    assert patient.measurements == (
        Measurement(0.0, "hematocrit", 0.42, 2),
        Measurement(3.0, "albumin", 41.0, 3),
    )


def test_patients_keep_the_order_of_the_measurements(read):
    cohort = read(HEAD + "B,0,hct,42,%\nA,0,hct,42,%\nB,1,hct,42,%", patients="patient\nA\nB")
    assert [patient.name for patient in cohort.patients] == ["B", "A"]


@pytest.mark.parametrize("name", VARIABLES)
def test_both_ends_of_a_range_can_be_read(read, name):
    variable = VARIABLES[name]
    window = "6" if name == "urine" else ""
    for value in (variable.low, variable.high):
        row = f"P1,9,{name},{value},{variable.unit},,,{window}"
        np.testing.assert_allclose(the_measurement(read(WINDOWED + row)).value, value, rtol=1e-15)


def test_every_spelling_names_a_variable():
    assert set(SPELLINGS.values()) <= set(VARIABLES)
    assert not set(SPELLINGS) & set(VARIABLES)
    assert canonical_name(" Total Protein ") == "total_protein"


@pytest.mark.parametrize(
    "table",
    [
        b"\xef\xbb\xbf" + HEAD.encode() + b"P1,0,hct,42,%",
        (HEAD + "P1,0,hct,42,%\n").replace("\n", "\r\n").encode(),
        (HEAD + "P1,0,hct,42,%\n").replace("\n", "\r").encode(),
        HEAD.encode() + b'\n"P1", 0 ,hct, 42 , % \n,,,,\n',
    ],
    ids=["byte order mark", "CRLF", "CR", "blanks"],
)
def test_how_a_spreadsheet_saves_does_not_matter(read, table):
    assert the_measurement(read(table)).value == 0.42


def test_blank_rows_count_as_rows(read):
    assert the_measurement(read(HEAD + "\n\nP1,0,hct,42,%")).row == 4


def test_the_time_unit_rules_time_its_spread_and_the_window(read):
    measurement = the_measurement(read(WINDOWED + "P1,90,urine,600,mL,minutes,15,60"))
    assert (measurement.time, measurement.time_sd, measurement.window) == (1.5, 0.25, 1.0)


def test_a_spread_on_top_of_the_noise_is_converted_as_a_difference(read):
    head = "patient,time,variable,value,unit,extra_sd\n"
    assert the_measurement(read(head + "P1,0,hct,42,%,0.5")).extra_sd == pytest.approx(0.005)
    assert the_measurement(read(head + "P1,0,temperature,98.6,degF,1.8")).extra_sd == pytest.approx(1.0)
    assert the_measurement(read(head + "P1,0,hct,42,%,")).extra_sd == 0.0


def test_a_mean_pressure_takes_the_spreads_of_its_two_readings(read):
    head = "patient,time,variable,value,unit,extra_sd\n"
    mean = the_measurement(read(head + "P1,0,sbp,120,mmHg,9\nP1,0,dbp,90,mmHg,6"))
    np.testing.assert_allclose(mean.extra_sd, np.sqrt(1.2**2 + 3**2 + 4**2), rtol=1e-12)


def test_timestamps_count_from_the_first_row_of_any_table(read):
    cohort = read(
        HEAD + "P1,2024-03-05T12:00,hct,42,%\nP1,2024-03-06 12:30,hct,43,%\nP2,7,hct,42,%",
        GIVEN + "P1,2024-03-05T10:00,2024-03-05T11:00,ringer,1,L",
        "patient,onset\nP1,2024-03-05T04:00\nP2,-5",
    )
    first, second = cohort.patients
    assert [m.time for m in first.measurements] == [2.0, 26.5]
    assert (first.therapy[0].start, first.therapy[0].end) == (0.0, 1.0)
    assert first.covariates == {"onset": -6.0}
    assert second.covariates == {"onset": -5.0}


def test_a_zone_is_heeded(read):
    rows = "P1,2024-03-31T00:30+01:00,hct,42,%\nP1,2024-03-31T03:30+02:00,hct,42,%"
    assert [m.time for m in read(HEAD + rows).patients[0].measurements] == [0.0, 2.0]


def test_a_date_alone_is_noted(read):
    cohort = read(HEAD + "P1,2024-03-05,hct,42,%\nP1,2024-03-06,hct,42,%")
    assert any("2 dates without a time of day read as midnight" in note for note in cohort.notes)


@pytest.mark.parametrize(
    ("row", "value", "censoring"),
    [
        ("P1,0,albumin,15,g/L,,10,70", 15.0, 0),
        ("P1,0,albumin,15,g/L,none,,", 15.0, 0),
        ("P1,0,albumin,15,g/L,below,,", 15.0, -1),
        ("P1,0,albumin,15,g/L,above,10,70", 15.0, 1),
        ("P1,0,albumin,10,g/L,,10,", 10.0, -1),
        ("P1,0,albumin,0,g/L,,10,70", 10.0, -1),
        ("P1,0,albumin,9.9,g/dL,,1,7", 70.0, 1),
    ],
)
def test_a_value_beyond_a_limit_is_censored_at_it(read, row, value, censoring):
    measurement = the_measurement(read(LIMITS + row))
    assert (measurement.value, measurement.censoring) == (value, censoring)


@pytest.mark.parametrize(
    ("row", "value", "upper", "censoring"),
    [
        ("P1,0,albumin,,g/L,,20,30", 20.0, 30.0, BETWEEN),
        ("P1,0,albumin,,g/dL,,2.5,3.5", 25.0, 35.0, BETWEEN),
        ("P1,0,albumin,,g/L,none,20,", 20.0, None, 1),
        ("P1,0,albumin,,g/L,,,20", 20.0, None, -1),
        ("P1,0,albumin,,g/L,,0,20", 20.0, None, -1),  # nothing is excluded below
        ("P1,0,albumin,,g/dL,,3.5,99", 35.0, None, 1),
        ("P1,0,hct,,%,,45,50", 0.45, 0.5, BETWEEN),
        ("P1,0,albumin_grade,0,1,,,", 35.0, None, 1),
        ("P1,0,albumin_grade,1,,,,", 30.0, 35.0, BETWEEN),
        ("P1,0,Albumin grade,2,grade,,,", 20.0, 30.0, BETWEEN),
        ("P1,0,hypoalbuminaemia,3,1,,,", 20.0, None, -1),
    ],
)
def test_bounds_without_a_value_and_grades_are_intervals(read, row, value, upper, censoring):
    measurement = the_measurement(read(LIMITS + row))
    assert (measurement.value, measurement.upper, measurement.censoring) == (value, upper, censoring)


def test_how_grades_were_read_is_noted_with_its_source(read):
    cohort = read(HEAD + "P1,0,albumin_grade,1,1\nP1,6,albumin_grade,2,1")
    assert [m.variable for m in cohort.patients[0].measurements] == ["albumin", "albumin"]
    (note,) = (note for note in cohort.notes if "albumin_grade" in note)
    assert "2 `albumin_grade` read as intervals of `albumin`" in note
    assert "2 (20 to 30 g/L)" in note and "CTCAE 5.0" in note and "35 g/L [A]" in note


def test_grades_leave_no_gap_and_do_not_overlap():
    for scale in GRADES.values():
        ends = sorted(scale.intervals.values(), key=lambda one: -np.inf if one[0] is None else one[0])
        assert ends[0][0] is None and ends[-1][1] is None
        assert all(below[1] == above[0] for below, above in pairwise(ends))
        kind = VARIABLES[scale.variable]
        assert scale.unit == kind.unit
        assert all(kind.low < end < kind.high for pair in ends for end in pair if end is not None)


def test_every_other_way_to_write_a_grade_names_one():
    assert {graded_name(written) for written in grades.SPELLINGS} <= set(GRADES)
    assert not set(GRADES) & set(VARIABLES) and not set(grades.SPELLINGS) & (set(VARIABLES) | set(SPELLINGS))


def test_a_value_knows_its_assay(read):
    table = "patient,time,variable,value,unit,assay\nP1,0,hct,42,%,lab a\nP1,6,hct,43,%,"
    assert [m.assay for m in read(table).patients[0].measurements] == ["lab a", ""]


def test_every_assay_is_of_a_variable_with_a_sourced_spread():
    assert set(ASSAYS) <= set(VARIABLES)
    for known in ASSAYS.values():
        assert known.source and (known.sd or known.log_sd)
        assert all(sd is None or sd > 0 for sd in (known.sd, known.log_sd))


def test_systolic_and_diastolic_become_the_mean(read):
    cohort = read(HEAD + "P1,0,sbp,120,mmHg\nP1,0,dbp,90,mmHg")
    mean = the_measurement(cohort)
    assert (mean.variable, mean.row) == ("map", 2)
    np.testing.assert_allclose((mean.value, mean.extra_sd), (100.0, 1.2), rtol=1e-12)
    assert any("at 1 times" in note for note in cohort.notes)


def test_a_mean_is_as_uncertain_in_time_as_the_worse_of_its_two_readings(read):
    table = WINDOWED + "P1,9,sbp,120,mmHg,,2,\nP1,9,dbp,90,mmHg,,6,"
    assert the_measurement(read(table)).time_sd == 6.0


def test_a_censored_pressure_is_not_joined(read):
    cohort = read(LIMITS + "P1,0,sbp,60,mmHg,below,,\nP1,0,dbp,40,mmHg,,,")
    assert [m.variable for m in cohort.patients[0].measurements] == ["sbp", "dbp"]
    assert any("2 `sbp` or `dbp` kept but not used" in note for note in cohort.notes)


def test_a_charted_mean_comes_before_a_computed_one(read):
    cohort = read(HEAD + "P1,0,map,97,mmHg\nP1,0,sbp,120,mmHg\nP1,0,dbp,90,mmHg")
    assert the_measurement(cohort).value == 97.0
    assert [(aside.row, aside.variable) for aside in cohort.set_aside] == [(3, "sbp"), (4, "dbp")]
    assert "row 2" in cohort.set_aside[0].reason


def test_a_lone_pressure_is_kept_and_noted(read):
    cohort = read(HEAD + "P1,0,sbp,120,mmHg\nP1,1,dbp,90,mmHg")
    assert [m.variable for m in cohort.patients[0].measurements] == ["sbp", "dbp"]
    assert any("2 `sbp` or `dbp` kept but not used" in note for note in cohort.notes)


def test_one_sample_is_one_observation(read):
    cohort = read(HEAD + "P1,0,hct,42,%\nP1,0,hb,14,g/dL\nP1,6,hb,14,g/dL")
    assert [(m.time, m.variable) for m in cohort.patients[0].measurements] == [
        (0.0, "hematocrit"),
        (6.0, "hemoglobin"),
    ]
    (aside,) = cohort.set_aside
    assert (aside.patient, aside.row, aside.variable) == ("P1", 3, "hemoglobin")
    assert "row 2" in aside.reason


@pytest.mark.parametrize("hct", ["70,%,above,,", ",%,,60,70"], ids=["limit", "interval"])
def test_of_one_sample_the_number_comes_before_a_bound(read, hct):
    cohort = read(LIMITS + f"P1,0,hct,{hct}\nP1,0,hb,22,g/dL,,,")
    assert the_measurement(cohort).variable == "hemoglobin"
    (aside,) = cohort.set_aside
    assert (aside.row, aside.variable) == (2, "hematocrit") and "hemoglobin of row 3" in aside.reason


def test_every_row_is_observed_joined_or_set_aside(read):
    rows = "P1,0,hct,42,%\nP1,0,hb,14,g/dL\nP1,0,na,140,mmol/L\nP1,0,sbp,120,mmHg\nP1,0,dbp,90,mmHg"
    cohort = read(HEAD + rows)
    seen = [m.row for m in cohort.patients[0].measurements] + [aside.row for aside in cohort.set_aside]
    assert sorted(seen) == [2, 3, 4, 5]  # the diastolic of row 6 is in the mean of row 5


def test_one_episode_may_be_named(read):
    cohort = read("patient,time,variable,value,unit,episode\nP1,0,hct,42,%,1\nP1,1,hct,42,%,1\nP2,0,hct,42,%,3")
    assert len(cohort.patients) == 2


def test_the_digest_follows_the_bytes_of_every_table(read):
    plain, treated, other = read(), read(therapy=GIVEN + "P1,0,1,ringer,1,L"), read(patients="patient\nP1")
    assert plain.digest == read().digest
    assert len({plain.digest, treated.digest, other.digest}) == 3


def test_what_is_taken_for_granted_is_noted(read):
    notes = " ".join(read().notes)
    assert "no `therapy.csv`" in notes
    assert "no `patients.csv`" in notes


albumins = st.floats(1.0, 80.0)
times = st.lists(st.floats(-500, 500), min_size=1, max_size=6, unique=True).map(sorted)


@given(times=times, albumin=albumins)
def test_what_is_written_in_canonical_units_comes_back_to_the_last_bit(tmp_path_factory, times, albumin):
    place = tmp_path_factory.mktemp("set")
    rows = "".join(f"P1,{time!r},albumin,{albumin!r},g/L\n" for time in times)
    (place / "measurements.csv").write_text(HEAD + rows)
    measured = read_cohort(place).patients[0].measurements
    assert [(m.time, m.value) for m in measured] == [(time, albumin) for time in times]


def test_episodes_of_one_person_name_the_person(read):
    measured = "patient,time,variable,value,unit\nP1,0,hematocrit,42,%\nP2,0,hematocrit,40,%\n"
    first, second = read(measurements=measured, patients="patient,person,weight\nP1,Ada,60\nP2,,70\n").patients
    assert first.covariates["person"] == "Ada" and "person" not in second.covariates
