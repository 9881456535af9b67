"""Synthesis and breakdown of plasma protein."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import net_turnover


@given(A_p=st.floats(10, 300), k_deg=st.floats(1e-3, 1e-2))
def test_synthesis_balances_breakdown_in_health(A_p, k_deg):
    assert net_turnover(A_p, A_p, k_deg) == 0


def test_health_makes_twelve_grams_of_albumin_a_day():
    daily = 24 * net_turnover(0.0, 126.0, 0.0040)  # nothing to break down: synthesis alone
    np.testing.assert_allclose(daily, 12.096, rtol=1e-14)


def test_a_deficit_is_made_up_exponentially():
    np.testing.assert_allclose(net_turnover(100.0, 126.0, 0.0040), 0.0040 * 26.0, rtol=1e-14)


def test_the_gradient_of_the_turnover_is_its_slope():
    check_grads(net_turnover, (100.0, 126.0, 0.0040), order=1, modes=["fwd", "rev"], rtol=1e-4)
