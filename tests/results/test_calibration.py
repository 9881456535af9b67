"""A calibration passes exact posteriors and finds wrong ones, and hides no fit."""

from dataclasses import replace

import numpy as np
import pytest
from likelihood.test_mutants import MUTANTS, plant
from scipy.linalg import cholesky
from small_models import line_posterior, measured, straight_line

from cls_infer.cohort.records import Cohort
from cls_infer.errors import InputError
from cls_infer.inference import importance
from cls_infer.inference.certified import Certify
from cls_infer.inference.refits import LEFT_OUT, Refits, check, refit
from cls_infer.inference.settings import ONE_STAGE, Settings
from cls_infer.inference.simulated import Simulated, simulate
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.calibration import LEVEL, Ranked, calibrate, holm, judge
from cls_infer.results.diagnose import certified
from cls_infer.results.pareto import smoothed

TIMES, DRAWS = (0.0, 1.0, 4.0), 49
FITS = 100


def line(fits: int, rows: Cohort | None = None) -> Simulated:
    """Return patients of the straight line, whose posterior is known in closed form."""
    return simulate(posterior(straight_line(), rows or measured(TIMES, (1.0, 1.0, 1.0))), fits, seed=1)


def drawn(simulated: Simulated, *, wider: float = 1.0) -> Refits:
    """Return draws of the line's posteriors in closed form, or with standard deviations so many times as wide."""
    rng = np.random.default_rng(2)
    points = []
    for values in simulated.fit.plan.chart.value:
        mean, covariance = line_posterior(TIMES, values)
        root = cholesky(covariance, lower=True)
        ab = mean + wider * rng.standard_normal((DRAWS, 2)) @ root.T
        points.append((ab - [3.0, 0.0]) / [2.0, 0.4])
    nothing = np.full(len(points), np.nan)
    road = np.full(len(points), "importance", dtype="<U16")
    return Refits(np.array(points), road, nothing, nothing, {}, simulated.fit.tolerance)


@pytest.fixture(scope="module")
def patients():
    return line(FITS)


@pytest.fixture(scope="module")
def exact(patients):
    return judge(patients, drawn(patients), seed=1, origin={})


def test_an_exact_posterior_passes(exact):
    assert exact.verdict.ok, exact.verdict.unmet
    assert {"a", "b", "log-likelihood"} <= {quantity.name for quantity in exact.quantities}
    for one in exact.quantities:  # four binomial standard errors
        assert abs(one.inside90 - 0.9) < 4 * np.sqrt(0.09 / FITS)
        assert abs(one.inside50 - 0.5) < 4 * np.sqrt(0.25 / FITS)


def test_a_posterior_too_narrow_fails_and_is_read_as_such(patients):
    found = judge(patients, drawn(patients, wider=0.6), seed=1, origin={})
    assert not found.verdict.ok
    intercept = next(one for one in found.quantities if one.name == "a")
    assert not intercept.uniform and intercept.reads == "draws too narrow"


@pytest.mark.parametrize(
    ("shape", "reads"),
    [
        ((0.6, 0.6), "draws too narrow"),
        ((1.6, 1.6), "draws too wide"),
        ((1.0, 1.5), "draws too high"),  # truths rank low
        ((1.5, 1.0), "draws too low"),
    ],
    ids=str,
)
def test_ranks_are_read(shape, reads):
    u = np.random.default_rng(1).beta(*shape, 400)
    assert Ranked("a", np.zeros(400), u, 0.0, 0.0, 0.0, 0.0).reads == reads


def test_what_ranks_as_another_is_no_further_test():
    """Of a level line what is seen is its intercept at every time: one quantity, and not three."""
    level = simulate(posterior(straight_line(), measured(TIMES, (1.0, 1.0, 1.0)), fixed={"b": 0.0}), 20, seed=1)
    points = np.random.default_rng(1).standard_normal((20, 9, 1))
    road, nothing = np.full(20, "importance"), np.full(20, np.nan)
    found = judge(level, Refits(points, road, nothing, nothing, {}, level.fit.tolerance), seed=1, origin={})
    assert {one.name: one.same for one in found.quantities} == {
        "a": ("largest albumin", "last albumin"),
        "log-likelihood": (),
    }


