"""Bands and p-values of an empirical distribution: false alarms as often as they say, and they agree."""

import numpy as np
import pytest

from cls_infer.results.ranks import ranks, uniform_of
from cls_infer.results.uniformity import band, empirical, p_value

TRIALS = 2000


@pytest.mark.parametrize("n", [30, 200])
def test_one_uniform_sample_in_twenty_leaves_its_band(n):
    """Four binomial standard errors of 2,000 trials, and 1.5 of the 20,000 that the band is simulated from."""
    rng, edge = np.random.default_rng(n), band(n, 0.95)
    u = rng.random((TRIALS, n))
    p = np.array([p_value(one) for one in u])
    out = [np.any((empirical(one) < edge.low - 1e-9) | (empirical(one) > edge.high + 1e-9)) for one in u]
    assert abs(np.mean(out) - 0.05) < 4 * np.sqrt(0.05 * 0.95 / TRIALS) + 0.0025
    assert np.mean(out == (p < 0.05)) > 0.998  # one test, but for the band's interpolated level
    assert abs(np.mean(p < 0.3) - 0.3) < 4 * np.sqrt(0.3 * 0.7 / TRIALS) + 0.005


def test_a_band_begins_at_nothing_and_ends_at_all():
    edge = band(50, 0.95)
    assert (edge.low[0], edge.high[0], edge.low[-1], edge.high[-1]) == (0, 0, 1, 1)
    assert np.all(edge.low <= edge.z) and np.all(edge.z <= edge.high)


def test_a_wider_level_makes_a_wider_band():
    narrow, wide = band(100, 0.5), band(100, 0.99)
    assert np.all(wide.low <= narrow.low) and np.all(narrow.high <= wide.high)


@pytest.mark.parametrize("shape", [(1.3, 1.0), (1.0, 1.3), (0.6, 0.6), (2.0, 2.0)], ids=str)
def test_samples_of_another_shape_are_found(shape):
    assert p_value(np.random.default_rng(1).beta(*shape, 300)) < 0.05


def test_a_truth_that_is_a_draw_like_the_others_takes_every_rank_alike():
    rng = np.random.default_rng(2)
    drawn = rng.standard_normal((2000, 20))
    rank = ranks(drawn[:, 0], drawn[:, 1:], rng)
    counts = np.bincount(rank, minlength=20)
    assert len(counts) == 20
    assert np.max(np.abs(counts - 100)) < 4.5 * np.sqrt(100)  # Poisson, the worst of 20


def test_ties_are_broken_at_random():
    """A number of three values: without it the truth would never exceed its equals, and all ranks would be low."""
    rng = np.random.default_rng(3)
    drawn = rng.integers(0, 3, (500, 20))
    rank = ranks(drawn[:, 0], drawn[:, 1:], rng)
    assert p_value(uniform_of(rank, 19, rng)) > 0.01
    low = np.sum(drawn[:, 1:] < drawn[:, :1], axis=1)
    assert p_value(uniform_of(low, 19, rng)) < 1e-3


def test_a_draw_that_failed_is_above_its_truth():
    rank = ranks(np.array([1.0]), np.array([[0.0, np.nan, 2.0]]), np.random.default_rng(4))
    assert rank.tolist() == [1]
