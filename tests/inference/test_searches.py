"""What is kept of the searches for a mode: how high each came, at which mode, whether it arrived."""

import numpy as np
import pytest
from scipy.special import logsumexp

from cls_infer.inference.apart import Apart, Local
from cls_infer.inference.batch import Batch, batch_again, keep_batch
from cls_infer.inference.checkpoint import Kept
from cls_infer.inference.modes import find_modes
from cls_infer.inference.searches import NOWHERE, STARTS, joined, none_of, searches
from cls_infer.inference.start import find_start
from cls_infer.likelihood.posterior import FAILED
from cls_infer.solve.lanes import Tolerance

AT, SD, SHARE = 1.2, 0.25, 0.75
"""Two peaks at -AT and AT, the first with this share."""


class TwoPeaks(Apart):
    """Two posteriors of one coordinate, each with these peaks."""

    names, dimension = ("P1", "P2"), 1

    def __init__(self):
        pass

    @property
    def expand(self):
        return two_peaks


def two_peaks(points, patient):
    """The expansion about points [lane, 1], of the curvature that each peak has."""
    x, centre = points[:, 0], np.array([[-AT], [AT]])
    each = -0.5 * ((x - centre) / SD) ** 2 + np.log([[SHARE], [1 - SHARE]])
    value = logsumexp(each, axis=0)
    gradient = np.sum(np.exp(each - value) * (centre - x) / SD**2, axis=0)
    zero = np.zeros(len(x))
    return Local(value, gradient[:, None], np.full((len(x), 1, 1), SD**-2), zero, zero)


def test_a_second_peak_is_a_second_mode():
    found = find_modes(TwoPeaks(), [0, 1], seed=2).searches
    assert found.mode.shape == (2, STARTS) and found.arrived.all()
    for mode, value in zip(found.mode, found.log_posterior, strict=True):
        assert set(mode) == {0, 1}
        drop = value[0] - value[mode == 1].max()
        np.testing.assert_allclose(
            drop, np.log(SHARE / (1 - SHARE)), atol=0.02
        )  # an idle iteration gains less than 0.01


def ends(values, points, arrived):
    """What is kept of one posterior's searches that ended at these points of one coordinate, of unit curvature."""
    count = len(values)
    return searches(
        np.array(points, float).reshape(1, count, 1),
        np.array([values], float),
        np.ones((1, count, 1, 1)),
        np.array([arrived]),
    )


def test_who_did_not_arrive_is_at_no_mode_but_at_one_that_is_near():
    found = ends([0.0, -0.1, -2.0, -2.5, -4.0], [0.0, 0.9, 5.0, 5.5, 9.0], [True, False, True, False, False])
    assert found.mode.tolist() == [[0, 0, 1, 1, NOWHERE]]


def test_what_could_not_be_solved_has_no_height_and_no_mode():
    found = ends([0.0, FAILED, FAILED], [0.0, 0.0, 3.0], [True, False, False])
    assert found.mode.tolist() == [[0, NOWHERE, NOWHERE]]
    assert np.isfinite(found.log_posterior).tolist() == [[True, False, False]]


def test_the_search_of_one_posterior_keeps_the_same(target):
    found = find_start(target, seed=1, starts=3)
    assert found.searches is not None
    np.testing.assert_array_equal(found.searches.log_posterior[0], np.sort(found.log_posterior)[::-1])
    assert found.searches.mode.tolist() == [[0, 0, 0]] and found.searches.arrived.all()


@pytest.mark.parametrize("which", [[2, 5], []])
def test_a_kept_batch_comes_back_with_its_searches(which, tmp_path):
    rows = [ends([0.0, -2.0], [float(n), 9.0], [True, True]) for n in which]
    found = joined(rows) if which else none_of()
    shape = (2, 3)
    batch = Batch(
        which=which,
        points=[np.zeros((*shape, 1)) for _ in which],
        stats=[{"log_weight": np.zeros(shape)} for _ in which],
        numbers=[(0.1, 5.0) for _ in which],
        searches=found,
        tolerance=Tolerance(),
        searching=1.0,
        weighing=2.0,
    )
    keep_batch(Kept(tmp_path), "one", batch)
    again = batch_again(Kept(tmp_path), "one")
    assert again is not None
    for before, after in zip(batch.searches, again.searches, strict=True):
        np.testing.assert_array_equal(before, after)
        assert before.dtype == after.dtype
