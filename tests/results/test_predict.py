"""Predictions go on where the fit left off, and a therapy acts from the hour at which it is changed."""

from dataclasses import replace

import numpy as np
import pytest
from results.made_up import chart, origin, sampled

from cls_infer.cohort.records import Event
from cls_infer.errors import InputError
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.ahead import all_ahead, notes
from cls_infer.results.bands import LEVELS, curve
from cls_infer.results.fitted import conclude
from cls_infer.results.kept import hide_after
from cls_infer.results.predict import predict
from cls_infer.results.replicates import trace_replicates
from cls_infer.results.scores import log_mean


@pytest.fixture(scope="module")
def run(kinetics):
    """Made-up draws of two patients, partially pooled, who were seen until hour 1."""
    whole = chart("P1", "P2", uncharted=True)
    seen, hidden = hide_after(whole, 1.0)
    target = posterior(kinetics, seen, hierarchical=("k_10",), shared=("k_12",))
    made = origin(kinetics, seen) | {"until": 1.0, "hidden_measurements": hidden}
    return conclude([sampled(target)], provenance=made, whole=whole).tree


@pytest.fixture(scope="module")
def forecast(run, kinetics):
    return predict(run, kinetics, every=0.5)


def course(prediction, quantity, patient="P1", band="course"):
    """Times and quantiles [point, level] of one quantity."""
    rows = [r for r in prediction.rows if (r.patient, r.quantity, r.band) == (patient, quantity, band)]
    return np.array([r.time for r in rows]), np.array([r[5:] for r in rows])


def test_a_forecast_begins_at_the_last_value_seen_and_reaches_a_day(forecast):
    time, _ = course(forecast, "hematocrit")
    assert (time[0], time[-1], time.size) == (1.0, 25.0, 49)
    assert forecast.draws == 4 * 100 and forecast.failed == {"P1": 0, "P2": 0}


def test_the_given_therapy_again_gives_the_courses_of_the_run(run, kinetics):
    last = 1.0
    given = {
        patient.name: [replace(event, row=event.row + 40) for event in patient.therapy if event.amount is not None]
        + [event for event in patient.therapy if event.amount is None]
        for patient in chart("P1", "P2", uncharted=True).patients
    }
    for therapy in (None, given):
        again = predict(run, kinetics, therapy=therapy, since=0.0, hours=0.0, every=last / 120)
        for name in ("hematocrit", "central_excess", "urine"):
            time, quantiles = course(again, name)
            before = curve(run, name, "P1")
            np.testing.assert_allclose(time, before.time, atol=1e-9)
            # the solver's tolerance: its steps differ with the stops
            np.testing.assert_allclose(quantiles.T, before.quantiles, rtol=1e-3, atol=1e-5)


def test_taking_fluid_away_lowers_what_is_in_the_body(run, kinetics, forecast):
    charted = {p.name: p.therapy for p in chart("P1", "P2", uncharted=True).patients}
    removed = {"P1": (*charted["P1"], Event("crrt_ultrafiltrate", 3.0, 5.0, 0.5, 9))}
    dry = predict(run, kinetics, therapy=removed, every=0.5)
    time, before = course(forecast, "central_excess")
    _, after = course(dry, "central_excess")
    np.testing.assert_allclose(after[time <= 3], before[time <= 3], rtol=1e-3, atol=1e-5)
    assert (after[(time > 3) & (time <= 6), 2] < before[(time > 3) & (time <= 6), 2]).all()
    np.testing.assert_allclose(
        course(dry, "central_excess", "P2")[1], course(forecast, "central_excess", "P2")[1], rtol=1e-3, atol=1e-5
    )
    assert dry.scores is None and "4 hidden measurements are not scored" in dry.notes[0]


def test_what_runs_across_the_change_is_cut_there(run, kinetics):
    """The uncharted litre of the first half hour stops at a quarter of an hour: about half of it came in."""
    none = {"P1": (Event("ringer", 0.25, 0.5, 0.0, 2),)}
    water = {}
    for name, therapy in (("whole", None), ("half", none)):
        found = predict(run, kinetics, therapy=therapy, since=0.25, hours=1.0, every=0.25)
        excess = sum(course(found, one)[1][:, 2] for one in ("central_excess", "peripheral_excess"))
        water[name] = excess + course(found, "urine")[1][:, 2]
    np.testing.assert_allclose(water["half"], water["half"][0], rtol=0.05)  # medians of three parts do not quite add up
    np.testing.assert_allclose(water["whole"][1], 2 * water["half"][0], rtol=0.05)


