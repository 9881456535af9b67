"""eICU's own tables, made up: minutes since the stay began, cells of the balance, rates that hold until the next."""

import pytest

from cls_infer.cohort.convert import convert_eicu
from cls_infer.cohort.convert.eicu_tables import ITEM_TABLE
from cls_infer.cohort.convert.mimic_records import known_items
from cls_infer.cohort.items import ITEMS
from cls_infer.cohort.patients import COVARIATES
from cls_infer.cohort.vocabulary import VARIABLES
from cls_infer.units import convert

CELL = "flowsheet|Flowsheet Cell Labels|I&O|"
TABLES = {
    "patient.csv": """\
patientunitstayid,patienthealthsystemstayid,gender,age,admissionheight,admissionweight,unitdischargeoffset,uniquepid
70,700,Female,52,165,68,2880,002-1
80,800,Male,> 89,,,1440,002-2
""",
    "lab.csv": """\
labid,patientunitstayid,labresultoffset,labtypeid,labname,labresult,labresulttext,labmeasurenamesystem,labresultrevisedoffset
1,70,-30,3,Hct,58,58,%,-10
2,70,360,3,Hct,50,50,%,370
3,70,360,3,Hct,52,52,%,900
4,70,360,1,albumin,1.9,1.9,g/dL,370
5,70,360,1,anion gap,12,12,,370
6,70,-3000,3,Hct,40,40,%,-2990
7,70,720,1,sodium,,pending,mmol/L,730
9,70,780,1,albumin,2.4,2.4,g/dL,790
8,80,60,3,Hct,30,30,%,70
""",
    "vitalPeriodic.csv": """\
vitalperiodicid,patientunitstayid,observationoffset,heartrate,cvp,systemicmean
1,70,5,110,,58
2,70,10,111,4,59
3,70,60,100,,61
""",
    "intakeOutput.csv": f"""\
intakeoutputid,patientunitstayid,intakeoutputoffset,cellpath,celllabel,cellvaluenumeric
1,70,120,{CELL}Intake (ml)|Crystalloids (ml)|NS ,NS,1000
2,70,180,{CELL}Intake (ml)|Blood Products (ml)|PRBCs,PRBCs,300
3,70,180,{CELL}Intake (ml)|Generic Intake (ml)|mystery,mystery,77
4,70,60,{CELL}Output (ml)|Urine,Urine,30
5,70,240,{CELL}Output (ml)|Urine,Urine,90
6,70,240,{CELL}Output (ml)|Foley,Foley,10
7,70,240,{CELL}Weight|Bodyweight (kg),Bodyweight (kg),70
""",
    "infusionDrug.csv": """\
infusiondrugid,patientunitstayid,infusionoffset,drugname,drugrate,infusionrate,drugamount,volumeoffluid,patientweight
1,70,60,Norepinephrine (mcg/kg/min),0.2,,,,
2,70,180,Levophed  (mcg/min),6.8,,,,
3,70,300,Norepinephrine (mcg/kg/min),OFF,,,,
4,70,600,Norepinephrine (mcg/kg/min),0.05,,,,
5,70,60,Norepinephrine (ml/hr),12,12,,,
6,70,60,Insulin (units/hr),2,,,,
7,80,60,Norepinephrine (mcg/min),8,,,,
""",
}


@pytest.fixture
def eicu(write, tmp_path):
    """eICU's tables with two stays."""
    for name, text in TABLES.items():
        write(f"eicu/{name}", text)
    return tmp_path / "eicu"


