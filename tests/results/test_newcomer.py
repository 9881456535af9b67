from dataclasses import replace

import numpy as np
import pytest
from results.made_up import chart

from cls_infer.inference.newcomer import expect
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.newcomer import expected_values, quantiles, somebody_new


@pytest.fixture(scope="module")
def values():
    target = posterior(load_model("volume_kinetics"), chart("P1", "P2"), hierarchical=("k_10",))
    z = np.zeros((1, 10, target.pooling.dimension))
    return expected_values(target, expect(target, z, chart("new").patients[0], seed=1, draws=4000))


def test_a_new_patients_parameters_have_names_units_and_the_populations_spread(values):
    assert values["k_10"].attrs["unit"] == "1/h" and float(values["weight"].sum()) == pytest.approx(1.0)
    # log k_10 = log 0.5 + 0.8 (0 + 0.3 eta); four standard errors of 4,000
    logs = np.log(values["k_10"].values / 0.5)
    np.testing.assert_allclose([logs.mean() / 0.24, logs.std() / 0.24], [0, 1], atol=4 / np.sqrt(4000))
    np.testing.assert_allclose(values["BW"], 70.0, rtol=1e-12)  # charted


def test_weights_choose_among_the_draws(values):
    high = values["k_10"].values > np.median(values["k_10"].values)
    chosen = quantiles(values, np.where(high, 0.0, -np.inf))
    np.testing.assert_allclose(chosen["k_10"].sel(level=0.5), np.quantile(values["k_10"], 0.75), rtol=1e-2)
    assert chosen["k_10"].attrs["unit"] == "1/h"


def test_somebody_new_has_the_populations_centre_and_spread_of_each_draw():
    """At mean covariates, whatever these do; log k_10 = log 0.5 + 0.8 (mu + tau eta)."""
    cohort = chart("P1", "P2", "P3")
    patients = tuple(replace(p, covariates={"weight": 60.0 + 9 * n}) for n, p in enumerate(cohort.patients))
    target = posterior(
        load_model("volume_kinetics"),
        replace(cohort, patients=patients),
        hierarchical=("k_10",),
        covariates=("weight",),
    )
    labels = target.pooling.labels()
    z = np.zeros((2, 4000, target.pooling.dimension))
    z[1, :, labels.index("k_10.mu")] = 1.0
    z[..., labels.index("k_10.weight")] = 2.0
    found = somebody_new(target.pooling, z, seed=1)["k_10"]
    assert found.dims == ("chain", "draw") and found.attrs["unit"] == "1/h"
    law = target.pooling.law(z[1, 0])
    logs = np.log(found.values / 0.5) / 0.8
    sd = float(law.root[0, 0])
    error = 4 / np.sqrt(4000)  # four standard errors, of mean and of spread
    np.testing.assert_allclose((logs.mean(axis=1) - [0.0, float(law.mean[0])]) / sd, 0.0, atol=error)
    np.testing.assert_allclose(logs.std(axis=1) / sd, 1.0, atol=error)
