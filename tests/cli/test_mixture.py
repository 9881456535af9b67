"""A population of groups that nobody charted: found from the command line, and who belongs where."""

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.store import open_fit

HELD = {"V_c": 3.0, "k_12": 4.0, "k_21": 0.8, "Hct0": 0.42}
SLOW, FAST, SPREAD = 0.25, 2.0, 0.1
OF = np.array([0, 1, 1, 0, 1, 0, 0, 1, 1, 0])
"""Which patients pass water slowly, and which fast."""
ASKED = ("--model", "volume_kinetics", "--hierarchical", "k_10", "--method", "two-stage")
HOLD = ("--fix", ",".join(f"{name}={value}" for name, value in HELD.items()))
SMALL = ("--chains", 2, "--warmup", 200, "--draws", 400)
HOURS = (0.5, 1.0, 2.0, 4.0)


@cache
def charts():
    """Ten patients of two groups: haematocrit and urine after Ringer, with the model's own noise."""
    model, rng = load_model("volume_kinetics"), np.random.default_rng(8)
    rates = np.array([SLOW, FAST])[OF] * np.exp(SPREAD * rng.standard_normal(len(OF)))
    rows = tuple(Measurement(t, "hematocrit", 0.4, i) for i, t in enumerate(HOURS))
    rows = (*rows, Measurement(4.0, "urine", 0.5, 9, window=4.0))
    patients = tuple(Patient(f"P{n}", {"weight": 70.0}, rows, (Event("ringer", 0.0, 0.5, 2.0, 1),)) for n in range(10))
    target = posterior(model, Cohort("ten", patients, ""), per_patient=("k_10",), fixed=HELD)
    prior = model.parameters["k_10"].prior_of({})
    z = np.log(rates / prior.median) / prior.log_sd
    mean = np.asarray(target.predicted(target.pooling.coordinates(jnp.asarray(z))).mean)
    noise = np.concatenate([np.full((10, len(HOURS)), 0.01), 0.03 + 0.1 * mean[:, -1:]], axis=1)
    measured = ["patient,time,variable,value,unit,window"]
    for number, (*reads, urine) in enumerate(mean + noise * rng.standard_normal(mean.shape)):
        measured += [f"P{number},{t:g},hematocrit,{100 * v:.3f},%," for t, v in zip(HOURS, reads, strict=True)]
        measured.append(f"P{number},4,urine,{max(urine, 0.01):.4f},L,4")
    given = ["patient,start,end,item,amount,unit", *(f"P{n},0,0.5,ringer,2,L" for n in range(10))]
    return {"measurements": "\n".join(measured) + "\n", "therapy": "\n".join(given) + "\n"}


def about(*causes):
    """Patients' weights and, if given, their causes."""
    header = "patient,weight" + (",cause" if causes else "")
    rows = [f"P{n},70" + (f",{causes[n]}" if causes else "") for n in range(len(OF))]
    return "\n".join([header, *rows]) + "\n"


@pytest.mark.slow
def test_two_groups_that_nobody_charted_are_found(cls_infer, folder, tmp_path):
    run = tmp_path / "run"
    command = ("fit", folder(**charts(), patients=about()), *ASKED, *HOLD, *SMALL, "--mixture", 2, "--out", run)
    said = cls_infer(*command, "--json")
    assert said.code in (0, 3), said.err
    numbers = said.json["parameters"]
    for group, rate in (("1", SLOW), ("2", FAST)):
        one = numbers[f"k_10_mu_{group}"]
        assert one["q05"] < rate < one["q95"] and one["q95"] / one["q05"] < 2.5, (group, one)
    assert numbers["share_1"]["q05"] < 0.5 < numbers["share_1"]["q95"]
    assert abs(numbers["share_1"]["mean"] + numbers["share_2"]["mean"] - 1) < 1e-9
    for number, group in enumerate(OF):
        assert said.json["belongs"][f"P{number}"][str(group + 1)] > 0.9, number
    tree = open_fit(run).tree
    assert tree["two_stage"]["belongs"].dims == ("patient", "group")
    np.testing.assert_allclose(tree["two_stage"]["belongs"].sum("group"), 1.0, rtol=1e-9)
    assert tree["searches"]["mode"].shape == (len(OF), 6)
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Who belongs where" in page and "Everybody belongs somewhere" in page
    assert "group 1" in page and "numbered by the centre" in page


@pytest.mark.slow
def test_a_cause_that_is_not_charted_is_told_from_the_others(cls_infer, folder, tmp_path):
    causes = [("drug", "sepsis")[group] for group in OF]
    causes[3] = causes[4] = ""
    chart = folder(**charts(), patients=about(*causes))
    command = ("fit", chart, *ASKED, *HOLD, *SMALL, "--covariate", "cause", "--out", tmp_path / "run")
    said = cls_infer(*command)
    assert said.code in (0, 3), said.err
    assert "how probably of which" in said.out and "cause sepsis" in said.out
    belongs = open_fit(tmp_path / "run").tree["two_stage"]["belongs"]
    assert belongs.sel(patient="P0", cause="drug") == 1.0  # it is charted
    assert belongs.sel(patient="P3", cause="drug") > 0.9 and belongs.sel(patient="P4", cause="sepsis") > 0.9
    said = cls_infer("fit", chart, *ASKED[:-1], "nuts", *HOLD, "--covariate", "cause")
    assert said.code == 2 and "the cause of `P3`, `P4` is not charted" in said.err and "--method two-stage" in said.err


MIXED = {
    "one group": (("--mixture", 1), "a mixture of 1"),
    "less than none": (("--mixture", -2), "a mixture of -2"),
    "more groups than patients": (("--mixture", 11), "11 groups of 10 patients"),
    "causes as well": (("--mixture", 2, "--covariate", "cause"), "groups that nobody charted, and a centre for each"),
    "one cause": (("--covariate", "cause"), "`cause` is drug wherever it is charted"),
    "the joint road": (("--mixture", 2, "--method", "nuts"), "add `--method two-stage`"),
}


@pytest.mark.parametrize("case", MIXED)
def test_a_mixture_that_cannot_be_is_refused(cls_infer, folder, case, tmp_path):
    arguments, words = MIXED[case]
    chart = folder(**charts(), patients=about(*["drug"] * 9, ""))
    said = cls_infer("fit", chart, *ASKED, *HOLD, *arguments, "--out", tmp_path / "run")
    assert said.code == 2 and words in said.err
    assert not (tmp_path / "run").exists()


def test_a_mixture_of_nothing_is_refused(cls_infer, folder):
    said = cls_infer("fit", folder(**charts()), *ASKED[:2], *ASKED[4:], "--mixture", 2)
    assert said.code == 2 and "nothing is pooled in part" in said.err
