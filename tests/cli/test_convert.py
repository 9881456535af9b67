"""`convert` both ways: where the result is, what was left out in words and as JSON, every problem at once."""

import csv
import json

import pytest
import xarray as xr
from results.made_up import chart, origin, sampled

from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results import store
from cls_infer.results.fitted import conclude

RECORDS = "ID,TIME,AMT,DV,STUDY\n1,0,.,42,9\n1,1,1000,.,9\n1,2,.,36,9\n"
MAP = """\
[observations]
any = { variable = "hct", unit = "%" }
[doses]
any = { item = "ringer", unit = "mL" }
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with records and a map, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "records.csv").write_text(RECORDS, encoding="utf-8")
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A kept run of one patient."""
    model = load_model("volume_kinetics")
    target = posterior(model, chart("P1"))
    folder = tmp_path_factory.mktemp("runs") / "one"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(store, "render", lambda _: "not yet written")
        store.save(conclude([sampled(target)], provenance=origin(model, target.cohort)), folder)
    return folder


def test_records_become_a_folder_that_check_accepts(cls_infer, place):
    said = cls_infer("convert", "nonmem", "records.csv", "--map", "map.toml", "--out", "ward")
    assert (said.code, said.out) == (0, "ward\n")
    assert said.err == (
        "not converted: records.csv row 2 and 2 more `STUDY`: 9: the map says of no covariate that it is this column\n"
    )
    checked = cls_infer("check", "ward", "--json").json
    assert checked["patients"]["1"]["therapy"] == [
        {"item": "ringer", "start": 1.0, "end": 1.0, "row": 2, "amount": 1.0, "unit": "L"}
    ]
    assert {path.name for path in (place / "ward").iterdir()} == {
        "measurements.csv",
        "therapy.csv",
        "patients.csv",
        "source.toml",
        "not_converted.csv",
    }


def test_json_holds_every_row_left_out_and_quiet_says_nothing(cls_infer, place):
    said = cls_infer("convert", "nonmem", "records.csv", "--map", "map.toml", "--out", "ward", "--json", "--quiet")
    assert said.err == ""
    assert said.json == {
        "folder": "ward",
        "patients": 1,
        "measurements": 2,
        "therapy": 1,
        "not_converted": [
            {
                "file": "records.csv",
                "row": 2,
                "column": "STUDY",
                "value": "9",
                "reason": "the map says of no covariate that it is this column",
                "rows": 3,
            }
        ],
    }
    with (place / "ward" / "not_converted.csv").open(encoding="utf-8", newline="") as file:
        (listed,) = csv.DictReader(file)
    assert listed == {name: str(value) for name, value in said.json["not_converted"][0].items()}


def test_problems_of_folder_and_file_are_told_together_and_nothing_is_written(cls_infer, place):
    before = sorted(place.iterdir())
    said = cls_infer("convert", "nonmem", "records.csv", "--out", place, "--json")
    assert said.code == 2
    assert [problem["message"] for problem in said.json["problems"]] == [
        "is not empty",
        "the map does not say what the code `any`, all observations, is: `any` (2 values, 36 to 42)",
        "the map does not say what the code `any`, all doses, is: `any` (1000)",
    ]
    assert sorted(place.iterdir()) == before


def test_an_impossible_value_stops_the_conversion_at_its_row(cls_infer, place):
    (place / "records.csv").write_text(RECORDS.replace("36", "360"), encoding="utf-8")
    said = cls_infer("convert", "nonmem", "records.csv", "--map", "map.toml", "--out", "ward")
    assert said.code == 2 and "row 4: `hct`" not in said.err
    assert "1 problem in `records.csv`\n  row 4: `hematocrit` 360 `%` is 3.6, outside 0.05 to 0.85" in said.err
    assert not (place / "ward").exists()


def test_petab_and_mimic_are_read_by_the_same_words(cls_infer, place):
    (place / "measurements.tsv").write_text(
        "observableId\tsimulationConditionId\tmeasurement\ttime\nhematocrit\tp\t0.4\t1\n", encoding="utf-8"
    )
    assert cls_infer("convert", "petab", ".", "--out", "from_petab").out == "from_petab\n"
    (place / "obs.csv").write_text("id,time_h,variable,value,unit\na,0,hematocrit,40,%\n", encoding="utf-8")
    (place / "stays.csv").write_text("id,subject_id,sex,age\na,7,F,50\nb,8,F,50\n", encoding="utf-8")
    said = cls_infer("convert", "mimic", ".", "--stay", "a", "--out", "from_mimic", "--json")
    assert (said.json["patients"], said.json["measurements"]) == (1, 1)
    assert cls_infer("check", "from_mimic", "--json").json["ok"]
    assert (
        "no stay has what the shortlist asks for" in cls_infer("convert", "mimic", ".", "--shortlist", "--out", "c").err
    )


def test_eicu_is_read_by_the_same_words(cls_infer, place):
    (place / "patient.csv").write_text("patientunitstayid,uniquepid,gender,age\n7,a,Male,50\n8,b,Male,50\n", "utf-8")
    columns = "patientunitstayid,labresultoffset,labname,labresult,labmeasurenamesystem,labresultrevisedoffset"
    (place / "lab.csv").write_text(f"{columns}\n7,60,Hct,40,%,70\n8,60,Hct,41,%,70\n", "utf-8")
    said = cls_infer("convert", "eicu", ".", "--stay", "7", "--out", "from_eicu", "--json")
    assert (said.json["patients"], said.json["measurements"]) == (1, 1)
    assert [one["value"] for one in said.json["not_converted"]] == ["vitalperiodic", "intakeoutput", "infusiondrug"]
    assert cls_infer("check", "from_eicu", "--json").json["ok"]
    assert "no stay has what" in cls_infer("convert", "eicu", ".", "--shortlist", "--out", "c").err


def test_a_run_goes_out_as_csv_and_netcdf(cls_infer, run, place):
    said = cls_infer("convert", "csv", run, "--out", "draws.csv", "--group", "prior", "--json")
    lines = (place / "draws.csv").read_text(encoding="utf-8").splitlines()
    assert said.json["rows"] == len(lines) - 1 and lines[0] == "name,unit,patient,chain,draw,value"
    assert cls_infer("convert", "netcdf", run, "--out", "run.nc").out == "run.nc\n"
    with xr.open_datatree(place / "run.nc", engine="h5netcdf", decode_times=False) as again:
        assert again.identical(store.open_fit(run).tree)


def test_a_data_set_goes_out_as_stan_data_with_its_names(cls_infer, place):
    said = cls_infer("convert", "stan", "clarkson_a", "--out", "clarkson.json", "--json")
    assert said.json == {"dataset": "clarkson_a", "out": "clarkson.json", "names": "clarkson.names.json"}
    data = json.loads((place / "clarkson.json").read_text(encoding="utf-8"))
    names = json.loads((place / "clarkson.names.json").read_text(encoding="utf-8"))
    assert len(data["obs_time"][0]) == data["n_obs"] and names["patient"][0]["name"] == "SCLS_A"


@pytest.mark.parametrize("what", ["csv", "netcdf", "stan"])
def test_nothing_is_written_over_and_all_is_told_at_once(cls_infer, place, what):
    said = cls_infer("convert", what, "nowhere", "--out", "map.toml", "--json")
    assert said.code == 2
    first, second = said.json["problems"]
    assert first["message"] == "is there already" and "nowhere" in first["file"] + second["file"] + second["message"]
    assert (place / "map.toml").read_text(encoding="utf-8") == MAP
    assert "there is no folder `no/where`" in cls_infer("convert", what, "x", "--out", "no/where/f").err
