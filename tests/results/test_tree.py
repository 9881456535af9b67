from dataclasses import replace

import numpy as np
import pytest
from results.made_up import CHAINS, DRAWS, chart, origin, sampled

from cls_infer.likelihood.measured import scattered, unit_noise
from cls_infer.likelihood.pooling import spread_of
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.fitted import conclude
from cls_infer.results.joint import join
from cls_infer.results.pareto import pareto_shape
from cls_infer.results.trajectories import thinned
from cls_infer.results.values import parameter_draws


def test_the_tree_holds_every_group(fit):
    assert {
        "posterior",
        "unconstrained_posterior",
        "prior",
        "log_prior",
        "inputs",
        "constant_data",
        "trajectories",
        "posterior_predictive",
        "log_likelihood",
        "observed_data",
        "therapy",
        "sample_stats",
        "solver",
    } == set(fit.tree.children)


def test_the_root_tells_where_the_fit_comes_from(fit, kinetics):
    attrs = fit.tree.attrs
    assert (attrs["model"], attrs["model_digest"]) == ("volume_kinetics", kinetics.digest)
    assert (attrs["cohort"], attrs["cohort_digest"]) == ("infusions", "0" * 64)
    assert attrs["float_width"] == 64 and attrs["seed"] == 1 and attrs["method"] == "nuts"
    assert {"version_jax", "version_numpyro", "version_arviz", "version_numpy", "python", "device"} <= set(attrs)
    assert '"row": 8' in attrs["unused"] and "twice at the same time" in attrs["set_aside"]


def test_every_way_a_solve_can_end_is_counted(fit):
    counted = fit.tree["solver"]["count"].sum("patient")
    ends = dict(zip(fit.tree["solver"]["status"].values.tolist(), counted.values.tolist(), strict=True))
    assert {"ok", "step limit", "not finite", "state out of bounds", "no steady state in health"} == set(ends)
    assert ends["no steady state in health"] == 0 < ends["ok"]


def test_what_is_known_is_constant_data_and_not_posterior(fit):
    known, unknown = fit.tree["constant_data"], fit.tree["posterior"]
    assert float(known["MCHC"]) == 333.0 and known["BW"].sel(patient="P1") == 70.0
    assert "BW" not in unknown and "MCHC" not in unknown
    assert unknown["ringer_0h"].attrs["unit"] == "L"
    assert unknown["V_c"].dims == ("chain", "draw", "patient")


def test_pointwise_log_likelihoods_sum_to_the_patients(fit, target):
    z = sampled(target).draws.z
    summed = fit.tree["log_likelihood"]["measurement"].sum("obs")
    for chain, draw in ((0, 0), (3, DRAWS - 1)):
        total, _, status = target.by_patient(target.pooling.coordinates(z[chain, draw]))
        assert int(status[0]) == 0
        # the same solve, but in a batch of another size: rounding only
        np.testing.assert_allclose(summed.isel(chain=chain, draw=draw), total, rtol=1e-8)


def test_curves_pass_through_the_predictions(fit):
    curves, predicted = fit.tree["trajectories"].to_dataset(), fit.tree["posterior_predictive"]["prediction"]
    assert curves.sizes["draw"] == 400 // CHAINS
    last = curves["hemoglobin"].isel(point=-1)  # measured at 2 h, the end of the grid
    np.testing.assert_allclose(
        last.values,
        predicted.isel(obs=5).sel(draw=curves["draw"]).values,
        rtol=1e-5,  # two solves at rtol 1e-6 with different stops
    )
    assert float(curves["time"].isel(point=-1)[0]) == 2.0
    assert curves["central_excess"].attrs == {"unit": "L", "kind": "derived"}


def test_replicates_scatter_as_the_noise_says(fit):
    predictive = fit.tree["posterior_predictive"].to_dataset()
    r = (predictive["measurement"] - predictive["prediction"]) / predictive["scale"]
    # 3,600 standard normal numbers: the sd is known to 1.2 %, four times that allowed
    np.testing.assert_allclose(float(r.std()), 1.0, rtol=0.05)
    np.testing.assert_allclose(predictive["scale"].isel(obs=3), np.hypot(0.02, 0.01))  # plasma dilution, extra_sd 0.01
    assert (predictive["scale"].isel(obs=1) > 0.01).all()  # a coarse time widens


def test_lognormal_scatter_is_on_the_logarithm():
    unit = unit_noise((4,), 1, 4.0, rng=np.random.default_rng(1))
    np.testing.assert_allclose(np.log(scattered(np.full(4, 2.0), 0.3, unit, 1) / 2.0), 0.3 * unit)


