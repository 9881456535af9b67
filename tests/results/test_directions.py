"""Combinations in words: a ridge is found, what stands for what is true of what is written."""

from dataclasses import replace

import numpy as np
import pytest
from small_models import measured, product, straight_line

from cls_infer.likelihood.posterior import posterior
from cls_infer.results.directions import Direction, Quantity, directions, spread, tell
from cls_infer.results.identify import identified, identify
from cls_infer.results.report import render

WALL = [Quantity("LpS", "L/h/mmHg", True), Quantity("alpha_L", "1", True), Quantity("P_i0", "mmHg", False)]


def seen_along(direction, sd, prior):
    """Posterior covariance where one combination was measured with this standard deviation."""
    a = np.asarray(direction, float)
    return np.linalg.inv(np.linalg.inv(prior) + np.outer(a, a) / sd**2)


PRIOR = np.diag([0.6, 0.35, 0.8]) ** 2
ON_A_RIDGE = seen_along([1, 1, 0], 0.25, PRIOR)


def test_a_product_that_alone_was_seen_is_named_with_its_spread():
    best = directions(WALL, PRIOR, ON_A_RIDGE)[0]
    assert best.name == "LpS·alpha_L"
    exact = 1 / np.sqrt(1 / 0.25**2 + 1 / (0.6**2 + 0.35**2))
    np.testing.assert_allclose([best.sd, best.prior_sd], [exact, np.hypot(0.6, 0.35)], rtol=1e-9)
    assert best.words == "LpS·alpha_L is known to ±27 % (before the data a factor of 2)"


def test_the_ridge_is_what_the_prior_alone_tells():
    told = tell(WALL, PRIOR, ON_A_RIDGE)
    ridge = told.ridges[0]
    # what the prior does not tie to the product has exponents as the inverse prior variances, here rounded to halves
    assert ridge.name == "alpha_L/LpS^0.5"
    assert round(0.35**2 / 0.6**2 / 0.5) == 1
    assert ridge.contraction < 0.05 and "not known beyond the prior" in ridge.words
    assert told.silent == ("P_i0",)
    assert told.sentences[-1] == "Taken alone, the data tell nothing of P_i0."


def test_the_spread_belongs_to_what_is_written():
    rng = np.random.default_rng(1)
    root = rng.standard_normal((6, 6))
    prior, names = np.diag(rng.uniform(0.2, 1, 6)), [Quantity(name, "1", True) for name in "abcdef"]
    posterior = np.linalg.inv(np.linalg.inv(prior) + root @ root.T)
    for one in directions(names, prior, posterior):
        a = np.zeros(6)
        a[["abcdef".index(part.name) for part in one.parts]] = one.exponents
        np.testing.assert_allclose([one.sd**2, one.prior_sd**2], [a @ posterior @ a, a @ prior @ a], rtol=1e-12)
        assert len(one.parts) <= 4


def test_directions_run_from_the_best_known_to_the_least():
    found = directions(WALL, PRIOR, ON_A_RIDGE)
    assert [one.contraction for one in found] == sorted((one.contraction for one in found), reverse=True)


def test_a_parameter_of_either_sign_is_told_in_its_unit():
    alone = directions(WALL, PRIOR, seen_along([0, 0, 1], 0.3, PRIOR))[0]
    assert alone.words == "P_i0 is known to ±0.28 mmHg (before the data ±0.8 mmHg)"
    mixed = Direction((WALL[0], WALL[2]), (1.0, -0.5), 1.0, 0.2)
    assert mixed.name == "LpS/e^(0.5·P_i0)"
    assert mixed.words == "LpS/e^(0.5·P_i0) is known to ±22 % (before the data a factor of 2.7)"


def test_between_learnt_and_silent_it_is_hinted_at():
    assert Direction((WALL[0],), (1.0,), 0.6, 0.5).words.startswith("LpS is only hinted at: ±65 %")


@pytest.mark.parametrize(
    ("sd", "unit", "words"),
    [(0.05, "log", "±5.1 %"), (0.7, "log", "a factor of 2"), (0.3, "1", "±0.3"), (2.5, "h", "±2.5 h")],
)
def test_spreads_in_words(sd, unit, words):
    assert spread(sd, unit) == words


def test_of_a_model_that_sees_a_product_the_product_is_known():
    target = posterior(product(), measured((0.0, 5.0, 9.0), (2.0, 3.0, 3.5)))
    told = identify(target, np.zeros((1, 3)))
    best, ridge = told.known[0], told.ridges[0]
    assert best.name in ("A·B", "B·A")
    # y = AB(1 + t/10) seen with 0.5 at three times, AB = 2 at the prior's median
    weight = np.sum((2 * np.array([1.0, 1.5, 1.9])) ** 2) / 0.5**2
    np.testing.assert_allclose(best.sd, 1 / np.sqrt(weight + 1 / (0.6**2 + 0.4**2)), rtol=1e-6)
    assert {part.name for part in ridge.parts} == {"A", "B"} and np.prod(ridge.exponents) < 0
    assert ridge.contraction < 0.05
    assert told.silent == ("C",)


def test_of_a_straight_line_the_spreads_are_those_of_least_squares():
    target = posterior(straight_line(), measured((0.0, 9.0), (3.0, 3.0)))
    told = identify(target, np.zeros((1, 2)))
    assert {one.name for one in told.known} == {"a", "b"}
    X = np.array([[1.0, 0.0], [1.0, 9.0]])
    covariance = np.linalg.inv(X.T @ X / 0.5**2 + np.diag([1 / 2.0**2, 1 / 0.4**2]))
    by_name = {one.name: one.sd for one in told.known}
    np.testing.assert_allclose([by_name["a"], by_name["b"]], np.sqrt(np.diag(covariance)), rtol=1e-6)


@pytest.fixture(scope="module")
def tied(fit):
    """A run of made-up draws in which the product of two rates is known and their ratio is the prior's."""
    tree = fit.tree.copy(deep=True)
    inside, prior = tree["posterior"].to_dataset(), tree["prior"].to_dataset()

    def standard(name):
        logarithm = np.log(inside[name])
        return (logarithm - logarithm.mean()) / logarithm.std()

    wide = np.log(prior["k_12"]).std().item() * standard("k_12")
    drawn = {"k_12": wide, "k_21": 0.05 * standard("k_21") - wide}
    tree["posterior"] = inside.assign({name: inside[name].copy(data=np.exp(one)) for name, one in drawn.items()})
    return replace(fit, tree=tree)


def test_the_draws_of_a_run_alone_show_its_ridge(tied):
    told = identified(tied.tree, patient="P1", names=("k_12", "k_21"))
    (known,) = told.known
    assert known.name in ("k_12·k_21", "k_21·k_12") and known.contraction > 0.95
    assert all(one.contraction < 0.5 for one in told.ridges)


def test_the_report_names_combinations(tied):
    page = render(tied)
    assert "Combinations of parameters" in page and "Of all parameters, best known:" in page
    known = identified(tied.tree, patient="P1").known
    assert known and all(one.words in page for one in known)


def test_of_no_parameters_nothing_is_told(fit):
    assert identified(fit.tree, names=("LpS",)).sentences == []
