"""A tidy extract of MIMIC, made up: one row a sample, urine over its hours, circuits apart, all else listed."""

import gzip

import pytest

from cls_infer.cohort.convert import convert_mimic
from cls_infer.cohort.convert.mimic_records import known_items
from cls_infer.cohort.items import ITEMS
from cls_infer.cohort.patients import COVARIATES
from cls_infer.cohort.vocabulary import VARIABLES
from cls_infer.units import convert

STAYS = """\
id,subject_id,sex,age,first_careunit
s1,p1,F,52,surgical
s2,p2,M,60,medical
s3,p2,M,61,medical
"""
OBSERVED = """\
id,time_h,variable,value,unit
s1,-2,weight,71,kg
s1,0,hematocrit,38.1,%
s1,0,hematocrit_poc,38.1,%
s1,0.5,hematocrit_poc,38,%
s1,5,hematocrit_poc,33,%
s1,6,hematocrit,36,%
s1,12,hematocrit,40,%
s1,12,hematocrit,41,%
s1,1,albumin,3.1,g/dL
s1,8,albumin,2.4,g/dL
s1,9,albumin_charted,2.4,g/dL
s1,2,map_arterial,70,mmHg
s1,2.4,map_cuff,75,mmHg
s1,4,map_cuff,78,mmHg
s1,5,sodium,14,mmol/L
s1,3,height,170,cm
s1,3,gcs,15,1
s1,4,gcs,15,1
s2,1,hematocrit,30,%
s2,2,hematocrit,30,%
s2,3,hematocrit,30,%
s2,1,albumin,3,g/dL
s2,2,albumin,3,g/dL
s3,1,hematocrit,30,%
"""
EVENTS = """\
id,start_h,end_h,direction,fluid,category,volume_mL,itemid,label
s1,0,1,in,nacl_0.9,crystalloid,500,225158,NaCl 0.9%
s1,1,1.5,in,iv_drug_carrier,carrier,100,225943,Solution
s1,2,2.5,in,crrt_citrate_circuit,circuit,1000,227526,Citrate
s1,1,1,out,urine,output,80,226559,Foley
s1,3,3,out,urine,output,100,226559,Foley
s1,3,3,out,urine,output,20,226560,Void
s1,4,4,in,irrigant_in,output,50,227488,GU Irrigant Volume In
s1,5,5,out,urine_plus_irrigant,output,130,227489,GU Irrigant/Urine Volume Out
s1,6,6,out,gastric,output,200,226575,Nasogastric
s1,7,7,out,gastric,output,150,226575,Nasogastric
s1,50,51,in,nacl_0.9,crystalloid,500,225158,NaCl 0.9%
s2,1,2,in,prbc,red_cells,330,225168,Packed Red Blood Cells
"""


@pytest.fixture
def extract(write, tmp_path):
    """An extract; its largest table is compressed, as such tables are."""
    write("demo/x_stays.csv", STAYS)
    write("demo/x_events.csv", EVENTS)
    with gzip.open(tmp_path / "demo" / "x_obs.csv.gz", "wt") as file:
        file.write(OBSERVED)
    return tmp_path / "demo"


def test_one_sample_is_one_row_and_urine_has_its_hours(extract, converted):
    one, *_ = converted(convert_mimic(extract), strict=False).patients
    found = [(m.variable, m.time, round(m.value, 6), m.extra_sd, m.window) for m in one.measurements]
    assert sorted(found) == [
        ("albumin", 1.0, 31.0, 0.0, 0.0),
        ("albumin", 8.0, 24.0, 0.0, 0.0),
        ("hematocrit", 0.0, 0.381, 0.0, 0.0),
        ("hematocrit", 5.0, 0.33, pytest.approx(0.023), 0.0),  # another sample, by another analyser
        ("hematocrit", 6.0, 0.36, 0.0, 0.0),
        ("hematocrit", 12.0, 0.4, 0.0, 0.0),
        ("map", 2.0, 70.0, 0.0, 0.0),
        ("map", 4.0, 78.0, 0.0, 0.0),
        ("urine", 3.0, 0.12, 0.0, 2.0),
        ("urine", 5.0, 0.08, 0.0, 2.0),
        ("weight", -2.0, 71.0, 0.0, 0.0),
    ]
    assert one.covariates == {"weight": 71.0, "height": 1.7, "age": 52.0, "sex": "female"}


def test_carriers_count_circuits_do_not_and_a_bag_of_cells_is_cells_and_saline(extract, converted):
    one, two, _ = converted(convert_mimic(extract), strict=False).patients
    assert [(e.item, e.start, e.end, e.amount) for e in one.therapy] == [
        ("saline_0.9", 0.0, 1.0, 0.5),
        ("crystalloid", 1.0, 1.5, 0.1),
    ]
    assert [(e.item, e.amount) for e in two.therapy] == [
        ("red_cells", pytest.approx(0.33 * 0.55)),
        ("saline_0.9", pytest.approx(0.33 * 0.45)),
    ]


