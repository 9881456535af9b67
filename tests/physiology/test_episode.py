"""The course of one episode of leak."""

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jax.test_util import check_grads

from cls_infer.physiology import leak_drive

EPISODE = {"onset": 24.0, "duration": 36.0, "w_on": 2.0, "t_off": 12.0, "e_p": 0.04}
SHAPE = {"prodrome_lead": 24.0, "prodrome_width": 2.0, "merge": 0.04, "w_corner": 0.0}
HOURS = (*EPISODE, "prodrome_lead", "prodrome_width", "w_corner")

drive = jax.jit(leak_drive)
time = st.floats(-50, 400)
episodes = {
    "onset": st.floats(0, 100),
    "duration": st.floats(5, 96),
    "w_on": st.floats(0.5, 6),
    "t_off": st.floats(3, 48),
    "e_p": st.floats(0.001, 0.3),
}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def hard_course(t, *, onset, duration, w_on, t_off, e_p, **_):
    """Return the larger of attack and complete prodrome, with the hard corner."""
    fade = 1.0 if t < onset + duration else np.exp(-(t - onset - duration) / t_off)
    return max(sigmoid((t - onset) / (w_on / 2)), e_p) * fade


@given(t=time, **episodes)
def test_a_hard_corner_and_a_complete_prodrome_give_the_larger_of_prodrome_and_attack(t, **episode):
    t = max(t, episode["onset"] + 60)  # 42 widths into the prodrome: complete to rounding
    shape = SHAPE | {"merge": episode["e_p"]}
    expected = hard_course(t, **episode)
    # e_p (1 - E_1/e_p) + E_1 rounds to a few units in the last place of 1
    np.testing.assert_allclose(drive(t, **episode, **shape), expected, rtol=1e-12)


@given(t=time, w_corner=st.floats(0, 10), **episodes)
def test_prodrome_and_attack_join_as_independent_causes_when_they_merge_at_one(t, w_corner, **episode):
    shape = SHAPE | {"merge": 1.0, "w_corner": w_corner}
    alone = drive(t, **episode | {"e_p": 0.0}, **shape)
    attack = sigmoid((t - episode["onset"]) / (episode["w_on"] / 2))
    prodrome = episode["e_p"] * sigmoid((t - episode["onset"] + 24) / 2)
    noisy_or = (1 - (1 - attack) * (1 - prodrome)) * alone / attack
    # rounding at 1
    np.testing.assert_allclose(drive(t, **episode, **shape), noisy_or, rtol=1e-12, atol=1e-15)


@given(t=time, merge=st.floats(0.01, 1), w_corner=st.floats(0, 10), **episodes)
def test_the_drive_lies_between_health_and_the_full_attack(t, merge, w_corner, **episode):
    merge = max(merge, episode["e_p"])
    E = drive(t, **episode, **SHAPE | {"merge": merge, "w_corner": w_corner})
    assert 0 <= E <= 1 + 1e-15  # one rounding


@given(t=time, **episodes)
def test_without_a_prodrome_the_attack_is_as_printed(t, **episode):
    episode |= {"e_p": 0.0}
    expected = hard_course(t, **episode)
    np.testing.assert_allclose(drive(t, **episode, **SHAPE), expected, rtol=1e-12, atol=1e-300)


def test_the_attack_is_half_risen_at_onset_and_full_until_it_closes():
    alone = EPISODE | {"e_p": 0.0}
    np.testing.assert_allclose(drive(24.0, **alone, **SHAPE), 0.5, rtol=1e-14)
    np.testing.assert_allclose(drive(60.0, **alone, **SHAPE), 1.0, rtol=1e-14)  # e^-36 is below rounding
    np.testing.assert_allclose(drive(72.0, **alone, **SHAPE), np.exp(-1), rtol=1e-13)


def test_before_the_episode_there_is_no_drive():
    np.testing.assert_allclose(drive(-60.0, **EPISODE, **SHAPE), 0.0, atol=0.04 * np.exp(-30))


def test_the_prodrome_rises_a_day_ahead_of_the_attack():
    np.testing.assert_allclose(drive(0.0, **EPISODE, **SHAPE), 0.02, rtol=1e-9)  # the attack adds e^-24
    np.testing.assert_allclose(drive(14.0, **EPISODE, **SHAPE), 0.04, rtol=2e-3)  # the prodrome lacks e^-7


