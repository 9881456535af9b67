"""A PEtab problem becomes the data set that a person would have written by hand; what cannot is listed."""

import pytest

from cls_infer.cohort.convert import convert_petab, settle

MEASURED = """\
observableId\tpreequilibrationConditionId\tsimulationConditionId\tmeasurement\ttime\tnoiseParameters\treplicateId
hct\t\tlow\t0.42\t0\t0.01\ta
hct\t\tlow\t0.38\t60\tsd_hct\ta
hct\t\tlow\t0.39\t60\t0.01\tb
obs_alb\trest\thigh\t3.9\t30\t0.1\ta
obs_alb\t\thigh\t3.1\t90\t\ta
obs_alb\t\thigh\t3\tinf\t\ta
pk\t\thigh\t7\t90\t\ta
"""
OBSERVABLES = """\
observableId\tobservableFormula\tnoiseFormula\tobservableTransformation
hct\thematocrit\tnoiseParameter1_hct\tlin
obs_alb\tA_p / V_p\t0.1\tlog
pk\tC\t1\tlin
"""
CONDITIONS = """\
conditionId\tconditionName\tfluid\tbw\tk_deg
low\tone litre\t1000\t70\t0.1
high\ttwo litres\t2000\t80\t
rest\tbefore\t0\t80\t
"""
PARAMETERS = "parameterId\tparameterScale\tnominalValue\nsd_hct\tlog10\n"
PROBLEM = """\
format_version: 1
parameter_file: parameters.tsv
problems:
  - sbml_files: [model.xml]
    measurement_files: [measurements.tsv]
    observable_files: [observables.tsv]
    condition_files: [conditions.tsv]
"""
MAP = """\
time_unit = "min"
[observables]
obs_alb = { variable = "albumin", unit = "g/dL" }
pk = { skip = "another drug" }
[therapy]
fluid = { item = "ringer", unit = "mL", hours = 0.5 }
[covariates]
bw = { covariate = "weight", unit = "kg" }
"""
BY_HAND = {
    "measurements": """\
patient,time,variable,value,unit
low,0,hematocrit,0.42,1
low,1,hematocrit,0.38,1
high,0.5,albumin,39,g/L
high,1.5,albumin,31,g/L
""",
    "therapy": "patient,start,end,item,amount,unit\nlow,0,0.5,ringer,1,L\nhigh,0,0.5,ringer,2,L\n",
    "patients": "patient,weight\nlow,70\nhigh,80\n",
}


@pytest.fixture
def problem(write):
    """A PEtab problem of format 1; returns its YAML file."""
    for name, text in (
        ("petab/measurements.tsv", MEASURED),
        ("petab/observables.tsv", OBSERVABLES),
        ("petab/conditions.tsv", CONDITIONS),
        ("petab/parameters.tsv", PARAMETERS),
    ):
        write(name, text)
    return write("petab/problem.yaml", PROBLEM)


@pytest.fixture
def meaning(write):
    return write("map.toml", MAP)


def test_a_problem_is_the_data_set_written_by_hand(problem, meaning, converted, by_hand):
    assert converted(convert_petab(problem, meaning)).patients == by_hand(**BY_HAND).patients


def test_a_folder_without_a_yaml_file_is_read_by_the_names_of_its_tables(problem, meaning, converted, by_hand):
    folder = problem.parent
    problem.unlink()
    assert converted(convert_petab(folder, meaning)).patients == by_hand(**BY_HAND).patients


def test_what_a_data_set_cannot_hold_is_listed(problem, meaning):
    draft = convert_petab(problem, meaning)
    settle(draft, strict=True)
    listed = {(one.file.rpartition("/")[2], one.row, one.column, one.value) for one in draft.left}
    assert listed == {
        ("measurements.tsv", 2, "noiseParameters", "0.01"),
        ("measurements.tsv", 3, "noiseParameters", "sd_hct"),
        ("measurements.tsv", 4, "noiseParameters", "0.01"),
        ("measurements.tsv", 4, "value", "0.39, beside row 3"),
        ("measurements.tsv", 5, "noiseParameters", "0.1"),
        ("measurements.tsv", 5, "preequilibrationConditionId", "rest"),
        ("measurements.tsv", 7, "time", "inf"),
        ("measurements.tsv", 8, "observableId", "pk"),
        ("measurements.tsv", 2, "replicateId", "a"),
        ("observables.tsv", 2, "noiseFormula", "noiseParameter1_hct"),
        ("observables.tsv", 3, "noiseFormula", "0.1"),
        ("observables.tsv", 3, "observableTransformation", "log"),
        ("observables.tsv", 4, "noiseFormula", "1"),
        ("conditions.tsv", 2, "k_deg", "0.1"),
        ("parameters.tsv", 2, "parameterId", "sd_hct"),
        ("model.xml", None, "", "model.xml"),
    }


