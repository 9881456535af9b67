"""The fluid flux across the wall."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import fluid_flux, partial_pressures

positive = st.floats(1e-3, 10)
pressure = st.floats(-50, 50)

ALBUMIN, GLOBULIN = (0.28, 1.8e-3, 1.2e-5), (0.16, 1.5e-3, 6e-6)


@given(Kf=positive, P_i=st.floats(-5, 5), opposing=pressure)
def test_no_fluid_crosses_at_the_isogravimetric_pressure(Kf, P_i, opposing):
    P_c = P_i + opposing
    # two roundings of pressures of order 100 mmHg
    np.testing.assert_allclose(fluid_flux(Kf, P_c - P_i, opposing), 0.0, atol=Kf * 1e-13)


@given(Kf=positive, dP=pressure, opposing=pressure)
def test_exchanging_the_two_pressures_turns_the_flux_round(Kf, dP, opposing):
    assert fluid_flux(Kf, dP, opposing) == -fluid_flux(Kf, opposing, dP)


@given(Kf=positive, dP=pressure, opposing=pressure, litre=positive, mmHg=positive)
def test_the_flux_is_a_volume_per_time_in_any_units(Kf, dP, opposing, litre, mmHg):
    scaled = fluid_flux(Kf * litre / mmHg, dP * mmHg, opposing * mmHg)
    # a handful of roundings, before a difference of pressures up to 50
    np.testing.assert_allclose(scaled, litre * fluid_flux(Kf, dP, opposing), rtol=1e-12, atol=1e-12 * litre)


def test_a_step_of_capillary_pressure_raises_the_flux_by_the_filtration_coefficient():
    before, after = fluid_flux(0.21, 17.0, 16.0), fluid_flux(0.21, 18.0, 16.0)
    np.testing.assert_allclose(after - before, 0.2100, rtol=1e-12)  # rounding of the difference


def test_the_gradient_of_the_flux_is_its_slope():
    check_grads(fluid_flux, (0.21, 17.0, 16.0), order=1, modes=["fwd", "rev"])


def test_the_healthy_one_pore_wall_filters_its_lymph():
    """sigma 0.91, P_i -0.9: P_c is 17.100 where lymph is 0.20 L/h (M1)."""
    C_p, C_i, R_p, R_i = 42.0, 0.4518072 * 42, 26 / 42, 0.42  # globulin follows albumin
    pi_p = sum(partial_pressures(C_p, R_p * C_p, ALBUMIN, GLOBULIN))
    pi_i = sum(partial_pressures(C_i, R_i * C_i, ALBUMIN, GLOBULIN))
    flux = fluid_flux(0.21, 17.100 + 0.9, 0.91 * (pi_p - pi_i))
    np.testing.assert_allclose(flux, 0.20, atol=0.21 * 0.0005)  # half a unit in the last digit of P_c


def test_the_wall_of_xie_filters_its_lymph():
    flux = fluid_flux(121.05, 11.0 + 0.7, 0.9888 * (25.9 - 14.7))  # mL/h/mmHg, mmHg
    np.testing.assert_allclose(flux, 75.71, atol=0.005)  # half a unit in the last printed digit


@pytest.mark.parametrize(
    ("LpS", "sigma_A", "sigma_G", "printed"),
    [(0.21 * 0.958, 0.9442395, 1.0, 0.143061), (0.21 * 0.042, 0.0825551, 0.2731584, 0.131939)],
    ids=["small pores", "large pores"],
)
def test_small_and_large_pores_share_the_healthy_filtration_about_equally(LpS, sigma_A, sigma_G, printed):
    plasma_A, plasma_G = partial_pressures(42.0, 26.0, ALBUMIN, GLOBULIN)
    tissue_A, tissue_G = partial_pressures(21.47480, 9.06680, ALBUMIN, GLOBULIN)
    opposing = sigma_A * (plasma_A - tissue_A) + sigma_G * (plasma_G - tissue_G)
    flux = fluid_flux(LpS, 16.56722 + 0.9, opposing)
    # half a unit in the last digit of the flux, of P_c and of the two concentrations (0.4 mmHg L/g)
    np.testing.assert_allclose(flux, printed, atol=5e-7 + LpS * (5e-6 + 2 * 0.4 * 5e-6))
