"""`predict` prints quantiles and nothing else on stdout, tells the scores, and refuses what it cannot do."""

import csv
import io

import pytest
from results.made_up import chart, origin, sampled

from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude
from cls_infer.results.kept import hide_after
from cls_infer.results.store import save

GIVEN = "patient,start,end,item,amount,unit\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of a made-up run of a patient who was seen until hour 1."""
    kinetics, whole = load_model("volume_kinetics"), chart("P1")
    seen, hidden = hide_after(whole, 1.0)
    made = origin(kinetics, seen) | {"until": 1.0, "hidden_measurements": hidden}
    fit = conclude([sampled(posterior(kinetics, seen))], provenance=made, whole=whole)
    return save(fit, tmp_path_factory.mktemp("runs") / "one").folder


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_a_forecast_is_a_table_of_quantiles_and_its_scores(cls_infer, run):
    said = cls_infer("predict", run, "--hours", 3)
    assert said.code == 0
    rows = table(said.out)
    assert list(rows[0]) == ["patient", "time [h]", "quantity", "band", "q05", "q25", "q50", "q75", "q95"]
    assert {row["time [h]"] for row in rows} == {"1", "2", "3", "4"}
    assert {"hematocrit [1]", "central_excess [L]"} <= {row["quantity"] for row in rows}
    assert {row["band"] for row in rows} == {"course", "measurement"}
    assert "urine: 1 hidden, " in said.err and "leave-future-out elpd: " in said.err
    assert cls_infer("predict", run, "--hours", 3, "--quiet").err == ""


def test_json_holds_quantiles_and_every_score(cls_infer, run):
    found = cls_infer("predict", run, "--hours", 2, "--every", 0.5, "--json").json
    assert (found["model"], found["draws"], found["failed"]) == ("volume_kinetics", 400, {"P1": 0})
    assert found["quantiles"][0]["quantity"] == "hematocrit" and len(found["quantiles"][0]) == 10
    scores = found["scores"]
    assert scores["elpd"] == scores["patients"]["P1"]["elpd"]
    assert [one["row"] for one in scores["measurements"]] == [6, 7] and scores["measurements"][1]["crps"] is None
    assert scores["variables"]["hemoglobin"]["crps"] is None and scores["variables"]["urine"]["count"] == 1


def test_another_therapy_is_given_and_not_scored(cls_infer, run, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(GIVEN + "P1,2,3,ringer,2000,mL\n", encoding="utf-8")
    plain = table(cls_infer("predict", run, "--hours", 2).out)
    said = cls_infer("predict", run, "--hours", 2, "--therapy", path)
    assert said.code == 0 and "2 hidden measurements are not scored" in said.err and "elpd" not in said.err

    def at(rows, hour):
        return next(float(r["q50"]) for r in rows if (r["time [h]"], r["quantity"]) == (hour, "hematocrit [1]"))

    assert at(table(said.out), "2") == pytest.approx(at(plain, "2"), rel=1e-2)  # no bleeding from 1 to 1.5 h
    assert at(table(said.out), "3") < at(plain, "3") - 0.02


def test_what_cannot_be_exits_2(cls_infer, run, tmp_path):
    path = tmp_path / "other.csv"
    path.write_text(GIVEN + "P2,2,3,ringer,2000,mL\n", encoding="utf-8")
    said = cls_infer("predict", run, "--therapy", path, "--model", "nowhere.py")
    assert (said.code, said.out) == (2, "") and "no patient `P2`" in said.err and "no model `nowhere.py`" in said.err
    assert "run folder" in cls_infer("predict", tmp_path).err
    assert cls_infer("predict", run, "--hours", 0).code == 2