def test_all_that_is_left_out_is_listed(extract, converted):
    draft = convert_mimic(extract, stays=["s1"])
    converted(draft, strict=False)
    listed = sorted(
        (one.file[len(str(extract)) + 3 :], one.row or 0, one.column, one.value, one.rows) for one in draft.left
    )
    assert listed == [
        ("events.csv", 4, "item", "227526 Citrate, 1000 mL in all", 1),
        ("events.csv", 5, "Foley", "80 mL", 1),
        ("events.csv", 10, "item", "226575 Nasogastric (gastric), 350 mL in all", 2),
        ("events.csv", 12, "start", "50", 1),
        ("obs.csv.gz", 4, "haematocrit at the bedside", "38.1 %, that of row 3", 1),
        ("obs.csv.gz", 5, "haematocrit at the bedside", "38 %, that of row 3", 1),
        ("obs.csv.gz", 9, "value", "41, beside row 8", 1),
        ("obs.csv.gz", 12, "albumin at the bedside", "2.4 g/dL, that of row 11", 1),
        ("obs.csv.gz", 14, "mean pressure from a cuff", "75 mmHg", 1),
        ("obs.csv.gz", 16, "value", "14", 1),
        ("obs.csv.gz", 18, "item", "gcs", 2),
        ("stays.csv", 0, "first_careunit", "", 1),
    ]


def test_no_row_is_lost(extract, converted):
    draft = convert_mimic(extract)
    converted(draft, strict=False)
    observed = sum(line["variable"] != "urine" for line in draft.measurements)
    heights = sum("height" in line.cells for line in draft.patients)
    tables = ("obs.csv.gz", "events.csv")
    listed = {end: sum(one.rows for one in draft.left if one.file.endswith(end)) for end in tables}
    assert observed + heights + listed["obs.csv.gz"] == OBSERVED.count("\n") - 1
    given = sum("comment" in line.cells for line in draft.therapy) - 1  # a bag of red cells is two rows
    passed = 4  # rows behind the two collections of urine, irrigant included
    assert given + passed + listed["events.csv"] == EVENTS.count("\n") - 1


def test_two_stays_of_one_person_say_so(extract, converted):
    cohort = converted(convert_mimic(extract), strict=False)
    assert [patient.covariates.get("person") for patient in cohort.patients] == [None, "p2", "p2"]


def test_an_extract_of_another_database_may_use_our_names(write, converted):
    write("eicu/stays.csv", "id,subject_id,sex,age\n1,a,Male,> 89\n")
    found = "1,0,Hct,40,%\n1,0,height,17,cm\n1,0,weight,60,kg\n1,5,il_6,90,pg/mL\n1,5,angel,1,1\n"
    write("eicu/obs.csv", f"id,time_h,variable,value,unit\n{found}")
    header = "id,start_h,end_h,direction,fluid,volume_mL,itemid,label\n"
    out = "1,1,1,out,urine,80,,Urine\n1,3,3,out,urine,60,,Urine\n1,3,3,out,tears,60,,Tears\n"
    write("eicu/events.csv", f"{header}1,0,1,in,ringer,500,,Lactated Ringers\n{out}")
    draft = convert_mimic(write("eicu/note.txt", "").parent)
    (one,) = converted(draft, strict=False).patients
    assert [(m.variable, m.value) for m in one.measurements] == [
        ("hematocrit", 0.4),
        ("weight", 60.0),
        ("urine", 0.06),
        ("il_6", pytest.approx(0.09)),
    ]
    assert [(e.item, e.amount) for e in one.therapy] == [("ringer", 0.5)]
    assert one.covariates == {"weight": 60.0, "sex": "male"}
    assert sorted((one.column, one.value) for one in draft.left) == [
        ("age", "> 89"),
        ("height", "17"),
        ("item", "Tears (tears), 60 mL in all"),
        ("item", "angel"),
        ("urine", "80 mL"),
    ]


def test_the_shortlist_asks_for_samples_and_no_red_cells(extract):
    assert [line["patient"] for line in convert_mimic(extract, shortlist=True).patients] == ["s1"]


def test_what_is_not_there_is_told(extract, told, tmp_path, write):
    (one,) = told(lambda: convert_mimic(extract, stays=["s1", "s4"]))
    assert "has no stay `s4`" in one.message and "`s1`" in one.remedy
    (one,) = told(lambda: convert_mimic(extract, stays=["s2", "s3"], shortlist=True))
    assert "no stay has what the shortlist asks for" in one.message
    write("empty/notes.txt", "")
    (one,) = told(lambda: convert_mimic(tmp_path / "empty"))
    assert "neither `icustays.csv` nor an extract" in one.message
    write("demo/x_stays.csv", "id,age\n")
    (one,) = told(lambda: convert_mimic(extract))
    assert "has no column `subject_id`, `sex`" in one.message


def test_every_item_of_the_map_is_one_of_ours_in_a_unit_that_can_be_read():
    for known in known_items().values():
        assert known.source, known
        if known.role == "left":
            assert known.reason, known
            continue
        kinds = {**VARIABLES, **COVARIATES} if known.name not in ITEMS else ITEMS
        convert(1.0, known.unit, kinds[known.name].unit, variable=known.name)
        assert not known.rest or known.rest in ITEMS
