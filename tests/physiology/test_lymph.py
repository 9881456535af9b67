"""Lymph flow and the saturating response."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import log_logistic, lymph_flow

REFERENCE = {"P_i0": -0.9, "J_L0": 0.275, "J_max_ratio": 10.0, "lambda_L": 0.40}

flow = jax.jit(lymph_flow)
response = jax.jit(log_logistic)
slope = jax.jit(jax.grad(lymph_flow))

shape = {
    "P_i0": st.floats(-3, 1),
    "J_L0": st.floats(0.05, 1),
    "J_max_ratio": st.floats(1.5, 30),
    "lambda_L": st.floats(0.1, 1),
}


@given(**shape)
def test_the_healthy_pressure_drives_the_healthy_flow(**p):
    np.testing.assert_allclose(flow(p["P_i0"], **p), p["J_L0"], rtol=1e-14)


@given(**shape)
def test_the_reserve_lessens_the_healthy_slope(**p):
    expected = p["lambda_L"] * p["J_L0"] * (1 - 1 / p["J_max_ratio"])
    np.testing.assert_allclose(slope(p["P_i0"], **p), expected, rtol=1e-13)


@given(**shape)
def test_lymph_saturates_at_high_and_stops_at_low_pressure(**p):
    far = 60 / p["lambda_L"]  # e^-60 is below rounding
    np.testing.assert_allclose(flow(p["P_i0"] + far, **p), p["J_max_ratio"] * p["J_L0"], rtol=1e-14)
    np.testing.assert_allclose(flow(p["P_i0"] - far, **p), 0.0, atol=1e-24)


@given(P_i=st.floats(-1e4, 1e4))
def test_lymph_flow_is_positive_and_bounded(P_i):
    assert 0 < flow(P_i, **REFERENCE) <= 10 * 0.275


@given(P_i=st.floats(-20, 10), more=st.floats(0.01, 5))
def test_lymph_flow_rises_with_pressure(P_i, more):
    assert flow(P_i + more, **REFERENCE) > flow(P_i, **REFERENCE)


@pytest.mark.parametrize(
    ("P_i", "printed"), [(-0.64101, 0.30172), (0.19364, 0.40375), (0.8212, 0.49809), (-1.86863, 0.19286)]
)
def test_the_reference_patient_has_the_printed_flow(P_i, printed):
    # half a unit in the last digit of the flow and of the pressure, at slopes up to 0.2 L/h/mmHg
    np.testing.assert_allclose(flow(P_i, **REFERENCE), printed, rtol=0, atol=0.5e-5 * 1.2)


@given(x=st.floats(-5, 5), y_0=st.floats(0.01, 1), ratio=st.floats(1.5, 30), k=st.floats(0.1, 10))
def test_the_odds_of_the_response_grow_exponentially(x, y_0, ratio, k):
    y_max = ratio * y_0
    y = response(x, y_0, y_max, k)
    # odds y/(y_max - y), with the shortfall y_max - y taken as the mirrored response
    shortfall = response(-x, y_max - y_0, y_max, k)
    np.testing.assert_allclose(y / shortfall, y_0 / (y_max - y_0) * np.exp(k * x), rtol=1e-12)


@given(x=st.floats(-100, 100), k=st.floats(0.1, 10))
def test_a_response_without_reserve_is_constant(x, k):
    assert response(x, 0.3, 0.3, k) == 0.3


@pytest.mark.parametrize("P_i", [-1e5, -3.0, -0.9, 2.0, 1e5])
def test_the_gradient_is_finite_far_from_health(P_i):
    gradient = jax.grad(lymph_flow, argnums=(0, 1, 2, 3, 4))(P_i, *REFERENCE.values())
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize("P_i", [-10.0, -0.9, 2.0, 20.0])
def test_the_gradient_of_the_flow_is_its_slope(P_i):
    check_grads(lymph_flow, (P_i, *REFERENCE.values()), order=1, modes=["fwd", "rev"], rtol=1e-4)
