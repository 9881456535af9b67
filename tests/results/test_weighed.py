"""Weighed draws in the tree, the verdict, the summary and the page: a certificate stands where R-hat does not."""

import json
from dataclasses import replace

import numpy as np
import pytest
from results.made_up import CHAINS, DRAWS, chart, origin, sampled

from cls_infer.inference.certified import Certificate
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.fitted import conclude, fit_json
from cls_infer.results.report import render


def weighed(target, *, khat=0.3, effective=900.0, method="importance"):
    """A made-up inference by weighed draws."""
    made = sampled(target, seed=4)
    shape = (CHAINS, DRAWS, len(target.plan.patients))
    stats = {"potential_energy": np.zeros(shape), "log_weight": np.full(shape, -7.0)}
    columns = (khat, effective, -12.5, 0.1, 1.0)
    certificate = Certificate(*(np.full(shape[2], number) for number in columns))
    return replace(made, draws=replace(made.draws, stats=stats), method=method, certificate=certificate)


@pytest.fixture(scope="module")
def target(kinetics):
    return posterior(kinetics, chart("P1", "P2"), per_patient=tuple(kinetics.parameters))


def concluded(kinetics, *parts):
    return conclude(parts, provenance=origin(kinetics, parts[0].target.cohort))


def test_a_certificate_stands_where_r_hat_does_not(kinetics, target):
    fit = concluded(kinetics, replace(weighed(target), numbers=(0, 1)))
    assert fit.verdict.numbers["khat_max"] == 0.3 and fit.verdict.numbers["ess_weights_min"] == 900
    assert fit.verdict.numbers["rhat_max"] is None and fit.verdict.numbers["bfmi_min"] is None
    assert not any("R-hat" in one or "E-BFMI" in one for one in fit.verdict.unmet)
    assert fit.tree.attrs["log_evidence"] == -25.0
    np.testing.assert_allclose(fit.tree.attrs["log_evidence_se"], np.sqrt(2) * 0.1)
    assert {row.ess_bulk for row in fit.summary} == {900.0} and all(np.isnan(row.rhat) for row in fit.summary)
    written = json.loads(json.dumps(fit_json(fit)))
    assert written["roads"] == {"P1": "importance", "P2": "importance"} and written["khat_max"] == 0.3
    assert "largest Pareto k-hat 0.30" in render(fit) or not fit.verdict.ok


def test_laplace_draws_that_are_far_off_are_not_believed(kinetics, target):
    fit = concluded(kinetics, replace(weighed(target, khat=1.2, effective=20.0, method="laplace"), numbers=(0, 1)))
    (first, second) = (one for one in fit.verdict.unmet if "laplace" in one)
    assert "`P1`" in first and "1.20" in first and "--method nuts" in first and "`P2`" in second
    assert "log_evidence" not in fit.tree.attrs


def test_each_patient_is_judged_by_its_own_road(kinetics):
    cohort = chart("P1", "P2")
    alone = [
        posterior(kinetics, replace(cohort, patients=(patient,)), per_patient=tuple(kinetics.parameters))
        for patient in cohort.patients
    ]
    fit = concluded(
        kinetics, replace(sampled(alone[1], seed=2), numbers=(1,)), replace(weighed(alone[0]), numbers=(0,))
    )
    roads = fit.tree["sample_stats"].to_dataset()["road"]
    assert roads.sel(patient="P1") == "importance" and roads.sel(patient="P2") == "nuts"
    assert fit.tree.attrs["method"] == "nuts+importance" and "log_evidence" not in fit.tree.attrs
    rows = {row.name: row for row in fit.summary}
    assert rows["V_c[P1]"].ess_bulk == 900 and rows["V_c[P2]"].rhat < 1.1
    assert fit.verdict.numbers["rhat_max"] < 1.1 and fit.verdict.numbers["bfmi_min"] > 0.3
    assert "Chains: largest R-hat" in render(fit) or not fit.verdict.ok
