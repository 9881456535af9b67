"""A finished fit is opened again as the target it sampled, at the draws it made."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from results.made_up import chart, origin, sampled

from cls_infer.cohort.records import Cohort
from cls_infer.errors import InputError
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.model.prior import Uncharted, logit_normal, lognormal, normal, truncated_normal, value
from cls_infer.results.again import coordinates_again, target_again
from cls_infer.results.fit import hide_after
from cls_infer.results.fitted import conclude

EACH = [
    normal(3.0, 0.5),
    lognormal(-2.0, 0.4, shift=1.0),
    truncated_normal(0.3, 0.06, 0.1, 0.55),
    logit_normal(0.055, 0.85, low=0.0, high=1.0),
    Uncharted(2.0, 0.5, 0.0, 1.0, 0.0),
    Uncharted(1.0, 0.0, 2.0, 5.0, 1.0),
]


@pytest.mark.parametrize("prior", EACH, ids=str)
def test_a_value_has_the_coordinate_it_came_from(prior):
    z = jnp.linspace(-4.0, 4.0, 9)
    # the distribution function at 4 sd leaves 3e-5 to 1: eleven digits of the coordinate
    np.testing.assert_allclose(prior.coordinate(value(prior, z)), z, atol=1e-9)


def test_one_patient_comes_back(fit, target, kinetics):
    again = target_again(fit.tree, kinetics, target.cohort)
    assert again.pooling == target.pooling and again.tolerance == target.tolerance
    z = coordinates_again(again, fit.tree["posterior"].to_dataset())
    np.testing.assert_allclose(z, sampled(target).draws.z.reshape(z.shape), atol=1e-9)


def test_patients_fitted_apart_come_back_side_by_side(apart, kinetics):
    cohort = replace(apart[0].target.cohort, patients=tuple(p for part in apart for p in part.target.cohort.patients))
    tree = conclude(apart, provenance=origin(kinetics, cohort)).tree
    again = target_again(tree, kinetics, cohort)
    z = coordinates_again(again, tree["posterior"].to_dataset())
    of_second = [label.endswith("[P2]") for label in again.pooling.labels()]
    second = apart[1].draws.z.reshape(len(z), -1)
    # the second patient's infusion is charted: a place kept for it, with nothing to estimate
    np.testing.assert_allclose(z[:, of_second][:, : second.shape[1]], second, atol=1e-9)


@pytest.fixture(scope="module")
def pooled(kinetics):
    """Three patients of unknown weight: one rate shared, one pooled in part, one held."""
    cohort = chart("P1", "P2", "P3")
    cohort = replace(cohort, patients=tuple(replace(p, covariates={"sex": "male"}) for p in cohort.patients))
    scopes = {"shared": ("k_12", "V_c"), "hierarchical": ("k_10",), "fixed": {"k_21": 0.8}}
    target = posterior(kinetics, cohort, **scopes)
    return target, conclude([sampled(target, seed=3)], provenance=origin(kinetics, cohort)).tree


def test_what_is_shared_pooled_or_held_comes_back(pooled, kinetics):
    target, tree = pooled
    again = target_again(tree, kinetics, target.cohort)
    assert again.pooling == target.pooling
    z = coordinates_again(again, tree["posterior"].to_dataset())
    np.testing.assert_allclose(z, sampled(target, seed=3).draws.z.reshape(z.shape), atol=1e-9)
    found = jax.jit(lambda one: again.by_patient(again.pooling.coordinates(one)).log_likelihood)(z[7])
    kept = tree["log_likelihood"]["measurement"].values.reshape(len(z), 3, -1)[7]
    np.testing.assert_allclose(found, np.nansum(kept, axis=-1), rtol=1e-9)


def test_hidden_measurements_stay_hidden(target, kinetics):
    seen, hidden = hide_after(target.cohort, 1.5)
    until = posterior(kinetics, seen)
    marked = origin(kinetics, seen) | {"until": 1.5, "hidden_measurements": hidden}
    tree = conclude([sampled(until)], provenance=marked).tree
    again = target_again(tree, kinetics, target.cohort)
    assert again.plan.chart.mask.sum() == until.plan.chart.mask.sum() < target.plan.chart.mask.sum()


def test_another_model_or_other_data_are_refused(fit, target):
    other = Cohort(target.cohort.name, target.cohort.patients, "1" * 64)
    with pytest.raises(InputError) as error:
        target_again(fit.tree, load_model("one_pore"), other)
    assert [problem.where for problem in error.value.problems] == ["--model", "--data"]
    assert "not the model that was fitted" in str(error.value)