def test_fits_without_draws_are_told_of(patients, exact):
    whole = drawn(patients)
    points, road = whole.points.copy(), whole.road.copy()
    points[:7], road[:7] = np.nan, LEFT_OUT
    found = judge(patients, replace(whole, points=points, road=road), seed=1, origin={})
    assert not found.verdict.ok
    assert found.verdict.unmet == (
        "7 of 100 fits have no certificate and were not sampled: what is said holds for the others alone",
    )
    assert (found.verdict.numbers["fits"], found.verdict.numbers["ranked"]) == (FITS, FITS - 7)
    assert [len(one.rank) for one in found.quantities] == [FITS - 7] * len(exact.quantities)


def test_no_draws_at_all_is_a_verdict_too(patients):
    whole = drawn(patients)
    nobody = replace(whole, points=np.full_like(whole.points, np.nan), road=np.full_like(whole.road, LEFT_OUT))
    found = judge(patients, nobody, seed=1, origin={})
    assert found.quantities == () and not found.verdict.ok


def test_uniform_numbers_fail_together_no_more_often_than_asked():
    """Of 2,000 families of 20 uniform p-values one in twenty has an adjusted one below the level, or fewer."""
    rng = np.random.default_rng(3)
    alarms = np.mean([holm(rng.random(20)).min() < LEVEL for _ in range(2000)])
    assert 0.03 < alarms < 0.07
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03])), [0.03, 0.06, 0.06])


@pytest.fixture
def few_draws(monkeypatch):
    """Weigh fewer draws: the line's posterior is normal, and needs no learning."""
    monkeypatch.setattr(importance, "ROUND", 256)
    monkeypatch.setattr(importance, "BLOCK", 1024)


def test_the_whole_way_passes_where_everything_is_right(few_draws):
    found = calibrate(straight_line(), measured(TIMES, (1.0, 1.0, 1.0)), fits=20, draws=DRAWS, most_nuts=0)
    assert found.verdict.ok, found.verdict.unmet
    assert found.verdict.numbers["roads"] == {"importance": 20}


@pytest.mark.parametrize(
    ("mistake", "limits"), [("variance for standard deviation", False), ("censoring's sign", True)], ids=str
)
def test_a_mistake_planted_in_the_likelihood_is_found(monkeypatch, few_draws, mistake, limits):
    """Truths and charts are made by the sound program, the fits by the mistaken one."""
    rows = measured(TIMES, (1.0, 3.0, 1.0))
    if limits:
        patient = rows.patients[0]
        censored = tuple(replace(row, censoring=-1) for row in patient.measurements[1:])
        patient = replace(patient, measurements=(*patient.measurements[:1], *censored))
        rows = replace(rows, patients=(patient,))
    simulated = line(40, rows)
    plant(monkeypatch, MUTANTS[mistake])
    certify = Certify(smoothed, certified)
    refits = refit(simulated, draws=DRAWS, settings=Settings(), certify=certify, most_nuts=0)
    found = judge(simulated, refits, seed=1, origin={})
    assert any("not uniform" in why for why in found.verdict.unmet), found.verdict


def test_settings_that_rank_nothing_are_refused_all_at_once():
    with pytest.raises(InputError) as refused:
        check(0, Settings(method="guess"))
    assert [problem.where for problem in refused.value.problems] == ["--method", "--draws"]
    with pytest.raises(InputError) as refused:  # by whoever takes one stage alone
        check(0, Settings(method="two-stage"), ONE_STAGE)
    assert [problem.where for problem in refused.value.problems] == ["--method", "--draws"]
    with pytest.raises(InputError, match="NUTS makes 2000"):
        check(5000, Settings())