def test_a_stay_is_what_a_hand_would_write(eicu, converted, by_hand):
    found = converted(convert_eicu(eicu, stays=["70"]), strict=False)
    expected = by_hand(
        measurements="""\
patient,time,variable,value,unit,window
70,-0.5,hematocrit,58,%,
70,6,hematocrit,52,%,
70,6,albumin,1.9,g/dL,
70,13,albumin,2.4,g/dL,
70,0.0833,map,58,mmHg,
70,1,map,61,mmHg,
70,0.1667,cvp,4,mmHg,
70,4,urine,100,mL,3
""",
        therapy="""\
patient,start,end,item,amount,unit,rate,rate_unit
70,1,2,saline_0.9,1000,mL,,
70,2,3,red_cells,165,mL,,
70,2,3,saline_0.9,135,mL,,
70,1,3,norepinephrine,,,0.2,ug/kg/min
70,3,5,norepinephrine,,,0.1,ug/kg/min
70,10,11,norepinephrine,,,0.05,ug/kg/min
""",
        patients="patient,sex,age,weight,height,height_unit\n70,female,52,68,165,cm\n",
    )
    (here,), (there,) = found.patients, expected.patients
    assert here.covariates == there.covariates

    measured = [{(m.variable, m.time, m.value, m.window) for m in one.measurements} for one in (here, there)]
    assert measured[0] == measured[1]
    given = [sorted((e.item, e.start, e.end, e.amount) for e in one.therapy) for one in (here, there)]
    assert len(given[0]) == len(given[1]) == 6
    for one, other in zip(*given, strict=True):
        assert one[:3] == other[:3] and one[3] == pytest.approx(other[3])


def test_what_is_not_understood_is_listed(eicu):
    left = convert_eicu(eicu, stays=["70"]).left
    told = {(one.value, one.rows): one.reason for one in left}
    assert told["intake|mystery, 77 mL in all", 1] == "no variable or item of a data set"
    assert told["lab|anion gap", 1] == "no variable or item of a data set"
    assert told["lab|earlier laboratory", 1] == "more than a day before the stay"
    assert told["drug|norepinephrine (ml/hr) norepinephrine", 1].startswith("a volume")
    assert told["vital|more systemicmean mean pressure from an artery", 1] == "the first of each hour is taken"
    assert told["50 %", 1].startswith("revised") and told["30 mL", 1].startswith("the first urine")
    assert any("`labresult` `` is no number" in one.reason and one.row == 8 for one in left)
    assert any(one.value.startswith("weight|bodyweight (kg)") for one in left)
    assert any(one.value.startswith("drug|insulin") for one in left)


def test_a_rate_without_a_weight_and_a_hidden_age_are_listed(eicu):
    draft = convert_eicu(eicu, stays=["80"])
    assert draft.therapy == [] and draft.patients[0].cells == {"patient": "80", "sex": "male"}
    reasons = [one.reason for one in draft.left]
    assert any("no weight over which to take the rate" in one for one in reasons)
    assert any("ages above 89 are hidden" in one for one in reasons)


def test_tables_that_are_none_of_eicu_are_refused(eicu, told, tmp_path):
    (eicu / "patient.csv").write_text("subject_id,gender\n1,F\n", encoding="utf-8")
    (problem,) = told(lambda: convert_eicu(eicu))
    assert "holds no `patient.csv` with `patientunitstayid`" in problem.message
    (problem,) = told(lambda: convert_eicu(tmp_path / "nowhere"))
    assert "is no folder" in problem.message


def test_a_table_that_is_not_there_and_a_stay_that_is_not_are_told(eicu, told):
    (eicu / "lab.csv").unlink()
    assert any(one.value == "lab" and one.reason == "this table is not there" for one in convert_eicu(eicu).left)
    (problem,) = told(lambda: convert_eicu(eicu, stays=["71"]))
    assert "has no stay `71`" in problem.message and "70" in problem.remedy


def test_every_item_of_the_table_is_one_of_ours_with_its_source():
    for item, known in known_items(ITEM_TABLE).items():
        assert item == item.lower() and known.source
        assert (known.role == "left") == bool(known.reason)
        if known.role != "left":
            kinds = {**VARIABLES, **COVARIATES} if known.name not in ITEMS else ITEMS
            unit = {"ug/min": "ug/kg/min"}.get(known.unit, known.unit)  # over the weight
            convert(1.0, unit, kinds[known.name].unit, variable=known.name)
            assert not known.rest or known.rest in ITEMS
