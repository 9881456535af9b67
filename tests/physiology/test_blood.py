"""Red cells, haematocrit and haemoglobin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import haematocrit, haemoglobin, red_cell_volume

volume = st.floats(0.5, 6)
fraction = st.floats(0.05, 0.75)
F_cell = st.floats(0.85, 1)


def test_the_reference_patient_has_the_printed_red_cells():
    V_r = red_cell_volume(3.0, 0.42, 0.91)
    np.testing.assert_allclose(V_r, 1.8559, atol=0.5e-4)  # half a unit in the last printed digit
    np.testing.assert_allclose(3.0 + V_r, 4.8559, atol=0.5e-4)


@given(V_p=volume, Hct=fraction, F=F_cell)
def test_red_cells_and_plasma_give_back_the_haematocrit(V_p, Hct, F):
    np.testing.assert_allclose(haematocrit(V_p, red_cell_volume(V_p, Hct, F), F), Hct, rtol=1e-14)


@given(V_p=volume, V_r=volume, F=F_cell, left=st.floats(0.3, 1))
def test_bleeding_alone_does_not_change_the_haematocrit(V_p, V_r, F, left):
    np.testing.assert_allclose(haematocrit(left * V_p, left * V_r, F), haematocrit(V_p, V_r, F), rtol=1e-14)


@pytest.mark.parametrize(("V_p", "printed"), [(2.33494, 0.48665), (1.51029, 0.60587), (3.84547, 0.35772)])
def test_losing_plasma_concentrates_the_cells(V_p, printed):
    V_r = red_cell_volume(3.0, 0.42, 0.91)
    # half a unit in the last digit of the haematocrit and of the volume, at slopes up to 0.2 per L
    np.testing.assert_allclose(haematocrit(V_p, V_r, 0.91), printed, rtol=0, atol=0.5e-5 * 1.2)


@given(V_p=volume, V_r=volume, F=F_cell)
def test_the_haematocrit_does_not_depend_on_the_unit_of_volume(V_p, V_r, F):
    np.testing.assert_allclose(haematocrit(1000 * V_p, 1000 * V_r, F), haematocrit(V_p, V_r, F), rtol=1e-14)


def test_haemoglobin_is_proportional_to_the_haematocrit():
    np.testing.assert_allclose(haemoglobin(0.42, 333.0), 139.86, rtol=1e-14)
    assert haemoglobin(0.0, 333.0) == 0


def test_the_gradients_of_the_blood_count_are_its_slopes():
    check_grads(red_cell_volume, (3.0, 0.42, 0.91), order=1, modes=["fwd", "rev"])
    check_grads(haematocrit, (3.0, 1.86, 0.91), order=1, modes=["fwd", "rev"])
    check_grads(haemoglobin, (0.42, 333.0), order=1, modes=["fwd", "rev"], rtol=1e-4)
