"""Runs are compared on the same measurements only, and what does not hold is said."""

from math import isnan

import numpy as np
import pytest
from results.conjugate import left_out, measured, run
from scipy import stats

from cls_infer.errors import InputError
from cls_infer.results.compare import compare

VALUES = np.random.default_rng(3).normal(1.5, 1.0, (6, 4))


def about_nought(values, **attrs):
    """A run of a model that knows the mean to be 0."""
    return run(values, np.zeros((2, 500)) + 1e-6 * np.arange(500), prior=np.zeros((2, 500)), **attrs)


@pytest.fixture(scope="module")
def both():
    return compare({"zero": about_nought(VALUES), "mean": measured(VALUES)})


def test_the_better_model_leads_by_the_closed_form(both):
    first, second = both.runs
    exact = left_out(VALUES.ravel(), [[n] for n in range(VALUES.size)])
    gap = stats.norm.logpdf(VALUES.ravel()) - exact
    assert (first.run, second.run, both.units) == ("mean", "zero", 24)
    np.testing.assert_allclose(first.elpd, exact.sum(), atol=0.05)  # as in test_loo.py
    np.testing.assert_allclose(second.difference, gap.sum(), atol=0.05)
    np.testing.assert_allclose(second.difference_se, np.sqrt(24 * gap.var()), rtol=0.01)
    assert first.difference == 0 and isnan(first.difference_se)


def test_stacking_weights_are_of_the_mixture_that_predicts_best(both):
    weights = {one.run: one.weight for one in both.runs}
    assert sum(weights.values()) == pytest.approx(1, abs=1e-6)
    exact = left_out(VALUES.ravel(), [[n] for n in range(VALUES.size)])
    densities = np.exp([exact, stats.norm.logpdf(VALUES.ravel())])
    grid = np.linspace(0, 1, 1001)
    best = grid[np.argmax([np.log(w * densities[0] + (1 - w) * densities[1]).sum() for w in grid])]
    assert weights["mean"] == pytest.approx(best, abs=0.02)  # flat about its top


def test_weights_of_densities_below_the_smallest_number_are_numbers():
    values = np.array([[60.0] * 30, [61.0] * 30])
    found = compare({"zero": about_nought(values), "mean": measured(values)}, by="patient")
    assert found.runs[1].elpd < -1e5
    assert [round(one.weight, 6) for one in found.runs] == [1.0, 0.0]


def test_other_measurements_are_refused_by_name():
    moved, shorter = VALUES.copy(), VALUES.copy()
    moved[1, 2] += 1
    shorter[0, 1:] = np.nan
    fits = {"a": measured(VALUES), "b": measured(moved), "c": measured(shorter)}
    with pytest.raises(InputError) as refused:
        compare(fits)
    one, two = refused.value.problems
    assert one.where == "b" and "another value, time or unit of `albumin` of `P2` (row 8)" in one.message
    assert two.where == "c" and "lacks `albumin` of `P1` (row 3), `albumin` of `P1` (row 4)" in two.message
    with pytest.raises(InputError, match="has besides"):
        compare({"c": fits["c"], "a": fits["a"]})


def test_interrupts_and_unmet_verdicts_are_said():
    fits = {"a": measured(VALUES, complete=False, unmet=("sampling was interrupted",)), "b": measured(VALUES, seed=2)}
    by_name = {one.run: one for one in compare(fits).runs}
    assert any("was interrupted" in said for said in by_name["a"].cautions)
    assert any("verdict is not met" in said for said in by_name["a"].cautions)
    assert by_name["b"].cautions == ()


def test_too_high_a_khat_makes_the_number_worthless_and_says_where():
    values = VALUES.copy()
    values[4, 2] = 50.0
    found = compare({"mean": measured(values)})
    assert not found.trusted
    (said,) = found.runs[0].cautions
    assert "not to be trusted" in said and "albumin of P5 at 2 h (row 20)" in said
    assert compare({"mean": measured(VALUES)}).trusted


def test_evidence_is_shown_where_there_is_any():
    fits = {
        "a": measured(VALUES, log_evidence=-40.0, log_evidence_se=0.02),
        "b": measured(VALUES, seed=2, log_evidence=-42.5, log_evidence_se=0.05),
        "c": measured(VALUES, seed=3),
    }
    found = {one.run: one for one in compare(fits).runs}
    assert (found["a"].log_bayes_factor, found["b"].log_bayes_factor) == (0.0, -2.5)
    assert found["b"].log_evidence_se == 0.05 and found["a"].no_evidence == ""
    assert isnan(found["c"].log_evidence) and isnan(found["c"].log_bayes_factor)
    assert found["c"].no_evidence == "fitted by nuts, which estimates no evidence"


def test_leaving_out_the_only_patient_estimates_the_evidence():
    values = VALUES[:1, :2]
    found = compare({"mean": measured(values, prior_sd=1.0, draws=20000)}, by="patient")
    exact = stats.multivariate_normal(np.zeros(2), np.eye(2) + 1).logpdf(values[0])
    np.testing.assert_allclose(found.runs[0].elpd, exact, atol=0.1)
    assert isnan(found.runs[0].se) and "log evidence" in found.cautions[0]


def test_what_is_rough_and_what_is_alike_is_said():
    fits = {"a": measured(VALUES), "b": measured(VALUES, seed=2, cohort_digest="1" * 64)}
    said = " ".join(compare(fits).cautions)
    assert "tables are not" in said and "fewer than 100" in said and "predict alike" in said
