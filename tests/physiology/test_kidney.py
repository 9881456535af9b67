"""Urine flow."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import diuretic_factor, evaporation_factor, mean_arterial_pressure, urine_flow

V_B0 = 4.855940433797345  # L
REFERENCE = {
    "V_b0": V_B0,
    "V_p0": 3.0,
    "MAP": 90.0,
    "MAP_0": 90.0,
    "J_u0": 0.060,
    "J_max": 1.10,
    "k_u": 9.0,
    "MAP_50": 60.0,
    "h": 8,
}

urine = jax.jit(urine_flow, static_argnames="h")


@pytest.mark.parametrize(("x", "printed"), [(-0.2, 10), (-0.1, 25), (0, 60), (0.1, 137), (0.2, 285), (0.3, 508)])
def test_blood_volume_drives_the_printed_urine_flow(x, printed):
    mL_per_h = 1000 * urine(V_B0 + x * 3.0, **REFERENCE)
    np.testing.assert_allclose(mL_per_h, printed, atol=0.5)  # half a unit in the last printed digit


@pytest.mark.parametrize(
    ("MAP", "printed", "half_unit"), [(50.0, 0.196, 0.0005), (60.0, 0.52, 0.005), (70.0, 0.805, 0.0005)]
)
def test_low_arterial_pressure_cuts_urine_flow_as_printed(MAP, printed, half_unit):
    ratio = urine(V_B0, **REFERENCE | {"MAP": MAP}) / 0.060
    np.testing.assert_allclose(ratio, printed, atol=half_unit)


@pytest.mark.parametrize(("V_p", "printed"), [(3.56763, 0.26516), (2.33494, 0.00846), (3.24832, 0.11934)])
def test_the_reference_patient_has_the_printed_urine_flow(V_p, printed):
    V_b = V_p + V_B0 - 3.0
    MAP = mean_arterial_pressure(V_b, V_b0=V_B0, MAP_0=90.0, MAP_min=15.0, x_50=0.65, n=10)
    # half a unit in the last digit of the flow and of the volume, at slopes up to 0.7 /h
    np.testing.assert_allclose(urine(V_b, **REFERENCE | {"MAP": MAP}), printed, rtol=0, atol=0.5e-5 * 1.7)


@given(
    V_b0=st.floats(2, 8),
    V_p0=st.floats(1, 5),
    MAP_0=st.floats(50, 120),
    J_u0=st.floats(0.01, 0.3),
    J_max=st.floats(0.5, 2),
    k_u=st.floats(1, 20),
)
def test_health_makes_the_healthy_urine_flow(V_b0, MAP_0, J_u0, **shape):
    p = REFERENCE | {"V_b0": V_b0, "MAP": MAP_0, "MAP_0": MAP_0, "J_u0": J_u0} | shape
    np.testing.assert_allclose(urine(V_b0, **p), J_u0, rtol=1e-13)


@given(V_b=st.floats(1, 8), more=st.floats(0.01, 1), MAP=st.floats(20, 150))
def test_more_blood_and_more_pressure_make_more_urine(V_b, more, MAP):
    p = REFERENCE | {"MAP": MAP}
    flow = urine(V_b, **p)
    assert 0 < flow < urine(V_b + more, **p)
    assert flow < urine(V_b, **REFERENCE | {"MAP": MAP * (1 + more)})


def test_urine_saturates_with_volume_and_stops_without_pressure():
    np.testing.assert_allclose(urine(V_B0 + 20, **REFERENCE), 1.10, rtol=1e-12)  # e^-60 is below rounding
    assert urine(V_B0, **REFERENCE | {"MAP": 0.0}) == 0


@given(V_b=st.floats(1, 8), MAP=st.floats(20, 150))
def test_urine_flow_is_a_volume_per_time_in_any_units(V_b, MAP):
    litre, mmHg, hour = 1000.0, 133.322, 60.0  # in mL, Pa, min
    factors = dict.fromkeys(("V_b0", "V_p0"), litre) | dict.fromkeys(("MAP_0", "MAP_50"), mmHg)
    factors |= dict.fromkeys(("J_u0", "J_max"), litre / hour)
    here = REFERENCE | {"MAP": MAP}
    there = here | {k: here[k] * factor for k, factor in factors.items()} | {"MAP": MAP * mmHg}
    np.testing.assert_allclose(urine(V_b * litre, **there), urine(V_b, **here) * litre / hour, rtol=1e-11)


@pytest.mark.parametrize("V_b", [2.5, 4.86, 7.0])
@pytest.mark.parametrize("MAP", [30.0, 90.0])
def test_the_gradient_of_the_flow_is_its_slope(V_b, MAP):
    p = REFERENCE | {"MAP": MAP, "h": 8.0}
    check_grads(urine_flow, (V_b, *p.values()), order=1, modes=["fwd", "rev"], rtol=1e-4)


@pytest.mark.parametrize("V_b", [0.0, 1e3])
def test_the_gradient_is_finite_far_from_health(V_b):
    assert np.all(np.isfinite(jax.grad(urine_flow, argnums=tuple(range(9)))(V_b, *REFERENCE.values())))


def test_a_loop_diuretic_multiplies_urine_two_to_seven_fold():
    # physiology.md 5.4: 1 + 6 F / (F + F50); at the assumed F50 of 5 mg/h
    assert diuretic_factor(0.0, 6.0, 5.0) == 1.0
    assert np.isclose(diuretic_factor(1.0, 6.0, 5.0), 2.0, rtol=1e-15)
    assert np.isclose(diuretic_factor(5.0, 6.0, 5.0), 4.0, rtol=1e-15)
    assert 6.9 < diuretic_factor(400.0, 6.0, 5.0) < 7.0


@given(dose_rate=st.floats(0, 1000), F_50=st.floats(0.5, 50))
def test_more_diuretic_never_makes_less_urine(dose_rate, F_50):
    assert 1 <= diuretic_factor(dose_rate, 6.0, F_50) <= diuretic_factor(dose_rate + 1, 6.0, F_50) < 7


def test_fever_takes_twelve_per_cent_more_water_with_each_degree():
    k = np.log(1.12)
    assert evaporation_factor(37.0, 37.0, k) == 1.0
    np.testing.assert_allclose(evaporation_factor(38.0, 37.0, k), 1.12, rtol=1e-14)
    np.testing.assert_allclose(evaporation_factor(40.0, 37.0, k), 1.12**3, rtol=1e-14)
