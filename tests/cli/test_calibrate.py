"""`calibrate` refuses what it cannot do, and leaves ranks, pictures, a manifest and an honest exit code."""

import csv
import json

import pytest

from cls_infer.cli.fitting import INTERRUPTED
from cls_infer.inference import certified, importance
from cls_infer.results import calibration

CHART = (
    "patient,time,variable,value,unit\nP1,0,hemoglobin,130,g/L\nP1,0.5,hemoglobin,120,g/L\nP1,2,hemoglobin,126,g/L\n"
)
GIVEN = "patient,start,end,item,amount,unit\nP1,0,0.5,ringer,1.5,L\n"

WRONG = {
    "no fit": (("--fits", 0), "is 0; write 1 or more"),
    "a negative seed": (("--seed", -1), "--seed"),
    "fewer than no NUTS": (("--most-nuts", -1), "--most-nuts"),
    "two stages of nothing": (("--method", "two-stage"), "nothing is pooled in part"),
    "a population of one": (("--hierarchical", "k_10"), "a population of one"),
    "a method there is not": (("--method", "guess"), "`guess` ranks no draws"),
    "more draws than NUTS makes": (("--draws", 5000), "NUTS makes 2000"),
    "nothing fixed": (("--fix", "k_12"), "`k_12` sets nothing"),
    "a parameter there is not": (("--fix", "k12=3"), "did you mean `k_12`?"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_impossible_request_exits_2(cls_infer, folder, case):
    arguments, words = WRONG[case]
    said = cls_infer("calibrate", "volume_kinetics", "--like", folder(measurements=CHART), "--quiet", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


@pytest.mark.parametrize(
    ("model", "words"), [("volume_kinetic", "did you mean"), ("dialyzer", "no measurement that `dialyzer` predicts")]
)
def test_a_model_that_is_not_there_or_sees_nothing_is_refused(cls_infer, folder, model, words):
    said = cls_infer("calibrate", model, "--like", folder(measurements=CHART), "--fits", 5)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_a_folder_in_use_is_refused_before_anything_is_solved(cls_infer, folder, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine", encoding="utf-8")
    chart = folder(measurements=CHART)
    said = cls_infer("calibrate", "volume_kinetics", "--like", chart, "--out", tmp_path / "taken")
    assert said.code == 2
    assert "is not empty" in said.err


def test_fits_that_were_left_out_make_it_exit_3(cls_infer, folder):
    chart = folder(measurements=CHART, therapy=GIVEN)
    asked = ("--fits", 5, "--method", "nuts", "--most-nuts", 0)
    said = cls_infer("calibrate", "volume_kinetics", "--like", chart, *asked, "--quiet")
    assert said.code == 3
    assert "fits: 5 (5 no certificate)" in said.out
    assert "verdict: not met: 5 of 5 fits have no certificate" in said.out


def interrupted(*_, **__):
    raise KeyboardInterrupt


def done_again(*_, **__):
    raise AssertionError("what was kept is sampled again")


def test_an_interrupted_calibration_goes_on_and_leaves_its_ranks(cls_infer, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(importance, "ROUND", 512)
    chart, out = folder(measurements=CHART, therapy=GIVEN), tmp_path / "ranks"
    asked = ("--fits", 6, "--draws", 9, "--most-nuts", 0, "--out", out)
    with monkeypatch.context() as just_sampled:
        just_sampled.setattr(calibration, "judge", interrupted)
        said = cls_infer("calibrate", "volume_kinetics", "--like", chart, *asked)
    assert said.code == INTERRUPTED
    assert f"`cls-infer resume {out}` goes on with it" in said.err.replace("\n", " ")
    assert {path.name for path in out.iterdir()} == {"checkpoint", "log.jsonl"}
    said = cls_infer("calibrate", "volume_kinetics", "--like", chart, *asked)
    assert said.code == 2 and "unfinished" in said.err
    said = cls_infer("resume", out, "--workers", "local:2")
    assert said.code == 2 and "a calibration has no workers" in said.err
    monkeypatch.setattr(certified, "_weighed_batch", done_again)
    said = cls_infer("resume", out, "--json")
    found = said.json
    assert said.code == (0 if found["verdict"] == "ok" else 3)
    assert (found["run"], found["fits"], found["draws"]) == (str(out), 6, 9)
    assert {"k_10", "log-likelihood", "last peripheral_excess"} <= set(found["ranked_quantities"])
    assert {path.name for path in out.iterdir()} == {
        *("ranks.csv", "ecdf.png", "ecdf.svg", "manifest.json", "log.jsonl")
    }
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["ranked_quantities"] == found["ranked_quantities"]
    assert manifest["provenance"]["model"] == "volume_kinetics"
    with (out / "ranks.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["fit"] for row in rows] == [f"P1#{n}" for n in range(1, 7)]
    ranked = [int(row["k_10"]) for row in rows if row["k_10"]]
    assert len(ranked) == found["ranked"] and all(0 <= rank <= 9 for rank in ranked)
