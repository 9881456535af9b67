"""The hazard of an empty circulation."""

import numpy as np

from cls_infer.physiology import hazard_of_death


def test_little_above_a_third_one_an_hour_at_the_lethal_share():
    assert np.isclose(hazard_of_death(0.6, 3.0, 1.0, 0.2, 8), 1.0, rtol=1e-12)
    # survivors lost up to 70 % of their plasma: a day there costs less than one nat
    assert 24 * hazard_of_death(0.9, 3.0, 1.0, 0.2, 8) < 1
    assert 1000 * hazard_of_death(3.0, 3.0, 1.0, 0.2, 8) < 0.003


def test_it_depends_on_the_share_that_is_left():
    assert np.isclose(hazard_of_death(0.7, 3.5, 1.0, 0.2, 8), hazard_of_death(0.6, 3.0, 1.0, 0.2, 8), rtol=1e-12)