def test_noise_and_replicates_are_taken_where_the_map_asks_for_it(problem, write, converted):
    said = 'noise = "extra_sd"\npatient = ["simulationConditionId", "replicateId"]\n' + MAP
    cohort = converted(convert_petab(problem, write("map.toml", said)))
    scatter = {(p.name, m.time): m.extra_sd for p in cohort.patients for m in p.measurements}
    expected = {
        ("low_a", 0.0): 0.01,
        ("low_a", 1.0): 0.0,
        ("low_b", 1.0): 0.01,
        ("high_a", 0.5): 1.0,
        ("high_a", 1.5): 0.0,
    }
    assert scatter == pytest.approx(expected)
    assert [e.amount for p in cohort.patients for e in p.therapy] == [1.0, 1.0, 2.0]


def test_format_2_has_experiments_and_conditions_in_rows(write, meaning, converted):
    write("two/m.tsv", "observableId\texperimentId\tmeasurement\ttime\nhct\te1\t0.42\t0\nhct\te1\t0.4\t180\n")
    write("two/o.tsv", "observableId\tobservableFormula\nhct\thematocrit\n")
    write("two/c.tsv", "conditionId\ttargetId\ttargetValue\nc0\tfluid\t500\nc1\tfluid\t250\n")
    write("two/e.tsv", "experimentId\ttime\tconditionId\ne1\t-inf\tc1\ne1\t0\tc0\ne1\t120\tc1\n")
    names = (
        "measurement_files: [m.tsv]\nobservable_files: [o.tsv]\ncondition_files: [c.tsv]\nexperiment_files: [e.tsv]\n"
    )
    models = "model_files:\n  leak:\n    location: leak.xml\n    language: sbml\n"
    draft = convert_petab(write("two/p.yaml", f"format_version: 2.0.0\n{names}{models}"), meaning)
    (patient,) = converted(draft).patients
    assert patient.name == "e1"
    assert [(e.start, e.end, e.amount) for e in patient.therapy] == [(0.0, 0.5, 0.5), (2.0, 2.5, 0.25)]
    assert [(one.column, one.value) for one in draft.left] == [("time", "-inf"), ("", "leak.xml")]


def test_every_observable_that_nothing_explains_is_told_at_once(problem, told):
    (one,) = told(lambda: convert_petab(problem))
    assert "what observableId is: `obs_alb` (3 values, 3 to 3.9), `pk` (7); it knows `hct`" in one.message
    assert 'obs_alb = { variable = "hematocrit", unit = "1" }' in one.remedy


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("problem.yaml", "format_version: 1\nproblems:\n  - measurement_files: [gone.tsv]\n", "names `gone.tsv`"),
        ("problem.yaml", "title: a page\n", "no `format_version`"),
        ("problem.yaml", "a: [", "is not YAML"),
        ("measurements.tsv", "observableId\ttime\nhct\t1\t2\n", "has 3 cells where the header has 2"),
        ("measurements.tsv", MEASURED.replace("0.42", "much"), "`measurement` is `much`"),
        ("measurements.tsv", MEASURED.replace("0.42", "42"), "outside 0.05 to 0.85"),
        ("conditions.tsv", CONDITIONS.replace("1000", "dose1"), "`dose1` is no amount of `ringer`"),
    ],
)
def test_what_is_wrong_with_the_files_is_told(problem, meaning, write, told, name, text, words):
    write(f"petab/{name}", text)
    found = told(lambda: settle(convert_petab(problem, meaning), strict=True))
    assert any(words in one.message for one in found), found
