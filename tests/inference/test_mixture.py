"""Mixtures of Student's t: density and draws against SciPy, learning against clusters that are known."""

import numpy as np
from scipy.stats import multivariate_t

from cls_infer.inference.mixture import DEGREES, Mixture

TWO = Mixture(
    np.array([0.3, 0.7]),
    np.array([[-4.0, 0.0], [3.0, 1.0]]),
    np.array([[[1.0, 0.5], [0.5, 2.0]], [[0.5, 0.0], [0.0, 0.2]]]),
)


def test_density_is_that_of_scipy():
    x = np.random.default_rng(1).normal(0, 4, (20, 2))
    parts = [
        share * multivariate_t(location, scale, df=DEGREES).pdf(x)
        for share, location, scale in zip(TWO.share, TWO.location, TWO.scale, strict=True)
    ]
    np.testing.assert_allclose(TWO.log_density(x), np.log(np.sum(parts, axis=0)), rtol=1e-12)


def test_draws_have_the_moments_of_the_mixture():
    x = TWO.sample(200_000, np.random.default_rng(2))
    stretch = DEGREES / (DEGREES - 2)
    mean = TWO.share @ TWO.location
    second = np.einsum("k,kij->ij", TWO.share, stretch * TWO.scale + TWO.location[:, :, None] * TWO.location[:, None])
    # Monte Carlo error of a mean is 0.0075, of a covariance 0.03; four times that
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=0.03)
    np.testing.assert_allclose(np.cov(x.T), second - np.outer(mean, mean), atol=0.12)


def test_two_clusters_are_learnt_from_weighed_draws():
    rng = np.random.default_rng(3)
    wide = Mixture(np.ones(1), np.zeros((1, 2)), 16 * np.eye(2)[None])
    x = wide.sample(20_000, rng)
    log_weight = TWO.log_density(x) - wide.log_density(x)
    weight = np.exp(log_weight - log_weight.max())
    guess = Mixture(np.full(2, 0.5), np.array([[-2.0, 1.0], [2.0, -1.0]]), np.stack([4 * np.eye(2)] * 2))
    learnt = guess.learnt(x, weight / weight.sum())
    # the weighed draws are worth some 1,500; ten iterations of learning are close to where it ends
    np.testing.assert_allclose(learnt.share, TWO.share, atol=0.05)
    np.testing.assert_allclose(learnt.location, TWO.location, atol=0.2)
    np.testing.assert_allclose(learnt.scale, TWO.scale, atol=0.4)


def test_a_component_that_explains_nothing_stays_defined():
    far = Mixture(np.full(2, 0.5), np.array([[0.0, 0.0], [80.0, 80.0]]), np.stack([np.eye(2)] * 2))
    x = np.random.default_rng(4).standard_normal((500, 2))
    learnt = far.learnt(x, np.full(500, 1 / 500))
    assert learnt.share[1] < 0.01 and np.all(np.isfinite(learnt.log_density(x)))


def test_a_defended_mixture_is_never_much_lower_than_its_widest_component():
    x = np.random.default_rng(5).normal(0, 30, (1000, 2))
    defended = TWO.defended()
    alone = Mixture(np.ones(1), defended.location[-1:], defended.scale[-1:])
    assert np.all(defended.log_density(x) >= np.log(0.1) + alone.log_density(x) - 1e-12)
    np.testing.assert_allclose(defended.location[-1], TWO.share @ TWO.location)


def test_a_split_mixture_gains_components_about_the_draws():
    x = TWO.sample(50, np.random.default_rng(6))
    split = TWO.split(x, np.full(50, 1 / 50), np.random.default_rng(7))
    assert len(split.share) == 5 and np.isclose(split.share.sum(), 1)
    assert all(any(np.array_equal(centre, draw) for draw in x) for centre in split.location[2:])
