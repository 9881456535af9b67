"""The slow course of a drug's leak, and the albumin not made meanwhile."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import drug_drive, net_turnover, synthesis_under


@given(t=st.floats(-100, 600))
def test_the_drive_is_as_printed(t):
    # physiology.md 7.2: sigmoid((t - 96)/18), times exp(-(t - 144)/72) after 144 h
    expected = 1 / (1 + np.exp(-(t - 96) / 18)) * np.exp(-max(t - 144, 0.0) / 72)
    np.testing.assert_allclose(drug_drive(t, 96.0, 48.0, 18.0, 72.0, 0.0), expected, rtol=1e-12)


@given(t=st.floats(-100, 600), width=st.floats(0, 24))
def test_rounding_the_corner_runs_ahead_by_half_a_width_at_most(t, width):
    hard, rounded = (drug_drive(t, 96.0, 48.0, 18.0, 72.0, w) for w in (0.0, width))
    assert hard * np.exp(-width / 2 / 72) * (1 - 1e-12) <= rounded <= hard * (1 + 1e-12)


@given(A_p=st.floats(10, 200), E=st.floats(0, 1), f=st.floats(0, 1))
def test_an_illness_scales_synthesis_alone(A_p, E, f):
    made = (1 - (1 - f) * E) * 0.004 * 114.0
    turnover = net_turnover(A_p, 114.0, 0.004, synthesis_under(E, f))
    np.testing.assert_allclose(turnover, made - 0.004 * A_p, atol=1e-14)


def test_the_gradient_of_the_drive_is_its_slope():
    check_grads(drug_drive, (140.0, 96.0, 48.0, 18.0, 72.0, 6.0), order=1, modes=["fwd", "rev"], rtol=1e-4)
