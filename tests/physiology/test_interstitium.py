"""The pressure-volume curve of the interstitium."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import interstitial_pressure

REFERENCE = {
    "V_0": 11.0,
    "P_0": -0.9,
    "m_lo": 1.0,
    "m_hi": 0.04,
    "f_knee": 1.20,
    "w": 0.35,
    "f_stiff": 2.4,
    "m_stiff": 0.6,
    "w_stiff": 0.8,
}
PER_LITRE, LITRES = ("m_lo", "m_hi", "m_stiff"), ("V_0", "w", "w_stiff")

pressure = jax.jit(interstitial_pressure)
slope = jax.jit(jax.grad(interstitial_pressure))


@pytest.mark.parametrize(
    ("V", "printed"),
    [
        (8, -3.899),
        (9, -2.899),
        (10, -1.899),
        (11, -0.900),
        (12, 0.090),
        (13, 0.950),
        (14, 1.300),
        (16, 1.413),
        (20, 1.573),
        (26, 2.040),
        (30, 4.138),
    ],
)
def test_the_interstitium_has_the_printed_pressure(V, printed):
    # half a unit in the last printed digit
    np.testing.assert_allclose(pressure(float(V), **REFERENCE), printed, rtol=0, atol=0.0005)


@given(
    V_0=st.floats(5, 20),
    P_0=st.floats(-5, 3),
    m_lo=st.floats(0.2, 3),
    m_hi=st.floats(0.01, 0.2),
    f_knee=st.floats(1.05, 1.5),
    w=st.floats(0.05, 1),
)
def test_the_healthy_volume_has_exactly_the_healthy_pressure(V_0, P_0, **shape):
    assert pressure(V_0, **REFERENCE | {"V_0": V_0, "P_0": P_0} | shape) == P_0


@given(V=st.floats(2, 60), more=st.floats(0.01, 5))
def test_pressure_rises_with_volume(V, more):
    assert pressure(V + more, **REFERENCE) > pressure(V, **REFERENCE)


def test_the_tissue_is_stiff_then_slack_then_stiff_again():
    # beyond ten widths the logistic shares are within 5e-5 of 0 or 1
    np.testing.assert_allclose(slope(8.0, **REFERENCE), 1.0, atol=1e-4)
    np.testing.assert_allclose(slope(17.5, **REFERENCE), 0.04, atol=1e-4)
    np.testing.assert_allclose(slope(40.0, **REFERENCE), 0.04 + 0.6, atol=1e-4)


def test_half_the_stiffness_is_lost_at_the_knee():
    # the stiff limit is 16 widths away and adds 3e-8
    np.testing.assert_allclose(slope(1.2 * 11, **REFERENCE), (1.0 + 0.04) / 2, atol=1e-7)


@given(V=st.floats(2, 60))
def test_the_pressure_does_not_depend_on_the_unit_of_volume(V):
    in_mL = REFERENCE | {k: REFERENCE[k] * 1000 for k in LITRES} | {k: REFERENCE[k] / 1000 for k in PER_LITRE}
    np.testing.assert_allclose(pressure(1000 * V, **in_mL), pressure(V, **REFERENCE), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("V", [8.0, 11.0, 13.2, 26.4, 40.0])
def test_the_gradient_of_the_pressure_is_its_slope(V):
    check_grads(interstitial_pressure, (V, *REFERENCE.values()), order=1, modes=["fwd", "rev"], rtol=1e-4)


@pytest.mark.parametrize("V", [0.0, 11.0, 1e4])
def test_the_gradient_is_finite_far_from_health(V):
    gradient = jax.grad(interstitial_pressure, argnums=tuple(range(10)))(V, *REFERENCE.values())
    assert np.all(np.isfinite(gradient))
