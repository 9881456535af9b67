"""A population in the page of a fit: beside its individuals, by cause, and beside other runs."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from results.made_up import chart

from cls_infer.likelihood.posterior import posterior
from cls_infer.results.newcomer import somebody_new
from cls_infer.results.report import forest as forests
from cls_infer.results.report.cohort import together
from cls_infer.results.report.forest import Interval, forest
from cls_infer.results.report.ink import number
from cls_infer.results.report.picture import drawing, picture
from cls_infer.results.report.versus import shared_numbers
from cls_infer.results.values import parameter_draws

CAUSES = ("burn", "sepsis", "burn", "sepsis")


@pytest.fixture(scope="module")
def tree(kinetics):
    """What a tree holds of four patients of two causes."""
    cohort = chart("P1", "P2", "P3", "P4")
    patients = (replace(p, covariates={"cause": c}) for p, c in zip(cohort.patients, CAUSES, strict=True))
    cohort = replace(cohort, patients=tuple(patients))
    target = posterior(kinetics, cohort, hierarchical=("k_12",), covariates=("cause",))
    z = 0.5 * np.random.default_rng(0).normal(size=(2, 60, target.pooling.dimension))
    groups = {name: parameter_draws(target, z) for name in ("/posterior", "/prior")}
    return xr.DataTree.from_dict(groups | {"/new_patient": somebody_new(target.pooling, z, seed=1)})


def test_every_cause_has_its_centre_in_the_parameters_own_unit(tree):
    with drawing():
        found = together(tree, [])
    assert found is not None
    (one,) = found.centres
    middle = {cause: number(float(np.median(tree["posterior"][f"k_12_mu_{cause}"]))) for cause in ("burn", "sepsis")}
    assert all(f"cause {cause} {said} (" in one.words for cause, said in middle.items())
    assert f"In common: mean {number(float(np.median(tree['posterior']['k_12_mu'])))} (" in one.words
    assert "k_12 [1/h]" in one.svg and found.effects == []


def test_numbers_of_all_patients_are_compared_before_those_of_one(tree):
    assert next(iter(tree["posterior"].data_vars)) == "k_12"  # of patients
    found = shared_numbers([tree, tree])
    assert [label.endswith("]") for label in found] == sorted(label.endswith("]") for label in found)
    assert {"k_12_mu", "k_12[P1]"} <= set(found)


@pytest.mark.parametrize("count", [2, 61, 1000])
def test_the_population_stands_below_its_individuals(count, monkeypatch):
    """However many they are, and whether they have names."""
    seen = []

    def kept(figure, words):
        seen.append(figure.axes[0])
        return picture(figure, words)

    monkeypatch.setattr(forests, "picture", kept)
    rows = [Interval(f"P{n}", 1.0, 2.0, 3.0) for n in range(count)]
    with drawing():
        forest("k", rows, below="k", common=[Interval("mean", 1.5, 2.0, 2.5), Interval("new patient", 0.0, 2.0, 4.0)])
    (axes,) = seen
    named = dict(zip((label.get_text() for label in axes.get_yticklabels()), axes.get_yticks(), strict=True))
    assert named["new patient"] < named["mean"] < -(count - 1)
    low, high = axes.get_ylim()
    inches = axes.get_position().height * axes.figure.get_size_inches()[1]
    apart = (named["mean"] - named["new patient"]) / (high - low) * inches
    assert low < named["new patient"] and apart > 8.5 / 72  # letters of 8 points do not run into each other
