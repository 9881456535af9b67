"""MIMIC-IV's own tables, made up: hours since the stay began, drugs by their rate, net removal by the filter."""

import pytest

from cls_infer.cohort.convert import convert_mimic

TABLES = {
    "icu/icustays.csv": """\
subject_id,hadm_id,stay_id,first_careunit,intime,outtime,los
7,1,70,MICU,2130-01-01 12:00:00,2130-01-03 12:00:00,2
8,2,80,MICU,2130-01-01 12:00:00,2130-01-02 12:00:00,1
""",
    "hosp/patients.csv": "subject_id,gender,anchor_age,anchor_year\n7,F,50,2128\n8,M,40,2130\n",
    "hosp/d_labitems.csv": "itemid,label\n51221,Hematocrit\n50868,Anion Gap\n",
    "icu/d_items.csv": "itemid,label\n220045,Heart Rate\n",
    "hosp/labevents.csv": """\
labevent_id,subject_id,specimen_id,itemid,charttime,value,valuenum,valueuom
1,7,1,51221,2130-01-01 06:00:00,41,41,%
2,7,2,51221,2130-01-01 18:30:00,36,36,%
3,7,3,51221,2130-01-09 18:30:00,36,36,%
4,7,4,50862,2130-01-01 18:30:00,2.9,2.9,g/dL
5,7,5,50868,2130-01-01 18:30:00,12,12,mEq/L
6,7,6,50983,2130-01-01 18:30:00,___,,mEq/L
7,7,7,50983,,140,140,mEq/L
8,8,8,51221,2130-01-01 18:30:00,30,30,%
""",
    "icu/chartevents.csv": """\
subject_id,hadm_id,stay_id,charttime,itemid,value,valuenum,valueuom
7,1,70,2130-01-01 19:00:00,220545,36,36,%
7,1,70,2130-01-01 13:00:00,220052,64,64,mmHg
7,1,70,2130-01-01 13:10:00,220181,70,70,mmHg
7,1,70,2130-01-01 12:30:00,226512,80,80,kg
7,1,70,2130-01-01 20:00:00,224191,150,150,mL
7,1,70,2130-01-01 20:00:00,228005,1000,1000,mL/hour
7,1,70,2130-01-01 20:00:00,220045,90,90,bpm
7,1,70,2130-01-02 12:00:00,220052,70,70,mmHg
""",
    "icu/inputevents.csv": """\
subject_id,stay_id,starttime,endtime,itemid,amount,amountuom,rate,rateuom,statusdescription
7,70,2130-01-01 13:00:00,2130-01-01 15:00:00,225158,500,ml,250,mL/hour,FinishedRunning
7,70,2130-01-01 13:00:00,2130-01-01 15:00:00,225158,500,ml,250,mL/hour,Rewritten
7,70,2130-01-01 13:00:00,2130-01-01 15:00:00,221906,1,mg,0.1,mcg/kg/min,ChangeDose/Rate
7,70,2130-01-01 14:30:00,2130-01-01 16:00:00,221906,1,mg,0.2,mcg/kg/min,FinishedRunning
7,70,2130-01-01 16:00:00,2130-01-01 16:01:00,221794,40,mg,,,FinishedRunning
""",
    "icu/outputevents.csv": """\
subject_id,stay_id,charttime,itemid,value,valueuom
7,70,2130-01-01 13:00:00,226559,50,mL
7,70,2130-01-01 15:00:00,226559,120,mL
""",
}


@pytest.fixture
def mimic(write, tmp_path):
    """MIMIC-IV's folders with two stays."""
    for name, text in TABLES.items():
        write(f"mimic/{name}", text)
    return tmp_path / "mimic"


def test_charts_and_laboratory_count_from_the_beginning_of_the_stay(mimic, converted):
    (one,) = converted(convert_mimic(mimic, stays=["70"]), strict=False).patients
    assert [(m.variable, m.time, round(m.value, 6), m.window) for m in one.measurements] == [
        ("hematocrit", -6.0, 0.41, 0.0),
        ("weight", 0.5, 80.0, 0.0),
        ("map", 1.0, 64.0, 0.0),
        ("urine", 3.0, 0.12, 2.0),
        ("hematocrit", 6.5, 0.36, 0.0),
        ("albumin", 6.5, 29.0, 0.0),
        ("map", 24.0, 70.0, 0.0),
    ]
    assert one.covariates == {"weight": 80.0, "age": 52.0, "sex": "female"}


def test_rates_become_levels_and_the_filter_removes_net_fluid(mimic, converted):
    (one,) = converted(convert_mimic(mimic, stays=["70"]), strict=False).patients
    assert [(e.item, e.start, round(e.end, 4), e.amount) for e in one.therapy] == [
        ("saline_0.9", 1.0, 3.0, 0.5),
        ("norepinephrine", 1.0, 2.5, 0.1),
        ("norepinephrine", 2.5, 4.0, 0.2),
        ("furosemide", 4.0, 6.0, 40.0),
        ("crrt_ultrafiltrate", 7.0, 8.0, 0.15),
    ]


def test_what_is_not_taken_is_listed_by_table_and_row(mimic, converted):
    draft = convert_mimic(mimic, stays=["70"])
    converted(draft, strict=False)
    assert {(one.file.rpartition("/")[2], one.row, one.column, one.value) for one in draft.left} == {
        ("labevents.csv", 4, "item", "of no stay: more than a day before or after"),
        ("labevents.csv", 6, "item", "50868 Anion Gap"),
        ("labevents.csv", 7, "itemid", "50983"),
        ("labevents.csv", 8, "itemid", "50983"),
        ("chartevents.csv", 2, "Hematocrit (serum)", "36 %, that of row 3"),
        ("chartevents.csv", 4, "Non Invasive Blood Pressure mean", "70 mmHg"),
        ("chartevents.csv", 7, "item", "228005 PBP (Prefilter) Replacement Rate"),
        ("chartevents.csv", 8, "item", "220045 Heart Rate"),
        ("inputevents.csv", 3, "statusdescription", "Rewritten"),
        ("inputevents.csv", 4, "endtime", "3 h"),
        ("outputevents.csv", 2, "Foley", "50 mL"),
    }


def test_a_table_that_is_not_there_is_listed(mimic, converted):
    (mimic / "icu" / "outputevents.csv").unlink()
    draft = convert_mimic(mimic, stays=["80"])
    assert [one.value for one in draft.left if one.reason == "this table is not there"] == ["outputevents"]
    (one,) = converted(draft, strict=False).patients
    assert [m.value for m in one.measurements] == [0.3]
