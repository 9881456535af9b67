"""Simulated cohorts: each is one posterior, of its own charts, and its truth is a draw of the joint prior."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import kstest
from small_models import SD, several, straight_line

from cls_infer.inference.simulated import simulate
from cls_infer.likelihood.posterior import posterior

TIMES = ((0.0, 1.0, 4.0), (0.0, 2.0), (1.0, 2.0, 3.0, 5.0))


@pytest.fixture(scope="module")
def simulated():
    design = posterior(straight_line(), several("three", *TIMES), hierarchical=("a", "b"), correlated=True)
    return simulate(design, 40, seed=3)


def test_each_cohort_is_the_posterior_of_its_own_charts(simulated):
    """Value, slope and expansion of a lane are those of the cohort alone."""
    posteriors, which = simulated.posteriors, np.array([7, 0, 7])
    assert (len(posteriors.names), posteriors.names[7]) == (40, "three#8")
    points = 0.4 * np.random.default_rng(1).standard_normal((3, posteriors.dimension))
    values, slopes = posteriors.log_posterior(points, which), posteriors.slope(points, which)
    about = posteriors.expand(points, which)
    alone = simulated.alone(7)
    density = jax.jit(jax.value_and_grad(lambda z: alone.log_factor(z) - 0.5 * jnp.sum(z**2)))
    other = simulated.posteriors.log_posterior(points, np.zeros(3, int))
    assert np.all(values[[0, 2]] != other[[0, 2]]) and values[1] == other[1]
    for lane in (0, 2):
        value, slope = density(points[lane])
        # two programs of the same sums, in another order
        np.testing.assert_allclose([values[lane], slopes.log_posterior[lane]], value, rtol=1e-10)
        np.testing.assert_allclose(slopes.gradient[lane], slope, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(about.gradient[lane], slope, rtol=1e-8, atol=1e-8)
        assert np.all(np.linalg.eigvalsh(about.curvature[lane]) > 0)


def test_no_cohort_depends_on_its_neighbours(simulated):
    posteriors = simulated.posteriors
    points = 0.4 * np.random.default_rng(2).standard_normal((300, posteriors.dimension))
    which = np.arange(300) % 40
    together = posteriors.slope(points, which)
    few = posteriors.slope(points[17:20], which[17:20])
    np.testing.assert_array_equal(together.gradient[17:20], few.gradient)


def test_truths_are_of_the_prior_and_charts_scatter_about_them(simulated):
    """Under a seed that is fixed: p above 0.01 each."""
    truth = simulated.truth
    assert truth.shape == (40, simulated.design.pooling.dimension)
    assert kstest(truth.ravel(), "norm").pvalue > 0.01
    away = []
    for cohort in range(40):
        coordinates = np.asarray(simulated.design.pooling.coordinates(truth[cohort]))
        for patient, times in enumerate(TIMES):
            a, b = 3.0 + 2.0 * coordinates[patient, 0], 0.4 * coordinates[patient, 1]
            rows = simulated.fit.cohort.patients[cohort * 3 + patient].measurements
            away += [(row.value - (a + b * t)) / SD for row, t in zip(rows, times, strict=True)]
    assert kstest(away, "norm").pvalue > 0.01
    assert 0.8 < np.std(away) < 1.2  # 360 of them


def test_patients_keep_their_designs_cohort_behind_cohort(simulated):
    assert simulated.like.tolist()[:7] == [0, 1, 2, 0, 1, 2, 0]
    assert len(simulated.fit.plan.patients) == 120
    alone = simulated.alone(5)
    assert alone.plan.patients == ("P1", "P2", "P3")
    assert [p.measurements for p in alone.cohort.patients] == [
        p.measurements for p in simulated.fit.cohort.patients[15:18]
    ]
