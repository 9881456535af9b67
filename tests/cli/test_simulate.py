"""`simulate` prints the model and nothing else, and says why when it cannot."""

import csv
import io
import json
from math import isfinite

import pytest

LEAK = {  # hour -> plasma volume, haematocrit, albumin, map; an independent solution of the tenfold leak
    1: (2.33494, 0.48665, 38.93694, 86.79367),
    3: (1.74899, 0.56575, 33.45081, 75.0969),
    6: (1.51029, 0.60587, 30.87912, 64.8317),
    12: (1.49312, 0.60898, 30.45306, 63.94739),
    24: (1.55167, 0.59851, 29.8594, 66.88678),
    48: (1.56672, 0.59588, 28.24864, 67.60691),
}
COLUMNS = ("plasma_volume [L]", "hematocrit [1]", "albumin [g/L]", "map [mmHg]")
GIVEN = "patient,start,end,item,amount,unit\n"


def table(text: str) -> list[dict[str, float]]:
    return [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(io.StringIO(text))]


def test_the_tenfold_leak_of_the_reference_adult(cls_infer):
    said = cls_infer("simulate", "two_pore", "--set", "m_L=10", "--hours", 48, "--every", 1)
    assert (said.code, said.err) == (0, "")
    rows = table(said.out)
    assert [row["time [h]"] for row in rows] == list(range(49))
    for hour, expected in LEAK.items():
        assert tuple(rows[hour][name] for name in COLUMNS) == pytest.approx(expected, rel=1e-4)


def test_therapy_of_a_file(cls_infer, tmp_path):
    path = tmp_path / "given.csv"
    path.write_text(GIVEN + "anyone,0,0.5,ringer,1750,mL\n", encoding="utf-8")
    said = cls_infer("simulate", "volume_kinetics", "--therapy", path, "--hours", 1, "--every", 0.5, "--json")
    found = said.json
    assert found["status"] == "ok"
    assert found["time"] == {"unit": "h", "values": [0, 0.5, 1]}
    central, peripheral = (found["columns"][name]["values"] for name in ("central_excess", "peripheral_excess"))
    urine = found["columns"]["urine"]["values"]
    assert central[1] + peripheral[1] + urine[1] == pytest.approx(1.75, rel=1e-6)
    assert central[2] < central[1]


def test_a_scenario_is_run_and_judged(cls_infer):
    said = cls_infer("simulate", "two_pore", "--scenario", "tenfold_leak")
    assert said.code == 0 and len(table(said.out)) == 49
    assert said.err.count("as it should be") == 3 and "NOT" not in said.err
    found = cls_infer(
        "simulate", "two_pore", "--scenario", "tenfold_leak", "--set", "m_L=2", "--hours", 50, "--json"
    ).json
    assert found["time"]["values"][-1] == 50
    assert [row["as_expected"] for row in found["shows"]] == [False, False, False]


def test_a_model_the_scenario_was_not_made_for_is_run_without_judgement(cls_infer):
    said = cls_infer("simulate", "one_pore", "--scenario", "bleed_900_ml", "--json")
    assert said.code == 0 and said.json["shows"] == []


WRONG = {
    "an unknown scenario": (("--scenario", "tenfold_leek"), "did you mean `tenfold_leak`?"),
    "an unknown parameter": (("--set", "mL=3"), "did you mean `m_L`?"),
    "no number": (("--set", "m_L=big"), "`m_L=big` sets nothing"),
    "no time": (("--hours", "0"), "--hours"),
    "time backwards": (("--every", "-1"), "--every"),
    "not finite": (("--hours", "inf"), "--hours"),
    "steps longer than the whole": (("--hours", "1", "--every", "2"), "longer than"),
    "too many rows": (("--every", "1e-6"), "rows"),
    "not a number": (("--set", "m_L=nan"), "`m_L=nan` sets nothing"),
    "therapy of the scenario after the end": (
        ("--scenario", "clarkson_with_steroid", "--hours", "2"),
        "outside the simulated 0 to 2 h",
    ),
    "no such file": (("--therapy", "nowhere.csv"), "is missing"),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_impossible_request_exits_2(cls_infer, case):
    arguments, words = WRONG[case]
    said = cls_infer("simulate", "two_pore", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err


def test_therapy_problems_come_at_once(cls_infer, tmp_path):
    path = tmp_path / "given.csv"
    rows = "A,-5,-1,ringer,500,mL\nB,1,2,ringer,500,mL\nA,90,99,ringer,500,mL\n"
    path.write_text(GIVEN + rows, encoding="utf-8")
    said = cls_infer("simulate", "two_pore", "--therapy", path)
    assert said.code == 2
    assert "error: 3 problems" in said.err


def test_problems_of_every_option_come_at_once(cls_infer, tmp_path):
    path = tmp_path / "given.csv"
    path.write_text(GIVEN + "A,1,2,rnger,500,mL\n", encoding="utf-8")
    options = ("--set", "m_L", "--hours", -3, "--therapy", path)
    said = cls_infer("simulate", "two_por", *options)
    assert said.code == 2
    assert [word in said.err for word in ("two_por", "--set", "--hours", "rnger")] == [True] * 4


def test_a_solve_that_fails_exits_1_and_says_how(cls_infer):
    said = cls_infer("simulate", "two_pore", "--set", "m_L=1e9", "--hours", 10)
    assert (said.code, said.out) == (1, "")
    assert "cannot be solved" in said.err


def test_a_body_that_cannot_stand_still_is_not_simulated(cls_infer):
    said = cls_infer("simulate", "one_pore", "--set", "TER_0=0.001", "--hours", 10)
    assert (said.code, said.out) == (1, "")
    assert "no steady state in health" in said.err
    whole = json.loads(cls_infer("simulate", "one_pore", "--set", "TER_0=0.001", "--hours", 2, "--json").out)
    assert whole["status"] == "no steady state in health"
    values = [number for column in whole["columns"].values() for number in column["values"]]
    assert values and all(isinstance(number, float) and isfinite(number) for number in values)


def test_the_model_takes_the_colloid_that_is_given_and_one_alone(cls_infer, tmp_path):
    path = tmp_path / "given.csv"
    path.write_text(GIVEN + "anyone,0,0.5,dextran_40,0.5,L\n", encoding="utf-8")
    said = cls_infer("simulate", "colloid", "--therapy", path, "--set", "k_X=0", "--hours", 1, "--json")
    columns = {name: column["values"][-1] for name, column in said.json["columns"].items()}
    assert columns["colloid_cleared"] == 0
    assert columns["plasma_colloid"] * columns["plasma_volume"] == pytest.approx(50 - 0.5, abs=1.0)  # some escapes
    assert columns["colloid_pressure"] > 1.5 * columns["plasma_colloid"] * 0.823  # dextran 40's, with protein beside it
    path.write_text(GIVEN + "anyone,0,0.5,dextran_40,0.5,L\nanyone,0.5,1,hes_130,0.5,L\n", encoding="utf-8")
    said = cls_infer("simulate", "colloid", "--therapy", path)
    assert said.code == 2 and "`dextran_40` and `hes_130` are given" in said.err
