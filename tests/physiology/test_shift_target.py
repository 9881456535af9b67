"""Blood volume as the tissues' fluid shift regulates it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cls_infer.physiology import fluid_shift, retained_rate


@given(flow=st.floats(0, 5), alpha=st.floats(0, 20))
def test_what_goes_to_the_interstitium_is_alpha_times_what_stays(flow, alpha):
    stays = retained_rate(flow, alpha)
    np.testing.assert_allclose(flow - stays, alpha * stays, atol=1e-12)


def test_the_shift_vanishes_at_its_target_and_empties_what_is_above():
    assert fluid_shift(0.3, 0.3, 2.0) == 0
    np.testing.assert_allclose(fluid_shift(0.5, 0.3, 2.0), 0.4, rtol=1e-14)
