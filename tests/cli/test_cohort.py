"""A cohort fitted by workers and asked, from the command line."""

import json
import sys

import pytest

FIT = ("--model", "volume_kinetics", "--method", "laplace", "--chains", 2, "--draws", 250, "--workers", "here")
ROWS = "".join(
    f"P{n},{hour},hematocrit,{value - 0.2 * n},%\n" for n in (1, 2) for hour, value in ((0, 42), (1, 37.5), (3, 40.5))
)
CHART = f"patient,time,variable,value,unit\n{ROWS}"
GIVEN = "patient,start,end,item,amount,unit\nP1,0,0.5,ringer,1.75,L\nP2,0,0.5,ringer,1.75,L\n"


@pytest.fixture(scope="module")
def chart(tmp_path_factory):
    place = tmp_path_factory.mktemp("cohort") / "chart"
    place.mkdir()
    (place / "measurements.csv").write_text(CHART)
    (place / "therapy.csv").write_text(GIVEN)
    return place


def test_a_cohort_is_fitted_and_asked(cls_infer, chart, tmp_path):
    run = tmp_path / "run"
    said = cls_infer("fit", chart, *FIT, "--out", run, "--json")
    assert said.code in (0, 3) and said.json["fitted"] == 2 and said.json["run"] == str(run)
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines() if line]
    assert [line["done"] for line in log if line["event"] == "counted"] == [0, 2]
    rows = cls_infer("cohort", "quantiles", run, "k_12").out.splitlines()
    assert rows[0] == "patient,quantity,unit,mean,sd,q0.05,q0.5,q0.95" and len(rows) == 3
    found = cls_infer("cohort", "exceed", run, "k_12", "--above", 0, "--json").json["rows"]
    assert found == [{"patient": "P1", "probability": 1.0}, {"patient": "P2", "probability": 1.0}]
    ranked = cls_infer("cohort", "rank", run, "largest plasma_dilution", "--first", 1, "--json").json["rows"]
    assert {row["patient"] for row in ranked} == {"P1", "P2"}
    assert sum(row["among_first"] for row in ranked) == 1
    assert cls_infer("cohort", "export", run, "k_12", "--out", tmp_path / "draws.csv").code == 0
    assert (tmp_path / "draws.csv").read_text().count("\n") == 1 + 2 * 500
    law = ("cohort", "population", run, "--hierarchical", "k_12", "--out", tmp_path / "law")
    said = cls_infer(*law, "--chains", 2, "--warmup", 100, "--draws", 100, "--json")
    assert said.code in (0, 3) and said.json["patients"] == 2 and said.json["run"] == str(tmp_path / "law")
    assert list(said.json["parameters"]) == ["k_12_mu", "k_12_tau"] and "weighing" in said.err
    assert "k_12_tau" in (tmp_path / "law" / "summary.csv").read_text()
    refused = cls_infer(*law)
    assert refused.code == 2 and "holds a run already" in refused.err
    refused = cls_infer("report", tmp_path / "law")
    assert refused.code == 2 and "holds the population of a cohort" in refused.err
    refused = cls_infer("resume", run)
    assert refused.code == 2 and "holds a finished fit" in refused.err
    refused = cls_infer("report", run)
    assert refused.code == 2 and "cls-infer cohort pick" in refused.err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--shared", "k_12"), "`--shared`: joins patients whom workers fit apart"),
        (("--shard-size", 0), "is 0; write 1 or more"),
        (("--workers", "loki"), "there are no workers `loki`"),
        (("--workers", "slurm"), "install `cls_infer[slurm]`"),
    ],
)
def test_what_workers_cannot_do_is_refused_before_anything_is_written(
    cls_infer, chart, tmp_path, monkeypatch, options, words
):
    monkeypatch.setitem(sys.modules, "dask_jobqueue.slurm", None)
    said = cls_infer("fit", chart, *FIT, *options, "--out", tmp_path / "run")
    assert said.code == 2 and words.replace("`--shared`: ", "") in said.err and not (tmp_path / "run").exists()
