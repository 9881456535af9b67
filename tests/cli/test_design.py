"""`design` says which measurement to make next: of a run, or of a data set before any fit."""

import pytest
from results.made_up import chart as made_up_chart
from results.made_up import origin, sampled

from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude
from cls_infer.results.store import save

CHART = "patient,time,variable,value,unit\nP1,0,hematocrit,42,%\nP1,0.5,hematocrit,37.5,%\nP1,2,hematocrit,40,%\n"
GIVEN = "patient,start,end,item,amount,unit\nP1,0,0.5,ringer,1.5,L\n"
KINETICS = ("--model", "volume_kinetics")


@pytest.fixture
def data(folder):
    return folder(measurements=CHART, therapy=GIVEN)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of made-up draws."""
    model = load_model("volume_kinetics")
    target = posterior(model, made_up_chart("P1"))
    fit = conclude([sampled(target)], provenance=origin(model, target.cohort))
    return save(fit, tmp_path_factory.mktemp("runs") / "run").folder


def test_of_a_run_all_prospects_are_there(cls_infer, run):
    said = cls_infer("design", run, "--quantity", "k_10,urine_rate", "--at", "2,6", "--points", 3, "--json")
    assert said.code == 0
    found = said.json
    assert (found["run"], found["points"]) == (str(run), 3)
    assert len(found["prospects"]) == 2 * 4 * 2  # times, observables, quantities
    best = found["prospects"][0]
    assert best["patient"] == "P1" and best["sd_then"] < best["sd_now"]
    assert best["shrinks"] == pytest.approx(1 - best["sd_then"] / best["sd_now"])


def test_the_table_has_the_best_of_each_quantity(cls_infer, data):
    said = cls_infer("design", data, *KINETICS, "--points", 2)
    assert said.code == 0 and "no fit yet" in said.err
    lines = rows(said)
    assert [line.split()[3] for line in lines].count("k_10") == 1
    shrinks = [float(line.split()[-1].rstrip("%")) for line in lines]
    assert shrinks == sorted(shrinks, reverse=True)


def rows(said):
    return [line for line in said.out.splitlines() if line.strip().startswith("P1")]


def test_a_series_is_one_line(cls_infer, data):
    asked = ("--quantity", "k_10", "--variable", "urine", "--at", "2,6", "--series", "--window", 2)
    said = cls_infer("design", data, *KINETICS, *asked, "--points", 2, "--quiet")
    (line,) = rows(said)
    assert "2, 6" in line and said.err == ""


WRONG = {
    "no hour": (("--at", "noon"), "`noon` is no time"),
    "no time at all": (("--at", ""), "holds no time"),
    "no point": (("--points", "0"), "write 1 or more"),
    "a quantity of another model": (("--quantity", "k_11"), "did you mean `k_"),
    "what is not seen": (("--variable", "lactate"), "there is no `lactate`"),
    "nobody": (("--patient", "P9"), "there are P1"),
    "no window": (("--window", "0"), "--window"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_impossible_question_exits_2(cls_infer, data, case):
    arguments, words = WRONG[case]
    said = cls_infer("design", data, *KINETICS, "--quiet", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_without_a_model_it_needs_a_run(cls_infer, data):
    said = cls_infer("design", data)
    assert said.code == 2 and "is no run folder" in said.err
