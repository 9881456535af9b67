"""Weighed draws against closed forms: moments, evidence, and k-hat where a proposal cannot cover the target."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import gammaln

from cls_infer.inference.apart import Apart
from cls_infer.inference.importance import effective_size, flattened, weigh
from cls_infer.inference.laplace import weigh_laplace
from cls_infer.inference.modes import STARTS, Modes
from cls_infer.results.diagnose import certified
from cls_infer.results.pareto import smoothed


class Analytic(Apart):
    """Posteriors in closed form, all in the plane."""

    def __init__(self, *densities):
        object.__setattr__(self, "densities", densities)

    @property
    def names(self):
        return tuple(f"A{i}" for i in range(len(self.densities)))

    @property
    def dimension(self):
        return 2

    @property
    def log_posterior(self):
        def at(points, which):
            values = np.stack([density(points) for density in self.densities])
            return values[which, np.arange(len(points))]

        return at


def normal(x):
    """Variances 1 and 4 about (2, -1), times e^3: the log evidence over the prior's 2 pi is 3 + log 2."""
    return 3.0 - 0.5 * ((x[:, 0] - 2) ** 2 + (x[:, 1] + 1) ** 2 / 4)


def bent(x):
    """A normal bent along a parabola, of the same volume: x1 - x0^2/2."""
    return -0.5 * (x[:, 0] ** 2 + ((x[:, 1] - x[:, 0] ** 2 / 2) / 0.3) ** 2)


def twin(x):
    """Two unit normals eight apart, the second three times as heavy."""
    one, two = -0.5 * np.sum(x**2, axis=1), -0.5 * np.sum((x - np.array([8.0, 0.0])) ** 2, axis=1)
    return np.logaddexp(one, np.log(3.0) + two)


def heavy(x):
    """Student's t of one degree of freedom: no t of eight covers its tails."""
    return gammaln(1.5) - 1.5 * np.log1p(np.sum(x**2, axis=1))


def modes(*of):
    """Searches that ended at these points, of unit curvature, the same in every start left over."""
    points = np.stack([np.array(ends + [ends[0]] * (STARTS - len(ends)), float) for ends in of])
    shape = points.shape[:2]
    value = np.zeros(shape)
    return Modes(points, value, np.broadcast_to(np.eye(2), (*shape, 2, 2)), np.ones(shape, bool))


DENSITIES = (normal, bent, twin, heavy)


@pytest.fixture(scope="module")
def weighed():
    found = modes([[0.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0], [8.0, 0.0]], [[0.0, 0.0]])
    return weigh(Analytic(*DENSITIES), range(4), found, seed=5, smooth=smoothed, enough=certified)


def moments(one):
    weight = np.exp(one.log_weight)
    mean = weight @ one.points
    return mean, np.sqrt(weight @ (one.points - mean) ** 2)


def test_a_normal_posterior_is_met(weighed):
    mean, sd = moments(weighed[0])
    error = 4 / np.sqrt(weighed[0].effective)  # four Monte Carlo standard errors
    np.testing.assert_allclose((mean - [2, -1]) / [1, 2], 0, atol=error)
    np.testing.assert_allclose(sd / [1, 2], 1, atol=error)
    np.testing.assert_allclose(weighed[0].log_evidence, 3 + np.log(2), atol=4 * weighed[0].log_evidence_se)
    assert weighed[0].effective > 0.5 * len(weighed[0].points) and weighed[0].khat < 0.5


def test_a_bent_posterior_is_met(weighed):
    one = weighed[1]
    assert certified(one.khat, one.effective, len(one.points))
    # the ends of the bend, a hundredth of its mass, lie where hardly a draw falls: a certificate cannot see them
    np.testing.assert_allclose(one.log_evidence, np.log(0.3), atol=0.03)
    drawn = one.points[one.equal(20_000, np.random.default_rng(1))]
    expected = np.array([-1.645, 0.0, 1.645])
    np.testing.assert_allclose(np.quantile(drawn[:, 0], [0.05, 0.5, 0.95]), expected, atol=0.12)


def test_both_modes_get_their_mass(weighed):
    mean, _ = moments(weighed[2])
    np.testing.assert_allclose(mean[0], 6.0, atol=4 * 3.6 / np.sqrt(weighed[2].effective))
    np.testing.assert_allclose(weighed[2].log_evidence, np.log(4.0), atol=4 * weighed[2].log_evidence_se)


def test_tails_that_cannot_be_covered_get_no_certificate(weighed):
    assert not certified(weighed[3].khat, weighed[3].effective, len(weighed[3].points))


def test_k_hat_of_a_laplace_approximation_that_is_too_narrow():
    """Draws of N(0, s^2) for a standard normal weigh with a Pareto tail of shape 1 - s^2: 3/4 for s = 1/2."""
    narrow = modes([[2.0, -1.0]])
    covariance = np.broadcast_to(np.diag([0.25, 1.0]), narrow.covariance.shape)
    (one,) = weigh_laplace(
        Analytic(normal), [0], replace(narrow, covariance=covariance), 16_000, seed=1, smooth=smoothed
    )
    np.testing.assert_allclose(one.khat, 0.75, atol=0.25)  # the estimate scatters by a tenth, and tends slowly
    exact = np.broadcast_to(np.diag([1.0, 4.0]), narrow.covariance.shape)
    (one,) = weigh_laplace(Analytic(normal), [0], replace(narrow, covariance=exact), 400, seed=1, smooth=smoothed)
    np.testing.assert_allclose(one.log_weight, -np.log(400), atol=1e-9)
    np.testing.assert_allclose(one.log_evidence, 3 + np.log(2), rtol=1e-9)


def test_draws_of_equal_weight_stand_for_the_weighed_ones(weighed):
    which = weighed[1].equal(4000, np.random.default_rng(1))
    mean, _ = moments(weighed[1])
    # systematic resampling adds less than independent draws would: one part in sqrt(4000)
    np.testing.assert_allclose(weighed[1].points[which].mean(axis=0), mean, atol=1 / np.sqrt(4000))
    counts = np.bincount(which, minlength=len(weighed[1].points))
    assert np.all(np.abs(counts - 4000 * np.exp(weighed[1].log_weight)) < 1 + 1e-9)


def test_a_posterior_gives_the_same_draws_in_any_company():
    both = weigh(Analytic(normal, bent), [0, 1], modes([[0, 0]], [[0, 0]]), seed=3, smooth=smoothed, enough=certified)
    alone = weigh(Analytic(normal, bent), [1], modes([[0, 0]]), seed=3, smooth=smoothed, enough=certified)
    np.testing.assert_array_equal(both[1].points, alone[0].points)


def test_weights_are_flattened_until_enough_draws_count():
    log_weight = 5 * np.random.default_rng(1).standard_normal(1000)
    assert effective_size(log_weight) < 20
    np.testing.assert_allclose(effective_size(np.log(flattened(log_weight, 100.0))), 100.0, rtol=0.05)
    np.testing.assert_allclose(flattened(np.zeros(10), 5.0), 0.1)