def test_patients_fitted_apart_stand_side_by_side(apart, kinetics):
    whole = conclude(apart, provenance=origin(kinetics, chart("P1", "P2")))
    for number, part in enumerate(apart):
        alone = conclude([part], provenance=origin(kinetics, part.target.cohort))
        for name in ("k_12", "V_c", "Hct0"):
            np.testing.assert_allclose(
                whole.tree["posterior"][name].isel(patient=number),
                alone.tree["posterior"][name].isel(patient=0),
            )
    assert whole.tree["posterior"]["ringer_0h"].isel(patient=1).isnull().all()
    assert whole.tree["sample_stats"]["energy"].dims == ("chain", "draw", "patient")
    assert whole.verdict.numbers["rhat_max"] < 1.05  # no NaN from the patient without an uncharted amount
    assert "ringer_0h[P2]" not in {row.name for row in whole.summary}


def test_parts_are_thinned_to_the_shortest(apart):
    first, second = apart
    first.draws.z, kept = first.draws.z[:, :50], first.draws.z
    joint = join([first, second])
    first.draws.z = kept
    assert joint.z.shape[:2] == (CHAINS, 50)
    assert joint.stats["energy"].shape == (CHAINS, 50, 2)
    # of the other patient every third draw, with the leapfrogs of all three
    np.testing.assert_array_equal(joint.z[:, :, 1], second.draws.z[:, 2::3, 0])
    assert np.all(joint.stats["num_steps"][:, :, 1] == 21)
    assert joint.seconds == {"compile": 2.0, "start": 4.0, "sample": 6.0}


def test_pooled_parameters_bring_their_population(kinetics):
    target = posterior(kinetics, chart("P1", "P2"), hierarchical=("k_10",), shared=("k_12", "V_c"))
    inference = sampled(target)
    tree = conclude([inference], provenance=origin(kinetics, target.cohort)).tree
    slot = next(slot for slot in target.pooling.slots if slot.name == "k_10")
    mu, tau = inference.draws.z[..., slot.start], inference.draws.z[..., slot.start + 1]
    np.testing.assert_allclose(tree["posterior"]["k_10_mu"], 0.5 * np.exp(0.8 * mu))
    np.testing.assert_allclose(tree["posterior"]["k_10_tau"], spread_of(tau))
    assert tree["posterior"]["k_10"].sizes["patient"] == 2
    assert tree["posterior"]["k_12"].dims == ("chain", "draw")
    assert tree["posterior"]["V_c"].dims == ("chain", "draw", "patient")  # one value per kg, two bodies


def test_a_population_brings_effects_and_correlations(kinetics):
    cohort = chart("P1", "P2", "P3")
    weights = zip(cohort.patients, (60.0, 70.0, 80.0), ("drug", "sepsis", "drug"), strict=True)
    people = tuple(replace(p, covariates={**p.covariates, "weight": w, "cause": c}) for p, w, c in weights)
    target = posterior(
        kinetics,
        replace(cohort, patients=people),
        hierarchical=("k_10", "k_21"),
        covariates=("weight", "cause"),
        correlated=True,
    )
    inference = sampled(target)
    found = parameter_draws(target, inference.draws.z)
    law = target.pooling.law(inference.draws.z[1, 2])
    assert found["k_10_weight"].attrs["about"] == "change in sd of the prior per 8.16 kg of weight, about 70 kg"
    at = {name: float(found[name][1, 2]) for name in found.data_vars if "patient" not in found[name].dims}
    order = [target.pooling.slots[place].name for place in target.pooling.pooled].index("k_10")
    np.testing.assert_allclose(at["k_10_weight"], law.effects[order, 0])
    np.testing.assert_allclose(at["k_10_mu_drug"], 0.5 * np.exp(0.8 * (law.mean + law.causes[0])[order]))
    covariance = np.asarray(law.root @ law.root.T)
    (correlated,) = (value for name, value in at.items() if name.startswith("corr_"))
    np.testing.assert_allclose(correlated, covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
    np.testing.assert_allclose(at["k_10_tau"], np.sqrt(covariance[order, order]))


@pytest.mark.parametrize(("patients", "kept"), [(1, 100), (100, 50), (5000, 10)])
def test_large_cohorts_follow_fewer_draws(patients, kept):
    assert len(thinned(500, 4, patients)) == kept


def test_thepareto_shape_of_weights_is_that_of_their_tail():
    """Weights exp(k E) of a standard exponential E have a Pareto tail of shape k."""
    exponential = np.random.default_rng(6).standard_exponential(4000)
    # 190 tail weights: k is known to about (1 + k) / sqrt(190), three times over
    assert pareto_shape(0.9 * exponential) == pytest.approx(0.9, abs=0.4)
    assert pareto_shape(-0.9 * exponential) < 0
    assert np.isnan(pareto_shape(np.zeros(100)))
