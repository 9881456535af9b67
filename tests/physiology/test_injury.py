"""The course of an injury."""

import jax
import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import fading_injury, risen

fading, since = jax.jit(fading_injury), jax.jit(risen)
hours = st.floats(-50, 100)
times = {"t_0": hours, "w": st.floats(0.01, 2), "tau": st.floats(0.1, 50)}


@given(later=st.floats(20, 100), **times)
def test_past_its_edge_an_effect_fades_exponentially(later, t_0, w, tau):
    elapsed = later * w  # 40 half-widths: the edge is over to rounding
    # t_0 + elapsed rounds at the size of t_0, which counts against tau
    np.testing.assert_allclose(fading(t_0 + elapsed, t_0, w, tau), np.exp(-elapsed / tau), rtol=1e-10, atol=1e-300)
    assert since(t_0 + elapsed, t_0, w) == 1.0


@given(before=st.floats(20, 100), **times)
def test_before_the_injury_there_is_nothing(before, t_0, w, tau):
    assert 0.0 <= fading(t_0 - before * w, t_0, w, tau) < 1e-17
    assert 0.0 <= since(t_0 - before * w, t_0, w) < 1e-17


@given(t=hours, **times)
def test_an_effect_is_never_more_than_it_was_at_first(t, t_0, w, tau):
    assert 0.0 <= fading(t, t_0, w, tau) <= since(t, t_0, w) <= 1.0


def test_an_effect_that_does_not_fade_stays():
    np.testing.assert_allclose(fading(3.2, 3.0, 0.3, 1e12), since(3.2, 3.0, 0.3), rtol=1e-11)  # 0.2 h in 1e12


def test_the_gradient_is_the_slope_on_the_edge_and_beyond():
    for t in (2.9, 3.0, 3.1, 9.0):
        check_grads(lambda *x, t=t: fading_injury(t, *x), (3.0, 0.2, 4.0), order=1, modes=("fwd", "rev"), rtol=1e-6)
