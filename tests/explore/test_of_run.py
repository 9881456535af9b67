"""A run explored: the courses of the fit under the chart, those of `predict` otherwise, medians exported."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from explore.conftest import EVIL

from cls_infer.cohort.records import Event
from cls_infer.cohort.scenario import read_scenario
from cls_infer.errors import InputError
from cls_infer.explore import explored_run
from cls_infer.explore.subject import LEVELS
from cls_infer.results.bands import curve
from cls_infer.results.predict import predict
from cls_infer.solve.simulate import Run, simulate_together

NAMES = ("hematocrit", "urine", "central_excess", "urine_rate")


def test_under_the_chart_the_courses_of_the_fit_come_out_again(of_run, fit):
    opening = of_run.open("P1")
    found = of_run.answer("P1", opening.setting, NAMES)
    kept = curve(fit.tree, "central_excess", "P1")
    within = found.time <= kept.time[-1]
    expected = [np.interp(found.time[within], kept.time, level) for level in kept.quantiles]
    # between the kept times, a minute apart, courses are straight but where an infusion ends: some 1 % of the litre
    np.testing.assert_allclose(found.quantities["central_excess"].quantiles[:, within], expected, atol=0.012)


def test_another_therapy_is_what_predict_says(of_run, fit, kinetics):
    opening = of_run.open("P1")
    other = (Event("ringer", 0.25, 1.25, 2.0, row=1),)
    found = of_run.answer("P1", replace(opening.setting, therapy=other, until=6.0), ("central_excess",))
    said = predict(fit.tree, kinetics, therapy={"P1": other}, since=0.0, hours=4.0, every=0.25)
    rows = [row for row in said.rows if (row.patient, row.quantity) == ("P1", "central_excess")]
    for row in (one for one in rows if one.time >= found.time[0]):
        mine = [np.interp(row.time, found.time, level) for level in found.quantities["central_excess"].quantiles]
        np.testing.assert_allclose(mine, row[5:], atol=0.02)  # straight between my times, 2 minutes apart, at 2 L/h


def test_bands_of_what_was_measured_hold_its_scatter(of_run):
    found = of_run.answer("P1", of_run.open("P1").setting, NAMES)
    low, middle, high = (found.quantities["hematocrit"].quantiles[LEVELS.index(w)] for w in ("low", "middle", "high"))
    assert (high - low).min() > 0.01 and (low < middle).all() and (middle < high).all()
    ends, band = found.collected["urine"]
    assert ends.tolist() == [2.0] and band.shape == (5, 1) and np.isnan(found.quantities["urine"].quantiles).all()


def test_a_parameter_is_set_in_every_body(of_run):
    setting = of_run.open("P1").setting
    free, held = (
        of_run.answer("P1", replace(setting, changes=changes), ("urine_rate",)).quantities["urine_rate"].quantiles
        for changes in ({}, {"k_10": 1e-6})
    )
    assert np.nanmax(held) < 1e-3 < np.nanmax(free)


@pytest.mark.parametrize("name", ["P1", EVIL])
def test_the_exported_scenario_gives_the_dotted_course(of_run, kinetics, tmp_path, name):
    opening = of_run.open(name)
    setting = replace(opening.setting, changes={"k_12": 2.0})
    path = tmp_path / "exported.toml"
    path.write_text(of_run.scenario(name, setting), encoding="utf-8")
    story = read_scenario(str(path))
    found = of_run.answer(name, setting, ("hematocrit", "central_excess"))
    start = of_run.crowd.start(of_run.person(name).patient, setting.therapy)
    assert start == (0.0 if name == "P1" else -0.25) and story.hours == setting.until - start
    assert story.changes["k_12"] == 2.0 and all(event.amount is not None for event in story.therapy)
    (other,) = simulate_together(kinetics, [Run(found.time - start, story.changes, story.therapy)])
    for quantity, values in found.alone.items():  # the run's solver errs by 3e-4 a step
        np.testing.assert_allclose(values, other.columns[quantity][1], rtol=2e-3, atol=1e-3)


def test_a_page_begins_with_the_chart(of_run):
    opening = of_run.open("P1")
    assert len(opening.measured) == 6  # the model predicts no albumin
    assert [event.amount for event in opening.setting.therapy] == [None, 0.1]
    medians = of_run.values("P1", opening.setting)
    for control in opening.controls:
        assert control.low <= control.usual == medians[control.name] <= control.high
        assert control.known.startswith("posterior ")
    assert set(opening.first) <= {control.name for control in opening.controls}


def test_what_cannot_be_is_told_in_words(of_run):
    setting = of_run.open("P1").setting
    with pytest.raises(InputError, match="is no hour after"):
        of_run.answer("P1", replace(setting, until=-50.0), NAMES)
    with pytest.raises(InputError, match="has no parameter `nonsense`"):
        of_run.answer("P1", replace(setting, changes={"nonsense": 1.0}), NAMES)
    with pytest.raises(InputError, match="unknown item `wine`"):
        of_run.answer("P1", replace(setting, therapy=(Event("wine", 0.0, 1.0, 1.0, row=1),)), NAMES)
    with pytest.raises(InputError, match="no draw can be solved"):
        of_run.answer("P1", replace(setting, changes={"k_10": -100.0}), NAMES)


def test_a_run_that_is_computed_otherwise_is_refused(fit, kinetics):
    tree = fit.tree.copy()
    moved = tree["trajectories"].to_dataset()
    tree["trajectories"] = xr.DataTree(moved.assign(central_excess=moved["central_excess"] + 1.0))
    with pytest.raises(InputError, match="come out otherwise than when it was fitted"):
        explored_run(tree, kinetics, "made_up")
