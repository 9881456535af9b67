"""`fit` refuses what it cannot do, and leaves a run folder, a summary and an honest exit code."""

import pytest

from cls_infer.inference.settings import SOLVERS
from cls_infer.solve.lanes import METHODS

SMALL = ("--chains", 2, "--warmup", 25, "--draws", 25)
CHART = "patient,time,variable,value,unit\nP1,0,hematocrit,42,%\nP1,0.5,hematocrit,37.5,%\nP1,2,hematocrit,40,%\n"
GIVEN = "patient,start,end,item,amount,unit\nP1,0,0.5,ringer,1.5,L\n"

WRONG = {
    "a method of another day": (("--method", "bootstrap"), "there is no method `bootstrap`"),
    "no chain": (("--chains", "0"), "--chains"),
    "a negative seed": (("--seed", "-1"), "--seed"),
    "nothing fixed": (("--fix", "k_12"), "`k_12` sets nothing"),
    "never": (("--until", "nan"), "--until"),
    "a GPU that is not there": (("--device", "gpu"), "JAX finds no GPU here; on a machine"),
    "a device of another kind": (("--device", "tpu"), "there is no device `tpu`"),
    "every draw accepted": (("--target-accept", "1"), "--target-accept"),
    "steps without a size": (("--rtol", "0"), "--rtol"),
    "a solver that is not there": (("--solver", "euler"), "there is no solver `euler`"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_impossible_request_exits_2(cls_infer, folder, case):
    arguments, words = WRONG[case]
    said = cls_infer("fit", folder(measurements=CHART), "--model", "volume_kinetics", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--shared", "k12,k_10"), "did you mean `k_12`?"),
        (("--shared", "k_12", "--fix", "k_12=3"), "more than one way"),
        (("--until", "-1"), "nothing to fit"),
    ],
)
def test_what_the_model_must_judge_exits_2_too(cls_infer, folder, arguments, words):
    said = cls_infer("fit", folder(measurements=CHART), "--model", "volume_kinetics", "--quiet", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_a_run_is_never_overwritten(cls_infer, folder, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text("{}", encoding="utf-8")
    chart = folder(measurements=CHART)
    said = cls_infer("fit", chart, "--model", "volume_kinetics", "--out", tmp_path / "run")
    assert said.code == 2
    assert "holds a run already" in said.err


def test_a_fit_leaves_a_run_that_can_be_reported_again(cls_infer, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ("fit", folder(measurements=CHART, therapy=GIVEN), "--model", "volume_kinetics", *SMALL)
    said = cls_infer(*command, "--method", "nuts", "--json")
    found = said.json
    assert said.code == (0 if found["verdict"] == "ok" else 3)
    assert found["run"] == "runs/chart-volume_kinetics-1"
    assert found["method"] == "nuts" and found["roads"] == {"P1": "nuts"}
    assert {"mean", "q50", "prior_sd", "contraction"} <= set(found["parameters"]["k_12[P1]"])
    assert "sampling: 50 of 50" in said.err
    assert "device: the processor; JAX finds no GPU\n" in said.err
    page = tmp_path / found["run"] / "report.html"
    page.unlink()
    said = cls_infer("report", found["run"])
    assert (said.code, said.out.strip()) == (0, f"{found['run']}/report.html")
    assert page.is_file()


def test_few_unknowns_are_weighed(cls_infer, folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    command = ("fit", folder(measurements=CHART, therapy=GIVEN), "--model", "volume_kinetics", *SMALL)
    said = cls_infer(*command, "--json")
    assert said.code == 0 and said.json["verdict"] == "ok"
    assert said.json["method"] == "importance" and said.json["khat_max"] < 0.7 and said.json["ess_weights_min"] >= 400
    said = cls_infer(*command, "--method", "laplace", "--quiet", "--seed", 1)
    assert said.err == ""
    assert "run: runs/chart-volume_kinetics-1-2" in said.out
    assert "k_12[P1]" in said.out and "the laplace draws of `P1` have k-hat" in said.out


def test_a_report_needs_a_run(cls_infer, tmp_path):
    said = cls_infer("report", tmp_path)
    assert said.code == 2
    assert "no run folder" in said.err


def test_the_solvers_offered_are_those_that_watch_their_error():
    assert set(SOLVERS) == set(METHODS) - {"grid"}


POPULATION = {
    "measurements": "patient,time,variable,value,unit\n"
    + "".join(f"P{n},0,hematocrit,42,%\nP{n},0.5,hematocrit,{36 + n},%\nP{n},2,hematocrit,40,%\n" for n in (1, 2, 3)),
    "therapy": "patient,start,end,item,amount,unit\n" + "".join(f"P{n},0,0.5,ringer,1.5,L\n" for n in (1, 2, 3)),
    "patients": "patient,weight,sex\nP1,60,m\nP2,70,\nP3,80,m\n",
}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--hierarchical", "k_10", "--covariate", "sex"), "`sex` is missing of `P2`"),
        (("--hierarchical", "k_10", "--covariate", "wheight"), "did you mean `weight`?"),
        (("--covariate", "weight"), "nothing is pooled in part"),
        (("--hierarchical", "k_10", "--correlated"), "one parameter has none to go with"),
        (("--hierarchical", "k_10", "--per-patient", "k_10"), "per patient, pooled in part"),
        (("--method", "two-stage"), "two stages, and nothing is pooled in part"),
        (("--method", "two-stage", "--hierarchical", "k_10", "--shared", "k_12"), "drawn apart"),
        (("--method", "two-stage", "--hierarchical", "k_10", "--covariate", "sex"), "`sex` is missing of `P2`"),
    ],
)
def test_a_population_that_cannot_be_exits_2(cls_infer, folder, arguments, words):
    said = cls_infer("fit", folder(**POPULATION), "--model", "volume_kinetics", "--quiet", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


@pytest.mark.slow
@pytest.mark.parametrize("method", ["nuts", "two-stage"])
def test_a_population_is_fitted_by_either_road(cls_infer, folder, tmp_path, method):
    asked = ("--hierarchical", "k_10,k_21", "--covariate", "weight", "--correlated", "--fix", "V_c=3,k_12=4")
    run = ("--method", method, "--out", tmp_path / "run", "--json", *SMALL, "--most-draws", 25)
    said = cls_infer("fit", folder(**POPULATION), "--model", "volume_kinetics", *asked, *run)
    assert said.code in (0, 3)
    assert {"k_10_mu", "k_10_tau", "k_10_weight", "corr_k_21_k_10", "k_10[P3]"} <= set(said.json["parameters"])
    assert said.json["method"] == {"nuts": "nuts", "two-stage": "two-stage after importance"}[method]
