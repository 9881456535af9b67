import csv
import io

import numpy as np
import pytest

from cls_infer.results.residuals import coverage, far_off, residuals
from cls_infer.results.summary import Row, not_told, summarise, to_csv


def row(name, contraction, shift=0.1):
    return Row(name, "1", 1.0, 0.1, 0.8, 1.0, 1.2, 0.5, contraction, shift, 1.0, 900.0)


def test_contraction_is_the_closed_form_of_a_normal_update(fit):
    tree = fit.tree.copy(deep=True)
    z = tree["posterior"]["Hct0"].values
    tree["posterior"]["Hct0"].values[:] = 0.43 + 0.015 * (z - z.mean()) / z.std(ddof=1)  # prior normal(0.43, 0.03)
    found = {row.name: row for row in summarise(tree)}["Hct0[P1]"]
    # 1 - (0.015/0.03)**2; the prior's sd comes from a Latin hypercube of 2,000, good to a few per mille
    np.testing.assert_allclose(found.contraction, 0.75, atol=0.005)
    np.testing.assert_allclose([found.sd, found.mean, found.prior_sd], [0.015, 0.43, 0.03], rtol=5e-3)


def test_the_prior_against_itself_is_not_informed(fit):
    tree = fit.tree.copy(deep=True)
    for name in tree["posterior"].data_vars:
        prior = tree["prior"][name].values.reshape(-1)[: tree["posterior"][name].size]
        tree["posterior"][name].values[:] = prior.reshape(tree["posterior"][name].shape)
    assert {row.told for row in summarise(tree)} <= {"not informed", "hinted"}


@pytest.mark.parametrize(
    ("contraction", "told"),
    [(0.9, "learnt"), (0.5, "learnt"), (0.3, "hinted"), (0.05, "not informed"), (-0.2, "not informed")],
)
def test_words_for_what_the_data_told(contraction, told):
    assert row("M[P1]", contraction).told == told


def test_a_posterior_that_moved_is_not_called_the_prior():
    assert row("LpS[P1]", -0.3, shift=1.1).told == row("LpS[P1]", 0.0, shift=-0.6).told == "hinted"


def test_a_lognormal_update_is_read_on_the_logarithm(fit):
    tree = fit.tree.copy(deep=True)
    rng = np.random.default_rng(5)
    for group, location, scale in (("prior", 0.0, 0.8), ("posterior", 1.0, 0.4)):
        z = rng.standard_normal(tree[group]["k_10"].shape)
        tree[group]["k_10"].values[:] = np.exp(location + scale * (z - z.mean()) / z.std(ddof=1))
    found = {row.name: row for row in summarise(tree)}["k_10[P1]"]
    np.testing.assert_allclose([found.contraction, found.shift], [0.75, 1 / 0.8], rtol=1e-9)


def test_what_was_not_told_is_named():
    sentences = " ".join(not_told([row("M[P1]", 0.9), row("LpS[P1]", 0.02), row("lambda_L[P1]", 0.2)]))
    assert (
        "did not inform LpS[P1]" in sentences and "lambda_L[P1] (20%, +0.1)" in sentences and "M[P1]" not in sentences
    )


def test_the_csv_reads_back(fit):
    rows = list(csv.DictReader(io.StringIO(to_csv(fit.summary))))
    assert [r["name"] for r in rows] == [r.name for r in fit.summary]
    assert float(rows[0]["mean"]) == fit.summary[0].mean and rows[0]["told"] == "learnt"


def test_residuals_and_coverage_see_limits_as_limits(fit):
    found = {one.row: one for one in residuals(fit.tree)}
    assert found[7].limit == "above " and found[7].standardised == 0.0 and found[7].covered
    assert found[5].standardised > 10 and not found[5].covered  # a plasma dilution of 0.9 after a litre
    assert far_off(list(found.values()))[0].row == 5
    np.testing.assert_allclose(coverage(list(found.values())), np.mean([one.covered for one in found.values()]))
