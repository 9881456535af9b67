"""Leaving out is judged against closed forms of a model whose posterior is known."""

import numpy as np
import pytest
from results.conjugate import left_out, measured

from cls_infer.errors import InputError
from cls_infer.results.loo import leave_one_out, measurements

VALUES = np.random.default_rng(7).normal(1.0, 1.0, (5, 4))
VALUES[1, 3] = np.nan


def test_leaving_out_a_measurement_is_the_closed_form():
    found = leave_one_out(measured(VALUES).tree, "observation")
    flat = VALUES[np.isfinite(VALUES)]
    exact = left_out(flat, [[n] for n in range(flat.size)])
    # 4,000 draws; a weight varies by a few per cent, so that the mean of them is good to a few per mille
    np.testing.assert_allclose(found.each, exact, atol=0.01)
    np.testing.assert_allclose(found.total, exact.sum(), atol=0.05)
    assert found.units[0] == "albumin of P1 at 0 h (row 2)" and len(found.units) == 19
    assert found.unreliable == [] and (found.draws, found.dropped) == (4000, 0)


def test_leaving_out_a_patient_is_the_closed_form():
    found = leave_one_out(measured(VALUES).tree, "patient")
    flat = VALUES[np.isfinite(VALUES)]
    owner = np.nonzero(np.isfinite(VALUES))[0]
    exact = left_out(flat, [np.flatnonzero(owner == patient) for patient in range(5)])
    np.testing.assert_allclose(found.each, exact, atol=0.05)  # four measurements at once: wider weights
    assert found.units == ("P1", "P2", "P3", "P4", "P5")


def test_having_lived_is_left_out_with_the_patient_alone():
    tree = measured(VALUES).tree
    before = {by: leave_one_out(tree, by).total for by in ("observation", "patient")}
    lived = tree["log_likelihood"]["measurement"].isel(obs=0, drop=True) * 0 - 0.25
    tree["log_likelihood"]["survival"] = lived
    after = {by: leave_one_out(tree, by).total for by in ("observation", "patient")}
    np.testing.assert_allclose(after["observation"], before["observation"], rtol=1e-12)
    np.testing.assert_allclose(after["patient"], before["patient"] - 5 * 0.25, rtol=1e-9)


def test_an_outlier_is_named_as_unreliable():
    values = VALUES.copy()
    values[2, 1] = 40.0
    found = leave_one_out(measured(values).tree, "observation")
    (unit, khat), *_ = found.unreliable
    assert unit == "albumin of P3 at 1 h (row 11)" and khat > found.good_khat


def test_draws_that_failed_are_left_out_and_counted():
    fit = measured(VALUES)
    whole = leave_one_out(fit.tree, "observation").total
    fit.tree["log_likelihood"]["measurement"].values[0, ::40, 2] = np.nan
    found = leave_one_out(fit.tree, "observation")
    assert (found.draws, found.dropped) == (3950, 50)
    np.testing.assert_allclose(found.total, whole, atol=0.02)
    fit.tree["log_likelihood"]["measurement"].values[:] = np.nan
    with pytest.raises(InputError, match="no draw of the run could be solved"):
        leave_one_out(fit.tree, "patient")


def test_rows_are_in_one_order_however_the_patients_stand():
    tree = measured(VALUES).tree
    turned = tree.copy()
    for group in ("observed_data", "log_likelihood"):
        turned[group] = tree[group].to_dataset().isel(patient=[3, 0, 4, 2, 1])
    assert list(measurements(turned)) == list(measurements(tree))
    for by in ("observation", "patient"):
        one, other = (leave_one_out(each, by) for each in (tree, turned))
        assert one.units == other.units
        np.testing.assert_allclose(one.each, other.each, rtol=1e-12)


def test_a_limit_far_from_every_prediction_needs_no_weights():
    tree = measured(VALUES).tree
    tree["log_likelihood"]["measurement"].values[:, :, 0, 0] = -1e-9
    tree["log_likelihood"]["measurement"].values[0, :9, 0, 1] = tree["log_likelihood"]["measurement"].values[0, 9, 0, 1]
    found = leave_one_out(tree, "observation")
    assert found.each[0] == pytest.approx(-1e-9) and found.khat[0] == 0 and found.unreliable == []
    tree["log_likelihood"]["measurement"].values[:] = -0.5
    assert leave_one_out(tree, "patient").total == pytest.approx(-0.5 * 20)
