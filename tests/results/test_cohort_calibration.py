"""Calibration of cohorts: exact joint posteriors pass, wrong ones do not, and both roads go the whole way."""

import numpy as np
import pytest
from scipy.linalg import cholesky
from small_models import line_posterior, several, straight_line

from cls_infer.errors import InputError
from cls_infer.inference import importance
from cls_infer.inference.refits import Refits
from cls_infer.inference.settings import Settings
from cls_infer.inference.simulated import simulate
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.calibration import calibrate, judge
from cls_infer.results.ranked import tabulate

TWO = several("two", (0.0, 1.0), (2.0, 4.0, 5.0))
FITS, DRAWS = 60, 49


def shared_line(*, wider: float = 1.0):
    """Return the verdict on draws of a line that both patients share, whose posterior is known in closed form."""
    simulated = simulate(posterior(straight_line(), TWO, shared=("a", "b")), FITS, seed=2)
    rng, points = np.random.default_rng(5), []
    for cohort in range(FITS):
        rows = [m for p in simulated.alone(cohort).cohort.patients for m in p.measurements]
        mean, covariance = line_posterior([m.time for m in rows], [m.value for m in rows])
        root = cholesky(covariance, lower=True)
        points.append((mean + wider * rng.standard_normal((DRAWS, 2)) @ root.T - [3.0, 0.0]) / [2.0, 0.4])
    nothing, road = np.full(FITS, np.nan), np.full(FITS, "importance", dtype="<U16")
    refits = Refits(np.array(points), road, nothing, nothing, {}, simulated.fit.tolerance)
    return judge(simulated, refits, seed=1, origin={})


def test_an_exact_joint_posterior_passes():
    found = shared_line()
    assert found.verdict.ok, found.verdict.unmet
    assert {"a", "b", "log-likelihood"} <= {one.name for one in found.quantities}
    assert found.patients[:2] == ("two#1", "two#2")


def test_a_joint_posterior_too_narrow_does_not():
    found = shared_line(wider=0.5)
    assert any("`a` are not uniform" in why and "too narrow" in why for why in found.verdict.unmet), found.verdict


def test_patients_take_turns_and_the_law_is_ranked():
    simulated = simulate(posterior(straight_line(), TWO, hierarchical=("a",), per_patient=("b",)), 3, seed=1)
    table = tabulate(simulated.posteriors, simulated.like)(simulated.truth, np.arange(3))
    pooling = simulated.design.pooling
    coordinates = np.stack([np.asarray(pooling.coordinates(z)) for z in simulated.truth])
    np.testing.assert_allclose(table["a"], 3.0 + 2.0 * coordinates[[0, 1, 2], [0, 1, 0], 0])
    np.testing.assert_allclose(table["b"], 0.4 * coordinates[[0, 1, 2], [0, 1, 0], 1])
    np.testing.assert_array_equal(table["a.tau"], simulated.truth[:, pooling.labels().index("a.tau")])
    seen = [simulated.fit.cohort.patients[i] for i in (0, 3, 4)]  # of cohort 1 P1, of 2 P2, of 3 P1
    times = [max(m.time for m in patient.measurements) for patient in seen]
    np.testing.assert_allclose(table["last albumin"], table["a"] + table["b"] * times)


@pytest.mark.parametrize("method", ["hmc", "two-stage"])
def test_the_whole_way_of_a_population(monkeypatch, method):
    monkeypatch.setattr(importance, "ROUND", 256)
    few = Settings(method=method, chains=2, warmup=100, draws=200, most_draws=2000)
    law = {"hierarchical": ("a",), "fixed": {"b": 0.1}}
    found = calibrate(straight_line(), TWO, fits=2, draws=9, settings=few, most_nuts=0, **law)
    assert found.verdict.numbers["fits"] == 2
    assert found.verdict.numbers["roads"].get(method, 0) + found.verdict.numbers["roads"].get("not converged", 0) == 2
    if found.verdict.numbers["ranked"]:
        assert {"a", "a.mu", "a.tau", "log-likelihood"} <= {one.name for one in found.quantities}


def test_two_stages_want_a_population_and_nothing_shared():
    two_stages = Settings(method="two-stage")
    with pytest.raises(InputError, match="nothing is pooled in part"):
        calibrate(straight_line(), TWO, fits=2, settings=two_stages)
    with pytest.raises(InputError, match="covariate"):  # of no population
        calibrate(straight_line(), TWO, fits=2, covariates=("weight",))
    with pytest.raises(InputError, match="shared by patients who are drawn apart"):
        calibrate(straight_line(), TWO, fits=2, settings=two_stages, hierarchical=("a",), shared=("b",))
