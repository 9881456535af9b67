"""Profile likelihood in closed form, on a ridge, and against another optimiser."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize
from small_models import SD, measured, product, straight_line

from cls_infer.errors import InputError
from cls_infer.inference.profile import profile
from cls_infer.inference.start import find_start
from cls_infer.likelihood.posterior import posterior

TIMES, VALUES = (0.0, 1.0, 4.0, 9.0), (3.1, 3.9, 3.3, 5.6)
X = np.stack([np.ones(4), np.array(TIMES)], axis=1)


@pytest.fixture(scope="module")
def line():
    return posterior(straight_line(), measured(TIMES, VALUES))


@pytest.fixture(scope="module")
def mode(line):
    return find_start(line, seed=0, starts=2).mode


def closed_form(prior: np.ndarray, which: int) -> tuple[float, float]:
    """Return estimate and sd of a (0) or b (1) from the values and these prior precisions about 3 and 0."""
    precision = X.T @ X / SD**2 + np.diag(prior)
    estimate = np.linalg.solve(precision, X.T @ np.array(VALUES) / SD**2 + prior * np.array([3.0, 0.0]))
    return estimate[which], np.sqrt(np.linalg.inv(precision)[which, which])


@pytest.mark.parametrize(
    ("others", "prior_of_a", "prior_of_b"), [("prior", 1 / 2.0**2, 1 / 0.4**2), ("free", 0.0, 0.0)]
)
def test_of_a_straight_line_it_is_a_parabola(line, mode, others, prior_of_a, prior_of_b):
    for one in profile(line, ("a", "b"), mode, others=others):
        # its own prior takes no part
        prior = np.array([0.0, prior_of_b]) if one.name == "a" else np.array([prior_of_a, 0.0])
        estimate, sd = closed_form(prior, "ab".index(one.name))
        # the search ends when an iteration gains under 1e-5 nats: within 0.005 sd
        np.testing.assert_allclose((one.best - estimate) / sd, 0, atol=5e-3)
        np.testing.assert_allclose(one.deviance, ((one.values - estimate) / sd) ** 2, atol=1e-3)
        bounds = np.array([one.low, one.high], float)
        np.testing.assert_allclose((bounds - estimate) / sd, [-1.95996, 1.95996], atol=5e-3)
        assert np.all(np.diff(one.values) >= 0)


def test_a_wider_level_is_wider(line, mode):
    (at_68,) = profile(line, ("a",), mode, level=0.6827)
    estimate, sd = closed_form(np.array([0.0, 1 / 0.4**2]), 0)
    np.testing.assert_allclose((np.array([at_68.low, at_68.high], float) - estimate) / sd, [-1, 1], atol=5e-3)


@pytest.fixture(scope="module")
def ridge():
    return posterior(product(), measured(TIMES, (2.1, 2.0, 3.0, 3.7)))


def test_along_a_ridge_there_is_no_bound(ridge):
    mode = find_start(ridge, seed=0, starts=2).mode
    (free,) = profile(ridge, ("A",), mode, others="free")
    assert free.low is free.high is None
    np.testing.assert_allclose(free.deviance, 0, atol=1e-3)  # whatever A is, B makes up for it
    np.testing.assert_allclose(np.log(free.values[-1] / free.values[0]), 8 * 0.6)  # over eight prior sd
    (held,) = profile(ridge, ("A",), mode)
    # what is known of B bounds A: log A is known to the spread of log B and of the product, to which noise adds
    assert held.low and held.high
    np.testing.assert_allclose(np.log(held.high / held.low) / (2 * 1.96), 0.4, rtol=0.1)


def test_what_is_never_seen_has_no_bound(ridge):
    (unseen,) = profile(ridge, ("C",), np.zeros(3))
    assert unseen.low is unseen.high is None and np.ptp(unseen.values) == pytest.approx(8.0)


def test_each_point_is_the_optimum_of_another_optimiser(target):
    mode = find_start(target, seed=1, starts=3).mode
    (one,) = profile(target, ("k_21",), mode, points=7)
    place = [label.partition("[")[0] for label in target.pooling.labels()].index("k_21")
    slot = next(slot for slot in target.pooling.slots if slot.name == "k_21")
    others = np.delete(np.arange(len(mode)), place)

    @jax.jit
    @jax.value_and_grad
    def loss(rest, held):
        z = jnp.zeros(len(mode)).at[others].set(rest).at[place].set(held)
        return 0.5 * jnp.sum(rest**2) - target.log_factor(z)

    held = [float(slot.priors[0].coordinate(value)) for value in one.values]
    lost = []
    for value in held:
        best = minimize(
            lambda rest, value=value: tuple(np.asarray(a, float) for a in loss(rest, value)), mode[others], jac=True
        )
        lost.append(best.fun)
    # both searches end within 1e-4 nats
    np.testing.assert_allclose(one.deviance, 2 * (np.array(lost) - np.min(lost)), atol=2e-3)


def test_names_that_are_not_there_are_told(line, mode):
    with pytest.raises(InputError, match="called `c`"):
        profile(line, ("a", "c"), mode)
    with pytest.raises(InputError, match="no parameter is named"):
        profile(line, (), mode)
