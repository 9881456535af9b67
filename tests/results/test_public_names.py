"""The public names fit on a screen, are what they are said to be, and do what a notebook asks of them."""

import ast
import json
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from results.made_up import chart, origin, sampled

import cls_infer
from cls_infer.inference.settings import METHODS, SOLVERS
from cls_infer.likelihood.posterior import posterior
from cls_infer.results import fit as fitting
from cls_infer.results import predict as predicting
from cls_infer.results.ask import check_asked
from cls_infer.results.fitted import conclude
from cls_infer.results.kept import hide_after

SOURCE = Path(cls_infer.__file__)
MODELS = Path(__file__).parents[2] / "models"


def told_to_type_checkers():
    """Public name -> module, as the block that only type checkers read has them."""
    (block,) = (node for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {one.asname: f"cls_infer.{node.module}" for node in imports for one in node.names if one.asname == one.name}


def test_type_checkers_are_told_of_every_public_name():
    assert sorted(told_to_type_checkers()) == cls_infer.__all__ == dir(cls_infer)
    for name, module in told_to_type_checkers().items():
        assert getattr(cls_infer, name) is getattr(import_module(module), name), name


def test_the_package_says_that_it_is_typed():
    assert (SOURCE.parent / "py.typed").is_file()


def test_the_public_names_fit_on_a_screen():
    assert len(SOURCE.read_text(encoding="utf-8").splitlines()) <= 64
    assert len(cls_infer.__all__) <= 24


def test_a_name_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(AttributeError, match=r"has no `fitt`; it has Cohort, .*simulate"):
        _ = cls_infer.fitt


@pytest.fixture
def roads(monkeypatch, fit):
    """Which road a fit takes, with what; nothing is sampled."""
    taken = []

    def taking(name):
        def road(cohort, model, **asked):
            taken.append((name, model, asked))
            return fit

        return road

    for name in ("fit_one_stage", "fit_two_stage"):
        monkeypatch.setattr(fitting, name, taking(name))
    return taken


@pytest.mark.parametrize(
    "given", ["volume_kinetics", MODELS / "volume_kinetics.py", str(MODELS / "volume_kinetics.py")]
)
def test_a_model_may_be_named_by_name_or_path(roads, given, kinetics):
    cls_infer.fit(chart("P1"), given)
    ((road, model, _),) = roads
    assert road == "fit_one_stage" and model.digest == kinetics.digest


def test_one_fit_serves_every_method(roads, kinetics):
    for method in METHODS:
        cls_infer.fit(chart("P1", "P2"), kinetics, hierarchical=["k_10"], settings=cls_infer.Settings(method=method))
    taken = [road for road, *_ in roads]
    assert taken == ["fit_two_stage" if method == "two-stage" else "fit_one_stage" for method in METHODS]
    assert all(model is kinetics and asked["hierarchical"] == ("k_10",) for _, model, asked in roads)


def test_settings_that_cannot_be_are_refused_all_at_once(roads, kinetics):
    named = ("method", "solver", "chains", "target_accept", "rtol")
    wrong = cls_infer.Settings(method="nut", solver="euler", chains=0, target_accept=1.0, rtol=1.0)
    with pytest.raises(cls_infer.InputError) as caught:
        cls_infer.fit(chart("P1"), kinetics, settings=wrong, mixture=2, until=float("nan"))
    where = [problem.where for problem in caught.value.problems]
    assert where == [*(f"settings.{name}" for name in named), "mixture", "until"]
    assert all(name in str(caught.value) for name in (*METHODS, *SOLVERS))
    assert not roads


def test_two_stages_look_at_what_is_asked_per_patient(kinetics):
    settings = cls_infer.Settings(method="two-stage")
    with pytest.raises(cls_infer.InputError, match="more than one way"):
        cls_infer.fit(chart("P1", "P2"), kinetics, hierarchical=["k_10"], per_patient=["k_10"], settings=settings)


def test_progress_is_a_bar_and_a_report_at_once(kinetics, fit, monkeypatch, capsys):
    from cls_infer.inference.progress import Progress

    block = Progress(done=50, total=100, warmup=10, divergences=1, step_size=0.2, leapfrogs=7.0, seconds=1.0, left=61.0)

    def sampler(cohort, model, *, report, **asked):
        report("mode: iteration 1")
        report(block)
        return fit

    monkeypatch.setattr(fitting, "fit_one_stage", sampler)
    heard = []
    cls_infer.fit(chart("P1"), kinetics, progress=True, report=heard.append)
    assert heard == ["mode: iteration 1", block]
    said = capsys.readouterr().err
    assert "sampling" in said and "50/100" in said and "1 divergence, step 0.2, 7 leapfrogs, 1:01 left" in said
    cls_infer.fit(chart("P1"), kinetics)
    assert capsys.readouterr().err == ""


def test_a_shipped_scenario_is_simulated_by_its_name():
    run = cls_infer.simulate("volume_kinetics", scenario="ringer_25_ml_per_kg")
    story = cls_infer.read_scenario("ringer_25_ml_per_kg")
    assert run.ok and run.time[-1] == story.hours and run.columns["plasma_dilution"][1].max() > 0.1
    again = cls_infer.simulate(
        "volume_kinetics", changes=story.changes, therapy=story.therapy, hours=story.hours, every=story.every
    )
    np.testing.assert_array_equal(run.columns["urine"][1], again.columns["urine"][1])
    fast = replace(story, changes={"k_10": 5.0})  # what is said beside a scenario holds
    shorter = cls_infer.simulate("volume_kinetics", scenario=fast, hours=1.0, every=0.5, changes={"k_10": 0.1})
    assert shorter.time.tolist() == [0.0, 0.5, 1.0]
    assert shorter.columns["urine"][1][-1] < np.interp(1.0, run.time, run.columns["urine"][1])


@pytest.fixture(scope="module")
def forecasting(kinetics):
    """A fit that saw two patients until hour 1."""
    whole = chart("P1", "P2")
    seen, hidden = hide_after(whole, 1.0)
    made = origin(kinetics, seen) | {"until": 1.0, "hidden_measurements": hidden}
    return conclude([sampled(posterior(kinetics, seen))], provenance=made, whole=whole)


def test_a_fit_predicts_with_its_own_model_and_no_other(forecasting, kinetics):
    found = cls_infer.predict(forecasting, every=1.0)
    assert found.rows == predicting.predict(forecasting.tree, kinetics, every=1.0).rows
    assert found.scores is not None
    changed = replace(kinetics, digest="1" * 64)
    with pytest.raises(cls_infer.InputError, match="has changed since the fit"):
        cls_infer.predict(forecasting, model=changed)


def test_fits_are_compared_by_names_of_ones_own(forecasting, kinetics):
    for more in ({}, {"by": "future"}, {"by": "future", "models": {"this": kinetics}}):
        found = cls_infer.compare({"this": forecasting, "that": forecasting}, **more)
        assert {one.run for one in found.runs} == {"this", "that"} and found.runs[0].difference == 0
    with pytest.raises(cls_infer.InputError) as caught:
        check_asked({}, "measurement")
    assert [problem.message for problem in caught.value.problems] == ["there is none", "there is no way `measurement`"]


def test_a_fit_of_frames_is_saved_and_opened(forecasting, tmp_path):
    kept = cls_infer.save(forecasting, tmp_path / "run")
    again = cls_infer.open_fit(tmp_path / "run")
    assert again.posterior.to_dataset().equals(kept.posterior.to_dataset())
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["verdict"]["ok"] == kept.verdict.ok


def test_a_cohort_of_frames_has_its_name():
    frame = pd.DataFrame({"patient": ["A"], "time": [0], "variable": ["albumin"], "value": [30], "unit": ["g/L"]})
    assert cls_infer.Cohort.from_frame(frame, name="ward").name == "ward"
