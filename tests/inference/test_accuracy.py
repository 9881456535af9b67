"""The tolerance is chosen by what it does to the log-likelihood, before sampling."""

from dataclasses import replace

import numpy as np
import pytest

from cls_infer.inference.accuracy import AIM, FINEST, tighter, tolerance_at, trace_error_before_sampling
from cls_infer.inference.run import infer
from cls_infer.inference.settings import Settings
from cls_infer.inference.start import find_start
from cls_infer.results.diagnose import THRESHOLDS
from cls_infer.solve.lanes import Tolerance

LOOSE = 0.03


@pytest.fixture(scope="module")
def loose(target):
    return replace(target, tolerance=tolerance_at(LOOSE))


def error_about_the_mode(target) -> float:
    return trace_error_before_sampling(target, find_start(target, seed=1, starts=3), seed=1)()


def test_the_default_is_a_fit_s_own_tolerance():
    assert tolerance_at(Settings.rtol) == Tolerance()
    assert THRESHOLDS.solver_error_nats > AIM


def test_a_tighter_tolerance_is_finer_but_not_endless():
    assert tighter(tolerance_at(3e-4), 2 * AIM).rtol == pytest.approx(3e-4 / 4)  # linear: to half of AIM
    assert tighter(tolerance_at(3e-4), 1.01 * AIM).rtol == pytest.approx(1e-4)
    assert tighter(tolerance_at(3e-8), 1e3).rtol == FINEST
    assert tolerance_at(3e-6).max_steps == 10 * Tolerance().max_steps


def test_the_error_in_nats_falls_with_the_tolerance(target, loose):
    coarse, usual = error_about_the_mode(loose), error_about_the_mode(target)
    assert coarse > AIM  # an option that did nothing would stay below
    assert usual < AIM


@pytest.mark.slow
def test_a_fit_that_errs_too_much_begins_anew(loose):
    said = []
    few = Settings(chains=2, warmup=10, draws=10, block=10, max_tree_depth=3)
    done = infer(loose, few, report=said.append)
    assert done.target.tolerance.rtol < LOOSE
    assert any("nats: solving at a tolerance" in str(news) for news in said)
    assert error_about_the_mode(done.target) < AIM
    assert done.seconds["start"] > 0 and np.all(np.isfinite(done.draws.z))
