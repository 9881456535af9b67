"""What goes in, comes out or stays: water, red cells and protein are neither made nor lost."""

import numpy as np
import pytest
from courses import Lane, courses, give

BODIES = {
    "two_pore": {"m_L": 8.0},
    "one_pore": {"m": 8.0},
    "clarkson_episode": {"M": 12.0, "t_0": 12.0, "D": 20.0, "intake_attack": 1.0},
}
HOURS = np.array([0.0, 1.0, 5.0, 12.0, 30.0, 60.0])
NO_TURNOVER = {"k_deg_A": 0.0}
# one-step methods keep what is linear in the states to rounding, whatever their tolerance
TIGHT = 1e-10


def turnover(name: str) -> dict[str, float]:
    return NO_TURNOVER if name == "one_pore" else {**NO_TURNOVER, "k_deg_G": 0.0}


@pytest.fixture(scope="module", params=BODIES)
def course(request):
    name = request.param
    therapy = [
        give("ringer", 1.0, 5.0, 1.2),
        give("albumin_20", 5.0, 12.0, 0.1),
        give("ffp", 12.0, 14.0, 0.5),
        give("red_cells", 14.0, 15.0, 0.36),
        give("crrt_ultrafiltrate", 20.0, 26.0, 0.3),
        give("oral_intake", 2.0, 30.0, 0.25),
    ]
    bleeding = give("bleeding", 6.0, 7.0, 0.4)
    lanes = [
        Lane(HOURS, {**BODIES[name], **turnover(name)}, therapy),
        Lane(HOURS, BODIES[name], [*therapy, bleeding]),
    ]
    return name, *courses(name, lanes)


def given(amount: float, start: float, end: float) -> np.ndarray:
    """What has been given by each time."""
    return amount * np.clip((HOURS - start) / (end - start), 0, 1)


def test_every_litre_is_accounted_for(course):
    _, _, bled = course
    assert bled.status == "ok"
    y = bled.y
    held = y["V_p"] + y["V_i"] + y["V_r"]
    into = given(1.2, 1, 5) + given(0.1, 5, 12) + given(0.5, 12, 14) + given(0.36, 14, 15)
    out = given(0.3, 20, 26) + given(0.4, 6, 7) + y["U"] + 0.035 * HOURS
    drunk = 0.095 * (HOURS - 0.75 * np.clip(HOURS - 2, 0, 28))
    np.testing.assert_allclose(held - held[0], into + drunk - out, atol=TIGHT * held[0])
    assert np.ptp(y["V_p"]) > 0.3  # the leak is real


def test_albumin_neither_made_nor_broken_down_stays(course):
    _, kept, _ = course
    held = kept.y["A_p"] + kept.y["A_i"]
    into = given(200 * 0.1, 5, 12) + given(35 * 0.5, 12, 14)
    np.testing.assert_allclose(held - held[0], into, atol=TIGHT * held[0])


def test_other_protein_stays_too(course):
    name, kept, _ = course
    if name == "one_pore":
        pytest.skip("one_pore knows albumin alone")
    held = kept.y["G_p"] + kept.y["G_i"]
    np.testing.assert_allclose(held - held[0], given(25 * 0.5, 12, 14), atol=TIGHT * held[0])


def test_red_cells_change_by_transfusion_alone(course):
    _, kept, _ = course
    np.testing.assert_allclose(kept.y["V_r"] - kept.y["V_r"][0], given(0.36, 14, 15), atol=TIGHT)


def test_bleeding_takes_red_cells_and_plasma_as_they_are_in_blood(course):
    _, kept, bled = course
    at = list(HOURS).index(12.0)
    lost = bled.y["V_r"][at] - kept.y["V_r"][at]
    assert -0.4 * 0.66 < lost < -0.4 * 0.3  # between the haematocrits on the way