def test_hidden_measurements_are_scored_as_a_direct_calculation_does(run, kinetics, forecast):
    whole = chart("P1", "P2", uncharted=True)
    target = posterior(kinetics, whole, hierarchical=("k_10",), shared=("k_12",))
    groups, _, _ = trace_replicates(target, run["unconstrained_posterior"]["z"].values, seed=1)()
    density = groups["log_likelihood"]["measurement"]
    hidden = [
        obs for obs, m in enumerate(m for m in whole.patients[0].measurements if m.variable != "albumin") if m.time > 1
    ]
    assert len(forecast.scores.each) == 2 * len(hidden) == 4
    for number, name in enumerate(("P1", "P2")):
        flat = density.isel(patient=number, obs=hidden).values.reshape(-1, len(hidden))
        own = [one for one in forecast.scores.each if one.patient == name]
        assert [one.variable for one in own] == ["urine", "hemoglobin"]
        # another solve, with other stops, at the same tolerance
        np.testing.assert_allclose([one.log_density for one in own], [log_mean(f) for f in flat.T], rtol=1e-3)
        np.testing.assert_allclose(forecast.scores.by_patient[name], log_mean(flat.sum(axis=1)), rtol=1e-3)
    assert forecast.scores.elpd == pytest.approx(sum(forecast.scores.by_patient.values()))


def test_what_lies_beyond_the_horizon_is_not_scored(run, kinetics):
    assert predict(run, kinetics, hours=0.5).scores is None


def test_bands_of_measurements_hold_their_scatter(forecast):
    _, model = course(forecast, "hematocrit")
    time, chart = course(forecast, "hematocrit", band="measurement")
    assert (
        time.size and (chart[-1, 4] - chart[-1, 0]) >= 2 * 1.64 * 0.01 * 0.9
    )  # noise of 0.01 alone, quantiles of draws
    assert (np.diff(chart, axis=1) > 0).all() and chart.shape[1] == len(LEVELS)
    assert (chart[:, 4] - chart[:, 0] > model[:, 4] - model[:, 0]).all()
    for quantity in ("central_excess", "urine", "hemoglobin"):  # derived; collected; not yet measured at hour 1
        assert not course(forecast, quantity, band="measurement")[0].size
    assert (course(forecast, "urine")[1][0] == 0).all()


def test_draws_that_fail_are_counted(run, kinetics):
    tree = run.copy(deep=True)
    tree["unconstrained_posterior"]["z"].values[0, 0] = 1e3  # rates of e^800
    found = predict(tree, kinetics, hours=2.0)
    assert found.failed == {"P1": 1, "P2": 1}
    assert np.isfinite([row[5:] for row in found.rows]).all() and np.isfinite(found.scores.elpd)
    assert found.notes == ("1 draws fail before the last value; no score counts them",)
    tree["unconstrained_posterior"]["z"].values[:] = 1e3
    tree["posterior_predictive"]["prediction"].values[:] = np.nan
    with pytest.raises(InputError, match="no draw of `P1` can be solved; predict less far ahead"):
        predict(tree, kinetics, hours=2.0)


def test_a_run_that_comes_out_otherwise_is_refused(run, kinetics):
    tree = run.copy(deep=True)
    tree["posterior_predictive"]["prediction"].values[:, :, 1] += 0.1
    with pytest.raises(InputError, match="predicts the measurements of `P2` otherwise than when it was fitted"):
        predict(tree, kinetics, hours=1.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hours": -1.0}, "--hours"),
        ({"every": 0.0}, "--every"),
        ({"since": float("nan")}, "--from"),
        ({"since": -3.0}, "before the simulation of `P1` starts, at 0 h"),
        ({"since": 30.0}, "nothing lies between 30 and 25 h"),
        ({"hours": 0.0}, "nothing lies between 1 and 1 h"),
        ({"every": 1e-4}, "more than 5,000 times"),
    ],
)
def test_impossible_times_are_refused(run, kinetics, options, words):
    with pytest.raises(InputError, match=words):
        predict(run, kinetics, **options)


def test_a_treatment_nobody_had_is_said_to_do_nothing():
    model = load_model("clarkson_episode")
    cohort = chart("P1")
    target = posterior(model, cohort)
    given = (*cohort.patients[0].therapy, Event("steroid", 3.0, 20.0, 1.0, 9))
    ahead = all_ahead(target, cohort, therapy={"P1": given}, since=None, hours=None, every=1.0)
    assert notes(target, ahead) == ["no patient of the fit was given `steroid`: `beta_steroid` is held at 0"]
