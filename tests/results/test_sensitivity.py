"""Power scaling tells a prior that agrees from one that fights the data and from one that is all there is."""

import numpy as np
import pytest
from results.conjugate import measured
from scipy import stats

from cls_infer.results.sensitivity import (
    CONFLICT,
    EITHER,
    FINE,
    STRONG,
    THRESHOLD,
    UNSURE,
    Sensitivity,
    _moved,
    sensitivities,
)
from cls_infer.results.summary import Row, prior_matters, summarise


def told(values, **how):
    return sensitivities(measured(np.atleast_2d(values), **how).tree)["mu"]


def test_a_wide_prior_is_no_concern():
    found = told(np.linspace(-1, 1, 9), prior_sd=30.0)
    assert found.words == FINE and found.likelihood > THRESHOLD > found.prior


def test_a_prior_far_from_the_data_is_a_conflict():
    assert told(np.full(4, 6.0), prior_sd=1.0).words == CONFLICT


def test_a_prior_that_leaves_nothing_to_the_data_is_strong():
    found = told([0.3], prior_sd=0.05)
    assert found.words == STRONG and found.prior > THRESHOLD > found.likelihood


def test_sensitivity_is_the_distance_to_the_scaled_posterior():
    """With a normal prior raised to a power the posterior is normal too; the distance is over the draws' range."""
    values, power = np.full((1, 3), 2.0), 1.01
    fit = measured(values, prior_sd=1.0, draws=20000)
    draws = fit.tree["posterior"]["mu"].values
    before, after = (stats.norm(values.sum() / (3 + alpha), (3 + alpha) ** -0.5) for alpha in (1.0, power))

    def distance(p, q, grid):
        def one_way(p, q):
            inside = np.trapezoid(p * (np.log2(p) - np.log2((p + q) / 2)), grid)
            return inside + np.trapezoid(q - p, grid) / (2 * np.log(2))

        return np.sqrt((one_way(p, q) + one_way(q, p)) / np.trapezoid(p + q, grid))

    grid = np.linspace(draws.min(), draws.max(), 4001)
    expected = max(distance(before.cdf(grid), after.cdf(grid), grid), distance(before.sf(grid), after.sf(grid), grid))
    # the mean of two differences, at 0.99 and at 1.01, and the tails of 20,000 draws: a few per cent
    assert sensitivities(fit.tree)["mu"].prior == pytest.approx(expected / np.log2(power), rel=0.05)


def test_a_run_without_its_log_prior_is_not_judged():
    fit = measured(np.ones((1, 3)))
    del fit.tree["log_prior"]
    assert sensitivities(fit.tree) == {}


def test_failed_draws_do_not_count():
    fit = measured(np.full((2, 2), 1.0))
    before = sensitivities(fit.tree)["mu"]
    fit.tree["log_likelihood"]["measurement"].values[0, :20, 1] = np.nan
    after = sensitivities(fit.tree)["mu"]
    assert after.prior == pytest.approx(before.prior, rel=0.1)


def test_what_chance_makes_of_few_draws_is_taken_off():
    """Thirty numbers have a prior each, ten more have nothing to do with any."""
    rng = np.random.default_rng(5)
    z = rng.standard_normal((400, 30))
    numbers = np.concatenate([z, rng.standard_normal((400, 10))], axis=1).T
    found, noise = _moved(numbers, -0.5 * np.sum(z**2, axis=1))
    assert 0.05 < np.mean(noise) < 0.12  # what is taken off is above the threshold
    assert np.mean(found[:30]) > 0.08  # a prior of its own: 0.1 without noise
    assert np.mean(found[30:]) < THRESHOLD
    assert np.all(_moved(numbers, np.zeros(400))[0] == 0)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Sensitivity(0.2, 0.3), CONFLICT),
        (Sensitivity(0.2, 0.01), STRONG),
        (Sensitivity(0.01, 0.3), FINE),
        (Sensitivity(0.2, 0.02, 0.08, 0.08), EITHER),
        (Sensitivity(0.1, 0.3, 0.08, 0.08), UNSURE),
        (Sensitivity(0.01, 0.3, 0.08, 0.08), UNSURE),
    ],
)
def test_words_say_no_more_than_the_draws(found, words):
    assert found.words == words


def test_the_summary_holds_it_and_the_words_name_it(fit):
    row = summarise(fit.tree)[0]
    assert np.isfinite([row.prior_sensitivity, row.likelihood_sensitivity]).all() and row.power_scaling
    rows = [
        Row(name, "1", *[1.0] * 10, 0.2, 0.2, words) for name, words in {"a": CONFLICT, "b": STRONG, "c": FINE}.items()
    ]
    first, second = prior_matters(rows)
    assert "both decide a and" in first and "prior alone decides b" in second
