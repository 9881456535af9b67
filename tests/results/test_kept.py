"""A run knows what it was made of: its target can be built again, its prior and likelihood taken apart."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from results.made_up import CHAINS, DRAWS, chart, infused, origin, sampled
from scipy import stats

from cls_infer.errors import InputError
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude
from cls_infer.results.kept import hide_after, model_again, target_again, whole_cohort
from cls_infer.results.log_prior import log_prior, stated
from cls_infer.results.replicates import by_patient, trace_replicates
from cls_infer.results.store import open_fit, save
from cls_infer.results.values import parameter_draws


@pytest.fixture(scope="module")
def forecast(kinetics):
    """A fit of two patients, partially pooled, of what was measured until hour 1."""
    whole = chart("P1", "P2", uncharted=True)
    seen, hidden = hide_after(whole, 1.0)
    target = posterior(kinetics, seen, hierarchical=("k_10",), shared=("k_12",), fixed={"k_21": 2.0})
    made = origin(kinetics, seen) | {"until": 1.0, "hidden_measurements": hidden}
    return target, conclude([sampled(target)], provenance=made, whole=whole)


def test_a_saved_run_gives_the_target_back(forecast, kinetics, tmp_path):
    target, fit = forecast
    tree = open_fit(save(fit, tmp_path / "run").folder).tree
    again = target_again(tree, kinetics)
    assert again.cohort.patients == target.cohort.patients and again.tolerance == target.tolerance
    assert again.pooling == target.pooling
    z = tree["unconstrained_posterior"]["z"]
    assert list(z["coordinate"].values) == target.pooling.labels()
    parameters = parameter_draws(again, z.values)
    np.testing.assert_array_equal(parameters["k_10"], tree["posterior"]["k_10"])


def test_hidden_measurements_stay_in_the_run(forecast, kinetics):
    _, fit = forecast
    assert whole_cohort(fit.tree).patients == chart("P1", "P2", uncharted=True).patients
    assert max(m.time for p in target_again(fit.tree, kinetics).cohort.patients for m in p.measurements) == 1.0


def test_patients_that_were_not_reached_are_not_kept(apart, kinetics):
    first, _ = apart
    cohort = chart("P1", "P2", uncharted=True)
    tree = conclude([first], provenance=origin(kinetics, cohort), whole=cohort).tree
    assert [patient.name for patient in whole_cohort(tree).patients] == ["P1"]


def test_a_run_of_an_earlier_version_is_named(fit):
    tree = fit.tree.copy()
    del tree["inputs"]
    with pytest.raises(InputError, match="does not hold its inputs"):
        whole_cohort(tree)


def test_a_shipped_model_is_found_by_its_name(fit, kinetics):
    assert model_again(fit.tree).digest == kinetics.digest


def test_a_changed_model_is_noticed(fit):
    tree = fit.tree.copy()
    tree.attrs = tree.attrs | {"model_digest": "f" * 64}
    with pytest.raises(InputError, match="has changed since the fit: its digest was ffffffffffff"):
        model_again(tree)


def test_a_model_of_ones_own_is_found_where_it_was_or_is(fit, kinetics, tmp_path):
    from cls_infer.model.load import models_folder

    path = tmp_path / "volume_kinetics.py"
    path.write_bytes((models_folder() / path.name).read_bytes())
    own = load_model(str(path))
    assert own.file == str(path) and kinetics.file == ""
    tree = fit.tree.copy()
    tree.attrs = tree.attrs | {"model_file": own.file}
    assert model_again(tree, named=path.__eq__).file == str(path)
    with pytest.raises(InputError, match="code that this user has not run before; read it; `cls-infer models"):
        model_again(tree)  # a run is data: what it names is not run
    moved = path.rename(tmp_path / "elsewhere.py")
    with pytest.raises(InputError, match="is not there; put it back as it was at the fit"):
        model_again(tree)
    assert model_again(tree, str(moved)).digest == own.digest


def test_the_log_prior_is_that_of_the_coordinates(forecast):
    target, fit = forecast
    z = fit.tree["unconstrained_posterior"]["z"].values
    found = fit.tree["log_prior"].to_dataset()
    for name, label in (("k_12", "k_12"), ("k_10_mu", "k_10.mu"), ("k_10_tau", "k_10.tau")):
        expected = stats.norm.logpdf(z[..., target.pooling.labels().index(label)])
        np.testing.assert_allclose(found[name], expected, rtol=1e-12)
    assert found["k_10"].attrs == {"part_of": "population"}
    everything = sum(one.sum(set(one.dims) - {"chain", "draw"}) for one in found.data_vars.values())
    np.testing.assert_allclose(stated(found), everything - found["k_10"].sum("patient"), rtol=1e-12)
    assert "BW" not in found and "k_21" not in found  # charted, and held
    assert found["ringer_0h"].isel(patient=1).isnull().all() and found["ringer_0h"].isel(patient=0).notnull().all()


def test_ranges_of_health_count_as_prior(forecast):
    target, _ = forecast
    z = np.zeros((CHAINS, DRAWS, target.pooling.dimension))
    log_health = np.full((CHAINS, DRAWS, 2), -0.5)
    assert "healthy_ranges" not in log_prior(target.pooling, z, 0 * log_health)
    np.testing.assert_array_equal(log_prior(target.pooling, z, log_health)["healthy_ranges"], log_health)


def test_prior_and_likelihood_make_up_the_density_that_was_sampled(mortal):
    target = posterior(mortal, chart("P1", "P2", uncharted=True), shared=("k_12", "k_21"))
    z = 0.3 * np.random.default_rng(3).standard_normal((1, 2, target.pooling.dimension))
    groups, status, log_health = trace_replicates(target, z, seed=1)()
    assert not status.any() and (groups["log_likelihood"]["survival"] < 0).all()
    parts = log_prior(target.pooling, z, log_health)
    assert "part_of" not in parts["k_12"].attrs
    total = by_patient(groups["log_likelihood"]).sum("patient") + stated(parts)
    log_factor = jax.jit(target.log_factor)
    expected = [float(log_factor(one)) + stats.norm.logpdf(one).sum() for one in z[0]]
    # P2's place for an uncharted amount is a coordinate of which no data and no reader hears
    silent = z[0][:, target.pooling.labels().index("ringer_0h[P2]")]
    np.testing.assert_allclose(total[0], expected - stats.norm.logpdf(silent), rtol=1e-9)


def test_timestamps_keep_their_zero(tmp_path):
    from cls_infer.cohort import read_cohort

    header = "patient,time,variable,value,unit\n"
    dated = "P1,2024-03-05T14:30,hematocrit,42,%\nP1,2024-03-05T16:30,hematocrit,44,%\nP2,3,hematocrit,40,%\n"
    (tmp_path / "measurements.csv").write_text(header + dated, encoding="utf-8")
    first, second = read_cohort(tmp_path).patients
    assert (first.zero, second.zero) == ("2024-03-05T14:30:00", "")
    assert replace(first, zero="").measurements[1].time == 2.0
    assert infused("P1").zero == ""
