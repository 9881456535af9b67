"""Pressures of the circulation."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import (
    arteriolar_fraction,
    capillary_pressure,
    central_venous_pressure,
    mean_arterial_pressure,
    pressor_rise,
    pressor_venoconstriction,
    small_vein_pressure,
    unstressed_volume,
)

V_B0 = 4.855940433797345  # L, 3.0 L of plasma at haematocrit 0.42
P_C0, F_V, MAP_0 = 16.56722, 0.6145, 90.0
VEINS = {"C_v": 0.17, "s": 2.0}
ARTERIES = {"V_b0": V_B0, "MAP_0": MAP_0, "MAP_min": 15.0, "x_50": 0.65, "n": 10}

vein = jax.jit(small_vein_pressure)
unstressed = jax.jit(unstressed_volume)
arterial = jax.jit(mean_arterial_pressure, static_argnames="n")

pressure = st.floats(0.5, 40)
compliance = st.floats(0.05, 0.5)


def test_the_reference_patient_has_the_printed_constants():
    P_v0 = F_V * P_C0
    # half a unit in the last printed digit, of the capillary pressure too
    np.testing.assert_allclose(P_v0, 10.18056, atol=1e-5)
    np.testing.assert_allclose(arteriolar_fraction(P_C0, F_V, MAP_0), 0.0800139, atol=1e-7)
    np.testing.assert_allclose(unstressed_volume(V_B0, P_v0, **VEINS), 3.127345, atol=1e-6 + 0.17 * 5e-6)


@pytest.mark.parametrize(
    ("x", "printed"),
    [(1.2, 15.88), (1.1, 13.03), (1, 10.18), (0.9, 7.36), (0.8, 4.66), (0.7, 2.34), (0.6, 0.85)],
)
def test_small_veins_have_the_printed_pressure(x, printed):
    V_u = unstressed(V_B0, F_V * P_C0, **VEINS)
    # half a unit in the last digit; the lowest is listed as 0.86, but the formula gives 0.8548
    np.testing.assert_allclose(vein(x * V_B0, V_u, **VEINS), printed, rtol=0, atol=0.005)


@pytest.mark.parametrize(
    ("x", "printed", "half_unit"),
    [
        (1, 90, 1e-12),
        (0.9, 88.2, 0.05),
        (0.8, 82.5, 0.05),
        (0.7, 66.5, 0.05),
        (0.65, 53, 0.5),
        (0.6, 38.6, 0.05),
    ],
)
def test_bleeding_lowers_arterial_pressure_as_printed(x, printed, half_unit):
    np.testing.assert_allclose(arterial(x * V_B0, **ARTERIES), printed, rtol=0, atol=half_unit)


@pytest.mark.parametrize(
    ("V_p", "MAP", "P_c"),
    [(3.56763, 90.67245, 19.68362), (2.33494, 86.79367, 12.77907), (1.51029, 64.8317, 7.22046)],
)
def test_the_reference_patient_has_the_printed_pressures(V_p, MAP, P_c):
    V_b, P_v0 = V_p + V_B0 - 3.0, F_V * P_C0
    P_a = arterial(V_b, **ARTERIES)
    P_v = vein(V_b, unstressed(V_B0, P_v0, **VEINS), **VEINS)
    # half a unit in the last digit of the pressure and of the volume, at slopes up to 50 and 10 mmHg/L
    np.testing.assert_allclose(P_a, MAP, rtol=0, atol=0.5e-5 * 51)
    rho = arteriolar_fraction(P_C0, F_V, MAP_0)
    np.testing.assert_allclose(capillary_pressure(P_v, P_a, rho), P_c, rtol=0, atol=0.5e-5 * 11)


@given(V_b0=st.floats(2, 8), P_v0=pressure, C_v=compliance, s=st.floats(0.5, 4))
def test_the_unstressed_volume_gives_back_the_healthy_pressure(V_b0, P_v0, C_v, s):
    V_u = unstressed(V_b0, P_v0, C_v=C_v, s=s)
    # rounding of a volume of 10 L over the compliance
    np.testing.assert_allclose(vein(V_b0, V_u, C_v=C_v, s=s), P_v0, rtol=1e-12, atol=1e-14 / C_v)


@given(V_b=st.floats(2, 8), V_u=st.floats(2, 5), C_v=compliance, s=st.floats(0.5, 4))
def test_the_pressure_gives_back_the_unstressed_volume(V_b, V_u, C_v, s):
    P_v = vein(V_b, V_u, C_v=C_v, s=s)
    if V_b - V_u > -10 * C_v * s:  # below, the pressure has faded and tells nothing
        np.testing.assert_allclose(unstressed(V_b, P_v, C_v=C_v, s=s), V_u, rtol=1e-10)


@given(V_b=st.floats(0, 8), more=st.floats(0.01, 1))
def test_more_blood_raises_the_venous_pressure(V_b, more):
    assert 0 < vein(V_b, 3.127, **VEINS) < vein(V_b + more, 3.127, **VEINS)


def test_full_veins_are_as_compliant_as_stated_and_slack_ones_give_no_pressure():
    slope = jax.grad(small_vein_pressure)
    np.testing.assert_allclose(slope(20.0, 3.0, **VEINS), 1 / 0.17, rtol=1e-12)  # e^-50 is below rounding
    np.testing.assert_allclose(vein(0.0, 20.0, **VEINS), 0.0, atol=1e-20)


@given(P_c0=st.floats(5, 40), f_v=st.floats(0.1, 0.95), MAP_0=st.floats(60, 120))
def test_health_has_the_healthy_capillary_pressure(P_c0, f_v, MAP_0):
    rho = arteriolar_fraction(P_c0, f_v, MAP_0)
    np.testing.assert_allclose(capillary_pressure(f_v * P_c0, MAP_0, rho), P_c0, rtol=1e-13)


@given(P_v=pressure, MAP=st.floats(40, 120), rho=st.floats(0.01, 0.99))
def test_capillary_pressure_lies_between_vein_and_artery(P_v, MAP, rho):
    assert P_v <= capillary_pressure(P_v, MAP, rho) <= MAP


@given(x=st.floats(0.05, 1.4), more=st.floats(0.01, 0.2))
def test_more_blood_raises_arterial_pressure(x, more):
    assert 15 <= arterial(x * V_B0, **ARTERIES) < arterial((x + more) * V_B0, **ARTERIES)


def test_an_empty_circulation_keeps_the_least_pressure():
    assert arterial(0.0, **ARTERIES) == 15


@given(x=st.floats(0.3, 1.5))
def test_a_whole_number_of_powers_is_the_same_as_a_product(x):
    as_float = mean_arterial_pressure(x * V_B0, **ARTERIES | {"n": 10.0})
    np.testing.assert_allclose(as_float, arterial(x * V_B0, **ARTERIES), rtol=1e-13)


def test_central_venous_pressure_follows_the_small_veins():
    assert central_venous_pressure(10.0, P_v0=10.0, CVP_0=5.0, gain=0.8) == 5
    np.testing.assert_allclose(central_venous_pressure(15.0, P_v0=10.0, CVP_0=5.0, gain=0.8), 9.0, rtol=1e-15)


def test_norepinephrine_raises_pressure_and_squeezes_the_veins():
    assert pressor_rise(0.0, dMAP_max=50.0, NE_50=0.3) == 0
    assert pressor_venoconstriction(0.0, dV_max=-0.3, NE_50=0.3) == 0
    # half of the largest effect at the half dose
    np.testing.assert_allclose(pressor_rise(0.3, dMAP_max=50.0, NE_50=0.3), 25.0, rtol=1e-15)
    np.testing.assert_allclose(pressor_venoconstriction(0.3, dV_max=-0.3, NE_50=0.3), -0.15, rtol=1e-15)
    # the rest of a dose-response of 1/x at 3e5 half doses
    np.testing.assert_allclose(pressor_rise(1e5, dMAP_max=50.0, NE_50=0.3), 50.0, rtol=1e-5)


@given(V_b=st.floats(2, 8), P_v0=pressure)
def test_pressures_do_not_depend_on_the_unit_of_volume(V_b, P_v0):
    litre = 1000.0  # in mL
    V_u = unstressed(V_B0, P_v0, **VEINS)
    V_u_mL = unstressed(V_B0 * litre, P_v0, C_v=0.17 * litre, s=2.0)
    np.testing.assert_allclose(V_u_mL, V_u * litre, rtol=1e-12)
    np.testing.assert_allclose(
        vein(V_b * litre, V_u * litre, C_v=0.17 * litre, s=2.0), vein(V_b, V_u, **VEINS), rtol=1e-11
    )
    in_mL = ARTERIES | {"V_b0": V_B0 * litre}
    np.testing.assert_allclose(arterial(V_b * litre, **in_mL), arterial(V_b, **ARTERIES), rtol=1e-12)


@pytest.mark.parametrize("V_b", [1.0, 3.0, 4.86, 7.0])
def test_the_gradients_of_the_pressures_are_their_slopes(V_b):
    check_grads(small_vein_pressure, (V_b, 3.1, 0.17, 2.0), order=1, modes=["fwd", "rev"], rtol=1e-4)

    def smooth_in_n(V_b, V_b0, x_50, n):
        return mean_arterial_pressure(V_b, V_b0=V_b0, MAP_0=90.0, MAP_min=15.0, x_50=x_50, n=n)

    check_grads(smooth_in_n, (V_b, V_B0, 0.65, 10.0), order=1, modes=["fwd", "rev"], rtol=1e-4)


def test_the_gradients_of_the_constants_are_their_slopes():
    check_grads(unstressed_volume, (V_B0, 10.0, 0.17, 2.0), order=1, modes=["fwd", "rev"], rtol=1e-4)
    check_grads(arteriolar_fraction, (16.6, 0.6145, 90.0), order=1, modes=["fwd", "rev"], rtol=1e-4)
    check_grads(pressor_rise, (0.2, 50.0, 0.3), order=1, modes=["fwd", "rev"], rtol=1e-4)


@pytest.mark.parametrize("V_b", [0.0, 1e3])
def test_the_gradients_are_finite_far_from_health(V_b):
    assert np.all(np.isfinite(jax.grad(small_vein_pressure, argnums=(0, 1, 2, 3))(V_b, 3.1, 0.17, 2.0)))
    assert np.isfinite(jax.grad(mean_arterial_pressure)(V_b, **ARTERIES))


@pytest.mark.parametrize("P_v0", [1e-6, 2000.0])
def test_the_unstressed_volume_is_finite_for_any_venous_pressure(P_v0):
    assert np.isfinite(unstressed(V_B0, P_v0, **VEINS))
    assert np.all(np.isfinite(jax.grad(unstressed_volume, argnums=(0, 1, 2, 3))(V_B0, P_v0, 0.17, 2.0)))