def test_long_after_the_attack_nothing_remains():
    for merge in (0.04, 1.0):
        E = drive(24.0 + 36.0 + 40 * 12.0, **EPISODE, **SHAPE | {"merge": merge})
        np.testing.assert_allclose(E, np.exp(-40), rtol=1e-12)


@given(x=st.floats(-30, 60))
def test_rounding_the_corner_changes_the_drive_less_and_less(x):
    alone = EPISODE | {"e_p": 0.0}
    t = 60.0 + x
    hard = drive(t, **alone, **SHAPE)
    for width in (2.0, 0.2, 0.02):
        rounded = drive(t, **alone, **SHAPE | {"w_corner": width})
        # the rounded clock runs ahead by half a width at most
        assert hard * np.exp(-width / 2 / 12) * (1 - 1e-12) <= rounded <= hard * (1 + 1e-12)


@given(x=st.floats(20, 200), width=st.floats(0.01, 1))
def test_away_from_the_corner_its_rounding_falls_off_with_distance(x, width):
    alone = EPISODE | {"e_p": 0.0}
    hard, rounded = (drive(60.0 + x, **alone, **SHAPE | {"w_corner": w}) for w in (0.0, width))
    # s - x = w^2 / 4x to leading order, in units of t_off
    np.testing.assert_allclose(hard / rounded - 1, width**2 / (4 * x) / 12, rtol=2e-3, atol=1e-12)


@given(t=time, w_corner=st.floats(0, 5), merge=st.floats(0.04, 1))
def test_the_drive_does_not_depend_on_the_unit_of_time(t, w_corner, merge):
    p = EPISODE | SHAPE | {"w_corner": w_corner, "merge": merge}
    in_minutes = p | {k: 60 * p[k] for k in HOURS if k != "e_p"}
    np.testing.assert_allclose(drive(60 * t, **in_minutes), drive(t, **p), rtol=1e-11, atol=1e-300)


@given(t=time, shift=st.floats(-100, 100))
def test_a_later_onset_shifts_the_whole_course(t, shift):
    later = EPISODE | {"onset": 24.0 + shift}
    # rounding of times up to 500 h against widths of an hour
    np.testing.assert_allclose(drive(t + shift, **later, **SHAPE), drive(t, **EPISODE, **SHAPE), rtol=1e-10)


@given(t=time)
def test_a_prodrome_that_merges_at_once_is_none(t):
    assert drive(t, **EPISODE, **SHAPE | {"merge": 0.0}) == drive(t, **EPISODE | {"e_p": 0.0}, **SHAPE)


def gradient(t, **shape):
    """Return the slopes in every argument at once."""

    def of_all(values):
        return leak_drive(**values)

    return jax.grad(of_all)({"t": t} | EPISODE | SHAPE | shape)


@pytest.mark.parametrize("t", [-1e4, 0.0, 24.0, 60.0, 98.6, 1e4])
@pytest.mark.parametrize("shape", [{}, {"w_corner": 2.0}, {"merge": 1.0}, {"merge": 0.0}])
def test_the_gradient_is_finite_at_every_corner(t, shape):
    slopes = gradient(t, **shape)
    assert np.all(np.isfinite(list(slopes.values())))


def test_the_hard_corner_has_the_mean_of_its_two_slopes():
    np.testing.assert_allclose(gradient(60.0, merge=1.0)["t"], -0.5 / 12, rtol=1e-9)


@pytest.mark.parametrize("t", [2.0, 23.0, 45.0, 61.0, 80.0, 150.0])
@pytest.mark.parametrize("merge", [0.07, 0.9])
def test_the_gradient_of_the_drive_is_its_slope(t, merge):
    def course(*values):
        names = ("t", *EPISODE, *SHAPE)
        return leak_drive(**dict(zip(names, values, strict=True)))

    shape = SHAPE | {"merge": merge, "w_corner": 2.0}
    check_grads(course, (t, *EPISODE.values(), *shape.values()), order=1, modes=["fwd", "rev"], rtol=1e-4)
