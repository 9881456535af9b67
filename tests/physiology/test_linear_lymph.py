"""Lymph linear in pressure, and the protein balance it keeps in health."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import (
    linear_lymph_flow,
    solute_flux,
    steady_interstitial_ratio,
    unidirectional_clearance,
)

XIE = {"P_i0": -0.7, "J_L0": 0.07574, "LS": 0.04308, "w": 0.005}
flow = jax.jit(linear_lymph_flow)


@given(J_L0=st.floats(0.01, 0.5), w=st.floats(1e-3, 0.1))
def test_lymph_is_its_healthy_flow_at_the_healthy_pressure(J_L0, w):
    np.testing.assert_allclose(flow(-0.7, -0.7, J_L0, 0.04, w), J_L0, rtol=1e-12)


@given(dP=st.floats(-20, 20))
def test_lymph_is_the_straight_line_until_there_is_none(dP):
    line = max(0.0, 0.07574 + 0.04308 * dP)
    # a softplus lies at most w ln 2 above its corner
    assert line - 1e-8 <= flow(-0.7 + dP, **XIE) <= line + 0.005 * np.log(2) + 1e-12


@pytest.mark.parametrize("dP", [-1.0, 0.0, 3.0, 10.0])
def test_away_from_its_corner_the_line_is_met(dP):
    line = 0.07574 + 0.04308 * dP
    np.testing.assert_allclose(flow(-0.7 + dP, **XIE), line, atol=0.005 * np.exp(-line / 0.005))


def test_the_gradient_of_the_flow_is_its_slope():
    for P_i in (-3.0, -2.4, -0.7, 2.0):
        check_grads(
            linear_lymph_flow,
            (P_i, *XIE.values()),
            order=1,
            modes=["fwd", "rev"],
            rtol=1e-4,
            eps=1e-6,  # well below the corner's width
        )


@given(J=st.floats(0.02, 0.5), sigma=st.floats(0.5, 0.999), PS=st.floats(0.02, 0.5), share=st.floats(0.4, 1))
def test_lymph_carries_off_what_crosses_the_wall(J, sigma, PS, share):
    clearance = unidirectional_clearance(J, sigma, PS)
    C_i = 40.0 * steady_interstitial_ratio(clearance, J * (1 - sigma), J * share)
    np.testing.assert_allclose(solute_flux(J, sigma, PS, 40.0, C_i), J * share * C_i, rtol=1e-11)


def test_lymph_at_the_accessible_concentration_gives_the_ratio_of_a_one_pore_wall():
    clearance, J, sigma = 0.15, 0.20, 0.91
    found = steady_interstitial_ratio(clearance, J * (1 - sigma), J)
    np.testing.assert_allclose(found, clearance / (clearance + sigma * J), rtol=1e-14)  # physiology.md 1.6
