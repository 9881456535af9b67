"""The endothelium's responses: their rest, their halves, their limits."""

import jax
import numpy as np
import pytest

from cls_infer.physiology import barrier_motion, barrier_target, decay_rate, hill, ramp_between, shedding, tie2_signal


def test_a_hill_response_is_nothing_at_rest_and_half_at_its_half():
    assert float(hill(0.0, 0.3, 1.5)) == 0.0
    assert float(hill(-1e-9, 0.3, 1.5)) == 0.0
    np.testing.assert_allclose(hill(0.3, 0.3, 1.5), 0.5, rtol=1e-15)
    np.testing.assert_allclose(hill(2.0, 0.3, 1.5), 2**1.5 / (2**1.5 + 0.3**1.5), rtol=1e-14)


@pytest.mark.parametrize("x", [-1e-9, 0.0, 1e-12, 0.5])
def test_a_hill_response_has_finite_slopes_everywhere(x):
    slopes = jax.grad(hill, argnums=(0, 1, 2))(x, 0.3, 1.5)
    second = jax.grad(jax.grad(hill))(x, 0.3, 1.5)
    assert np.all(np.isfinite([*slopes, second]))


# physiology.md 6.2, at ten times the angiopoietin-2 beside a third of the angiopoietin-1 the last
@pytest.mark.parametrize(("ratio", "signal"), [(1.0, 1.0), (5.0, 0.73), (10.0, 0.58), (30.0, 0.39)])
def test_the_signal_at_tie2_is_as_tabulated(ratio, signal):
    np.testing.assert_allclose(tie2_signal(ratio, 0.15, 0.2), signal, atol=0.0052)  # half of the last digit


def test_a_full_agonist_or_no_competition_leaves_the_signal():
    np.testing.assert_allclose(tie2_signal(30.0, 0.15, 1.0), 1.0, rtol=1e-15)
    assert float(tie2_signal(30.0, 0.0, 0.2)) == 1.0


def test_a_weak_signal_opens_the_barrier_at_a_lower_drive():
    assert float(barrier_target(0.0, 0.5, 3.0, 2, 2)) == 0.0
    np.testing.assert_allclose(barrier_target(3.0 * 0.5**2, 0.5, 3.0, 2, 2), 0.5, rtol=1e-14)


def test_the_barrier_opens_and_closes_at_its_own_paces():
    np.testing.assert_allclose(barrier_motion(0.1, 0.9, 3.0, 18.0, 0.02), 0.8 / 3, rtol=1e-12)
    np.testing.assert_allclose(barrier_motion(0.9, 0.1, 3.0, 18.0, 0.02), -0.8 / 18, rtol=1e-12)
    assert float(barrier_motion(0.4, 0.4, 3.0, 18.0, 0.02)) == 0.0


def test_shedding_is_half_as_fast_at_its_half():
    np.testing.assert_allclose(shedding(0.5, 0.8, 0.06, 0.5), 0.06 / 2 * 0.8, rtol=1e-15)


def test_a_half_life_is_the_time_to_half():
    np.testing.assert_allclose(np.exp(-5.0 * decay_rate(5.0)), 0.5, rtol=1e-15)


def test_a_ramp_is_straight_between_its_corners():
    risen = [float(ramp_between(t, 10.0, 60.0, 24.0, 0.1)) for t in (0.0, 16.0, 40.0, 72.0, 100.0)]
    np.testing.assert_allclose(risen, [0.0, 0.25, 1.0, 0.5, 0.0], atol=1e-12)


def test_a_stretch_shorter_than_its_ramp_turns_back_on_the_way():
    np.testing.assert_allclose(ramp_between(24.0, 10.0, 22.0, 24.0, 0.1), 0.5, atol=1e-12)
