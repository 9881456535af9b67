"""The report of a thousand patients of a model that one would fit: how large it is."""

from dataclasses import replace

import pytest
from results.made_up import many, origin, repeated, sampled

from cls_infer.cohort import read_cohort
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import Fit, conclude
from cls_infer.results.report import render

PATIENTS, MEGABYTES = 1000, 10


@pytest.mark.slow
def test_a_thousand_patients_with_an_episode_each_stay_under_ten_megabytes(monkeypatch):
    model, cohort = load_model("clarkson_episode"), read_cohort("clarkson_a")
    (one,) = cohort.patients
    cohort = replace(cohort, patients=(one, replace(one, name="B")))
    target = posterior(model, cohort, hierarchical=("M",))
    fit = conclude([sampled(target, spread=0.2)], provenance=origin(model, cohort))
    rows = repeated(fit.summary, "B", PATIENTS)
    assert len(rows) > 25 * PATIENTS
    monkeypatch.setattr(Fit, "summary", rows)
    page = render(Fit(many(fit.tree, PATIENTS), fit.verdict))
    assert f"Pictures show 12 of {PATIENTS} patients" in page
    assert 5e6 < len(page.encode()) < MEGABYTES * 1e6  # 7 MB: that much is there to be bounded
