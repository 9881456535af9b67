"""Sieving and diffusion in a pore, from the radii of pore and solute."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import permeability_per_conductance, reflection_coefficient, restricted_diffusion

sigma = jax.jit(reflection_coefficient)
H = jax.jit(restricted_diffusion)

BOLTZMANN, BODY, MMHG = 1.380649e-23, 310.15, 133.322  # J/K, K, Pa
THERMAL = BOLTZMANN * BODY / MMHG * 1e27  # mmHg nm^3
ALBUMIN, GLOBULIN, SODIUM = 3.55, 6.99, 0.18  # nm

# pore radius, sigma and PS / LpS of albumin and of globulin
printed_pores = [
    ("4.0", "0.9856", "1", "0.00868", "0"),
    ("4.5", "0.9442", "1", "0.12832", "0"),
    ("5.0", "0.8881", "1", "0.46641", "0"),
    ("20.0", "0.1242", "0.3891", "4.1365", "0.7102"),
    ("22.5", "0.1002", "0.3240", "3.6332", "0.7372"),
    ("25.0", "0.0826", "0.2732", "3.1952", "0.7335"),  # 0.73355, listed as 0.7336
    ("27.5", "0.0691", "0.2330", "2.8201", "0.7118"),
]


def assert_rounds_to(value, text):
    """Agree within half a unit in the last printed digit; a bare 0 or 1 is exact."""
    half_unit = 0.5 * 10.0 ** -len(text.partition(".")[2]) if "." in text else 0.0
    np.testing.assert_allclose(value, float(text), rtol=0, atol=half_unit * (1 + 1e-9))


@pytest.mark.parametrize(("radius", "sigma_A", "sigma_G", "PS_A", "PS_G"), printed_pores)
def test_radii_fix_reflection_and_permeability(radius, sigma_A, sigma_G, PS_A, PS_G):
    r = float(radius)
    assert_rounds_to(sigma(ALBUMIN / r), sigma_A)
    assert_rounds_to(sigma(GLOBULIN / r), sigma_G)
    assert_rounds_to(permeability_per_conductance(ALBUMIN, r, THERMAL), PS_A)
    assert_rounds_to(permeability_per_conductance(GLOBULIN, r, THERMAL), PS_G)


def test_radii_reproduce_the_published_wall_of_pstras():
    small, large = 0.27 * 0.85, 0.27 * 0.05  # L/h/mmHg
    to_mL_per_s = 1000 / 3600
    assert_rounds_to(sigma(SODIUM / 4.5), "0.0072")
    sodium = small * permeability_per_conductance(SODIUM, 4.5, THERMAL) * to_mL_per_s
    np.testing.assert_allclose(sodium, 201, atol=0.5)  # half a unit in the last digit
    assert_rounds_to(small * permeability_per_conductance(ALBUMIN, 4.5, THERMAL) * to_mL_per_s, "0.0082")
    assert_rounds_to(large * permeability_per_conductance(ALBUMIN, 25.0, THERMAL) * to_mL_per_s, "0.0120")
    assert_rounds_to(large * permeability_per_conductance(GLOBULIN, 25.0, THERMAL) * to_mL_per_s, "0.0028")


@pytest.mark.parametrize(
    ("m_L", "alpha", "conductance", "sigma_A", "sigma_G", "PS_A"),
    [
        (1, "0.042", "1.00", "0.908", "0.969", "0.054"),
        (2, "0.081", "1.04", "0.875", "0.941", "0.082"),
        (4, "0.149", "1.13", "0.816", "0.892", "0.139"),
        (6, "0.208", "1.21", "0.765", "0.849", "0.195"),
        (10, "0.305", "1.38", "0.682", "0.778", "0.308"),
        (15, "0.397", "1.59", "0.602", "0.712", "0.449"),
        (20, "0.467", "1.80", "0.542", "0.660", "0.589"),
    ],
)
def test_more_large_pores_move_reflection_and_permeability_together(m_L, alpha, conductance, sigma_A, sigma_G, PS_A):
    LpS, small, large = 0.21, 1 - 0.042, 0.042 * m_L
    share = large / (small + large)
    assert_rounds_to(share, alpha)
    assert_rounds_to(small + large, conductance)
    assert_rounds_to((1 - share) * sigma(ALBUMIN / 4.5) + share * sigma(ALBUMIN / 25), sigma_A)
    assert_rounds_to((1 - share) * sigma(GLOBULIN / 4.5) + share * sigma(GLOBULIN / 25), sigma_G)
    permeability = small * permeability_per_conductance(ALBUMIN, 4.5, THERMAL)
    permeability += large * permeability_per_conductance(ALBUMIN, 25.0, THERMAL)
    assert_rounds_to(LpS * permeability, PS_A)


@given(a=st.floats(0.1, 10), r=st.floats(0.1, 50), viscosity=st.floats(1e-4, 1e-2))
def test_the_viscosity_cancels_between_poiseuille_and_stokes(a, r, viscosity):
    LpS = 0.2 * 1e-3 / 3600 / MMHG  # 0.2 L/h/mmHg in m^3/s/Pa
    diffusion = BOLTZMANN * BODY / (6 * np.pi * viscosity * a * 1e-9)  # m^2/s
    area_per_length = 8 * viscosity * LpS / (r * 1e-9) ** 2  # m
    PS = diffusion * area_per_length * H(a / r) * 1e3 * 3600  # L/h
    np.testing.assert_allclose(0.2 * permeability_per_conductance(a, r, THERMAL), PS, rtol=1e-12)  # rounding


@given(a=st.floats(0.1, 10), r=st.floats(0.1, 50))
def test_the_permeability_does_not_depend_on_the_unit_of_length(a, r):
    in_angstrom = permeability_per_conductance(10 * a, 10 * r, 1000 * THERMAL)
    # rounding of 1 - a/r, which the power 4.5 amplifies where the solute barely fits
    np.testing.assert_allclose(in_angstrom, permeability_per_conductance(a, r, THERMAL), rtol=1e-9, atol=1e-30)


def test_a_point_is_neither_reflected_nor_hindered():
    assert sigma(0.0) == 0
    assert H(0.0) == 1


@given(lam=st.floats(1, 1e3))
def test_a_solute_larger_than_the_pore_is_reflected_whole(lam):
    assert sigma(lam) == 1
    assert H(lam) == 0


@given(lam=st.floats(0, 0.99), step=st.floats(1e-3, 0.01))
def test_a_larger_solute_is_reflected_more_and_hindered_more(lam, step):
    assert 0 <= sigma(lam) < sigma(lam + step) <= 1
    assert 0 <= H(lam + step) < H(lam) <= 1


@pytest.mark.parametrize("function", [reflection_coefficient, restricted_diffusion])
@pytest.mark.parametrize("lam", [0.0, np.nextafter(1.0, 0), 1.0, np.nextafter(1.0, 2), 1.5])
def test_the_edge_of_the_pore_has_finite_gradients(function, lam):
    assert np.isfinite(jax.grad(function)(lam))
    if lam >= 1:
        assert jax.grad(function)(lam) == 0


@pytest.mark.parametrize("lam", [0.01, 0.142, 0.789, 0.99, 1.2])
def test_the_gradients_of_sieving_and_hindrance_are_their_slopes(lam):
    check_grads(reflection_coefficient, (lam,), order=1, modes=["fwd", "rev"])
    check_grads(restricted_diffusion, (lam,), order=1, modes=["fwd", "rev"])


def test_the_gradient_of_the_permeability_is_its_slope():
    check_grads(permeability_per_conductance, (ALBUMIN, 25.0, THERMAL), order=1, modes=["fwd", "rev"], rtol=1e-4)
    gradient = jax.grad(permeability_per_conductance, argnums=(0, 1, 2))(GLOBULIN, 4.5, THERMAL)
    assert gradient == (0, 0, 0)  # too large to enter
