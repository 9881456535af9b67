"""Colloid osmotic pressure."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import landis_pappenheimer, partial_pressures

PLASMA = (0.21, 1.6e-3, 9e-6)
ALBUMIN = (0.28, 1.8e-3, 1.2e-5)
GLOBULIN = (0.16, 1.5e-3, 6e-6)

concentration = st.floats(0, 100)  # g/L
above_zero = st.floats(0.01, 100)


@pytest.mark.parametrize(
    ("C_A", "C_G", "mixture", "total", "linear"),
    [
        (42.0, 26.0, 26.76, 24.51, 27.59),
        (30.0, 25.0, 18.98, 17.89, 19.71),
        (20.0, 20.0, 12.02, 11.54, 13.14),
        (45.0, 28.0, 29.83, 27.36, 29.57),
        (25.0, 22.0, 15.14, 14.34, 16.43),
        (60.0, 26.0, 40.08, 35.62, 39.42),
    ],
)
def test_protein_draws_the_printed_pressure(C_A, C_G, mixture, total, linear):
    half_unit = 0.005 + 1e-9  # in the last printed digit; two of the linear values end in 5
    parts = partial_pressures(C_A, C_G, ALBUMIN, GLOBULIN)
    np.testing.assert_allclose(sum(parts), mixture, rtol=0, atol=half_unit)
    np.testing.assert_allclose(landis_pappenheimer(C_A + C_G, *PLASMA), total, rtol=0, atol=half_unit)
    np.testing.assert_allclose(landis_pappenheimer(C_A, 0.657, 0.0, 0.0), linear, rtol=0, atol=half_unit)


@pytest.mark.parametrize(
    ("C_A", "C_G", "printed", "atol"),
    [
        (42.0, 26.0, 26.76464, 0.5e-5),
        # the concentrations are themselves printed to 5 decimals; the slope is 0.4 mmHg L/g at most
        (21.47480, 9.06680, 9.35070, 0.5e-5 + 2 * 0.4 * 0.5e-5),
    ],
    ids=["plasma", "interstitium"],
)
def test_the_healthy_patient_has_the_printed_pressures(C_A, C_G, printed, atol):
    np.testing.assert_allclose(sum(partial_pressures(C_A, C_G, ALBUMIN, GLOBULIN)), printed, rtol=0, atol=atol)


@given(C_A=above_zero, C_G=above_zero)
def test_each_protein_draws_by_its_mass_fraction_of_the_pure_curve(C_A, C_G):
    C_t = C_A + C_G
    pi_A, pi_G = partial_pressures(C_A, C_G, ALBUMIN, GLOBULIN)
    np.testing.assert_allclose(pi_A, C_A / C_t * landis_pappenheimer(C_t, *ALBUMIN), rtol=1e-13)
    np.testing.assert_allclose(pi_G, C_G / C_t * landis_pappenheimer(C_t, *GLOBULIN), rtol=1e-13)


@given(C=concentration)
def test_a_pure_protein_follows_its_own_curve(C):
    assert partial_pressures(C, 0.0, ALBUMIN, GLOBULIN)[1] == 0
    assert partial_pressures(0.0, C, ALBUMIN, GLOBULIN)[0] == 0
    np.testing.assert_allclose(
        partial_pressures(C, 0.0, ALBUMIN, GLOBULIN)[0], landis_pappenheimer(C, *ALBUMIN), rtol=1e-14
    )
    np.testing.assert_allclose(
        partial_pressures(0.0, C, ALBUMIN, GLOBULIN)[1], landis_pappenheimer(C, *GLOBULIN), rtol=1e-14
    )


@given(C_A=concentration, C_G=concentration, more=st.floats(0.01, 10))
def test_more_of_either_protein_draws_harder(C_A, C_G, more):
    before = sum(partial_pressures(C_A, C_G, ALBUMIN, GLOBULIN))
    assert sum(partial_pressures(C_A + more, C_G, ALBUMIN, GLOBULIN)) > before
    assert sum(partial_pressures(C_A, C_G + more, ALBUMIN, GLOBULIN)) > before


@given(C=st.floats(0.1, 50), factor=st.floats(1.01, 5))
def test_pressure_rises_faster_than_concentration(C, factor):
    assert landis_pappenheimer(factor * C, *PLASMA) > factor * landis_pappenheimer(C, *PLASMA)


@given(C_A=concentration, C_G=concentration)
def test_the_pressure_is_the_same_counted_in_grams_per_decilitre(C_A, C_G):
    published = (2.8, 0.18, 0.012), (1.6, 0.15, 0.006)
    per_decilitre = partial_pressures(C_A / 10, C_G / 10, *published)
    here = partial_pressures(C_A, C_G, ALBUMIN, GLOBULIN)
    np.testing.assert_allclose(per_decilitre, here, rtol=1e-13, atol=1e-300)  # below that, numbers lose digits


def test_pure_water_draws_nothing_and_has_the_slopes_of_thin_solutions():
    assert partial_pressures(0.0, 0.0, ALBUMIN, GLOBULIN) == (0, 0)
    slopes = jax.jacfwd(lambda c: partial_pressures(c[0], c[1], ALBUMIN, GLOBULIN))(np.zeros(2))
    np.testing.assert_allclose(slopes, [[0.28, 0], [0, 0.16]], rtol=1e-15)


def test_the_gradients_of_the_pressures_are_their_slopes():
    check_grads(landis_pappenheimer, (68.0, *PLASMA), order=1, modes=["fwd", "rev"], rtol=1e-4)
    for C in ((42.0, 26.0), (0.0, 0.0)):
        check_grads(partial_pressures, (*C, ALBUMIN, GLOBULIN), order=1, modes=["fwd", "rev"], rtol=1e-4)
