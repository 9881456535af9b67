"""Scores of normal predictions are those of the formulas."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from cls_infer.results.scores import crps, log_mean, score

DRAWS = 20_000


def test_the_ranked_score_of_a_normal_is_gneitings():
    drawn = np.random.default_rng(1).normal(2.0, 3.0, DRAWS)
    for value in (2.0, 4.5, -6.0):
        z = (value - 2.0) / 3.0
        exact = 3.0 * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
        # the mean of 20,000 distances, each of sd 3 at most
        assert crps(drawn, value) == pytest.approx(exact, abs=4 * 3 / np.sqrt(DRAWS))
    assert np.isnan(crps(drawn[:1], 2.0))


def test_a_sure_prediction_is_scored_by_its_distance():
    assert crps(np.full(50, 3.0), 4.25) == pytest.approx(1.25)
    assert log_mean(np.log([0.1, 0.3])) == pytest.approx(np.log(0.2))


@pytest.fixture
def scored():
    """A hidden value, a hidden limit and a value that was seen; the mean is normal(1, 0.5), the noise has sd 1."""
    rng = np.random.default_rng(2)
    mean = rng.normal(1.0, 0.5, (2, DRAWS // 2, 1, 1))
    values, censoring = np.array([[2.5, 0.0, np.nan]]), np.array([[0.0, -1.0, 0.0]])
    densities = np.concatenate(
        [stats.norm.logpdf(2.5, mean), stats.norm.logcdf(0.0, mean), np.zeros_like(mean)], axis=-1
    )
    dims = ("chain", "draw", "patient", "obs")
    found = {"measurement": values, "upper": values, "censoring": censoring}
    observed = xr.Dataset(
        {name: (("patient", "obs"), of) for name, of in found.items()},
        coords={
            "patient": ["P1"],
            "time": (("patient", "obs"), [[30.0, 36.0, 1.0]]),
            "row": (("patient", "obs"), [[7.0, 8.0, 2.0]]),
            "variable": (("patient", "obs"), np.array([["albumin", "hematocrit", "albumin"]], dtype=object)),
            "unit": (("patient", "obs"), np.array([["g/L", "1", "g/L"]], dtype=object)),
        },
    )
    replicates = xr.DataArray(mean + rng.normal(size=(*mean.shape[:3], 3)), dims=dims)
    return observed, replicates, xr.DataArray(densities, dims=dims)


def test_densities_are_those_of_the_predictive_distribution(scored):
    found = score(*scored)
    first, second = found.each
    predictive = stats.norm(1.0, np.hypot(1.0, 0.5))
    assert first.log_density == pytest.approx(predictive.logpdf(2.5), abs=0.02)  # a mean of 20,000 densities
    assert second.log_density == pytest.approx(predictive.logcdf(0.0), abs=0.02)
    assert (first.row, first.time, first.limit, second.limit) == (7, 30.0, "", "below ")
    assert np.isnan(second.crps) and first.crps > 0 and first.median == pytest.approx(1.0, abs=0.05)
    assert first.inside_90 and not first.inside_50 and second.inside_90
    assert [name for name, _ in found.by_variable()] == ["albumin", "hematocrit"]


def test_the_density_of_all_together_knows_that_they_share_their_draws(scored):
    found = score(*scored)
    mean = stats.norm(1.0, 0.5)
    exact = np.log(mean.expect(lambda mu: stats.norm.pdf(2.5, mu) * stats.norm.cdf(0.0, mu)))
    assert found.by_patient["P1"] == found.elpd == pytest.approx(exact, abs=0.03)
    assert 1 < found.resting_on["P1"] < DRAWS


def test_failed_draws_predict_nothing(scored):
    observed, replicates, densities = scored
    before = score(observed, replicates, densities).elpd
    densities[0, :100] = np.nan
    replicates[0, :100] = np.nan
    assert score(observed, replicates, densities).elpd == pytest.approx(before, abs=0.02)
    densities[:] = np.nan
    assert score(observed, replicates, densities).each == ()
