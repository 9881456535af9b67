"""A model explored: the course of `simulate`, from one program, and a scenario that gives it again."""

import csv
import io
from dataclasses import replace

import numpy as np
import pytest

from cls_infer.cli import main
from cls_infer.cohort.records import Event
from cls_infer.cohort.scenario import read_scenario
from cls_infer.errors import InputError
from cls_infer.explore.body import POINTS, body_of
from cls_infer.explore.controls import controls_of, holding
from cls_infer.explore.of_model import HEALTH, explored_model
from cls_infer.explore.subject import LEVELS, Setting
from cls_infer.model import Parameter, fixed
from cls_infer.model.prior import Fixed, value
from cls_infer.solve.simulate import Run, simulate_together

MIDDLE = LEVELS.index("middle")


@pytest.fixture(scope="module")
def moved(of_model):
    """Settings of a reader who moved two parameters and gave more."""
    setting = of_model.open("ringer_25_ml_per_kg").setting
    more = (*setting.therapy, Event("bleeding", 2.0, 2.5, 0.3, row=9))
    return replace(setting, changes={"k_10": 0.8, "BW": 90.0}, therapy=more)


def names(model):
    return [*model.observables, *model.derived]


def test_the_course_is_that_of_simulate(of_model, kinetics, moved):
    found = of_model.answer("", moved, names(kinetics))
    (other,) = simulate_together(kinetics, [Run(found.time, moved.changes, moved.therapy)])
    for name, (unit, values) in other.columns.items():
        assert found.quantities[name].unit == unit
        # the same steps at 1e-8, but that lanes share a program
        np.testing.assert_allclose(found.quantities[name].quantiles[MIDDLE], values, rtol=1e-9, atol=1e-12)


def test_an_exported_scenario_is_read_back_and_gives_the_same_course(of_model, kinetics, moved, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(of_model.scenario("ringer_25_ml_per_kg", moved), encoding="utf-8")
    story = read_scenario(str(path))
    assert story.changes == moved.changes and story.hours == moved.until and story.models == ("volume_kinetics",)
    again = explored_model(kinetics, str(path))
    assert next(iter(again.choices)) == "mine"
    opened = again.open("mine").setting
    there, back = (one.answer("", s, ("hematocrit",)) for one, s in ((of_model, moved), (again, opened)))
    np.testing.assert_array_equal(there.quantities["hematocrit"].quantiles, back.quantities["hematocrit"].quantiles)


def test_the_command_prints_the_course_of_an_exported_scenario(of_model, moved, tmp_path, capsys):
    path = tmp_path / "mine.toml"
    path.write_text(of_model.scenario("ringer_25_ml_per_kg", moved), encoding="utf-8")
    assert main(["simulate", "volume_kinetics", "--scenario", str(path), "--quiet"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    found = of_model.answer("", moved, ("hematocrit", "central_excess"))
    assert len(rows) == 25  # every quarter of an hour, as the scenario it began with
    for row in rows:
        place = int(np.argmin(np.abs(found.time - float(row["time [h]"]))))
        assert found.time[place] == pytest.approx(float(row["time [h]"]))
        for column, name in (("hematocrit [1]", "hematocrit"), ("central_excess [L]", "central_excess")):
            # ten digits are printed
            assert float(row[column]) == pytest.approx(found.quantities[name].quantiles[MIDDLE][place], rel=1e-8)


def test_moving_things_traces_the_equations_once(kinetics):
    seen = []

    def flows(*given):
        seen.append(1)
        return kinetics.flows(*given)

    body = body_of(replace(kinetics, flows=flows))
    body.course(Setting({}, (), 6.0))
    traced = len(seen)
    assert traced
    body.course(Setting({"k_10": 0.7}, (), 6.0))
    body.course(Setting({"BW": 80.0}, (Event("ringer", 0.511, 1.017, 1.0, row=1),), 12.0))
    body.courses(Setting({}, (), 3.0), [{"k_10": 0.1 * n} for n in range(1, 12)])
    assert len(seen) == traced


def test_controls_span_the_prior_and_tell_where_they_are_from(kinetics):
    controls = {one.name: one for one in controls_of(kinetics)}
    prior = kinetics.parameters["k_12"].prior_of({})
    one = controls["k_12"]
    assert not isinstance(prior, Fixed)
    assert one.low == pytest.approx(float(value(prior, -1.6449)), rel=1e-4)
    assert one.high == pytest.approx(float(value(prior, 1.6449)), rel=1e-4)
    assert one.known == f"prior {float(value(prior, 0.0)):.3g}, 90 % {one.low:.3g} to {one.high:.3g}"
    assert one.low <= one.usual == kinetics.reference_value("k_12") <= one.high
    assert {name for name, other in controls.items() if not other.estimated} == {
        name for name, p in kinetics.parameters.items() if isinstance(p.prior_of({}), Fixed)
    }
    far = holding(one, 100.0)
    assert far.high > 100.0 and far.low == one.low
    assert 0 < holding(one, one.low / 10).low < one.low / 10  # what is never negative stays so


def test_what_moves_the_course_most_comes_first(of_model, kinetics):
    opening = of_model.open("ringer_25_ml_per_kg")
    nothing = of_model.open(HEALTH)
    estimated = [one.name for one in opening.controls if one.estimated]
    assert 2 < len(opening.first) <= len(estimated) and set(opening.first) <= set(estimated)
    assert set(nothing.first) < set(opening.first)  # in health nothing moves but the blood itself
    assert "k_10" in opening.first and "k_10" not in nothing.first
    assert not any(name.startswith("sd_") for name in opening.first)  # scatter moves no course


def test_what_cannot_be_is_told_in_words(of_model):
    setting = Setting({"nonsense": 1.0}, (Event("ringer", 9.0, 10.0, 1.0, row=3),), 6.0)
    with pytest.raises(InputError) as told:
        of_model.answer("", setting, ("hematocrit",))
    assert "has no parameter `nonsense`" in str(told.value) and "row 3: `ringer` starts at 9 h" in str(told.value)
    with pytest.raises(InputError, match="not a time above 0 h"):
        of_model.answer("", Setting({}, (), 0.0), ("hematocrit",))
    with pytest.raises(InputError, match="cannot be solved with these values"):
        of_model.answer("", Setting({"k_10": -1e4}, (Event("ringer", 0.0, 1.0, 1.0, row=1),), 6.0), ("hematocrit",))


def test_what_has_no_place_in_the_model_is_told(of_model):
    given = (Event("norepinephrine", 0.0, 1.0, 0.1, row=1),)
    notes = of_model.answer("", Setting({}, given, 6.0), ("hematocrit",)).notes
    assert notes == ("`norepinephrine` changes nothing here: `volume_kinetics` has no place for it",)


def test_weight_takes_along_what_is_proportional_to_it(of_model, kinetics):
    heavier = of_model.values("", Setting({"BW": 105.0}, (), 6.0))
    base = kinetics.parameters["V_c"].proportional_to
    assert base == "BW"
    assert heavier["V_c"] == pytest.approx(kinetics.reference_value("V_c") * 105 / kinetics.reference_value("BW"))
    assert of_model.values("", Setting({"BW": 105.0, "V_c": 2.0}, (), 6.0))["V_c"] == 2.0


def test_every_course_has_its_times(of_model, moved):
    assert of_model.answer("", moved, ()).time.size == POINTS


@pytest.fixture(scope="module")
def in_series(kinetics):
    """The same kinetics, what leaves taken through so many equal steps: a whole number unrolls a loop."""

    def flows(t, y, p, h, u):
        passed = 1.0
        for _ in range(p.steps):
            passed = passed / 2
        return kinetics.flows(t, y, p._replace(k_10=p.k_10 * passed), h, u)

    steps = Parameter("1", fixed(2), "a test")
    return replace(kinetics, parameters={**kinetics.parameters, "steps": steps}, flows=flows)


def test_a_whole_number_of_the_equations_is_chosen(in_series, kinetics):
    subject = explored_model(in_series)
    opening = subject.open("")
    assert {one.name: one.usual for one in opening.controls}["steps"] == 2.0
    given = (Event("ringer", 0.0, 0.5, 1.0, row=1),)

    def course(one, **changes):
        return one.answer("", Setting(changes, given, 6.0), ("hematocrit",)).quantities["hematocrit"].quantiles[MIDDLE]

    rate = kinetics.reference_value("k_10")
    for steps in (1, 3):
        plain = course(explored_model(kinetics), k_10=rate / 2**steps)
        np.testing.assert_allclose(course(subject, steps=float(steps)), plain, rtol=1e-9)
    (simulated,) = simulate_together(in_series, [Run(np.array([0.0, 6.0]), {"steps": 3.0}, given)])
    assert course(subject, steps=3.0)[-1] == pytest.approx(simulated.columns["hematocrit"][1][-1], rel=1e-8)


def test_a_whole_number_is_compiled_once_for_each_choice(in_series):
    seen = []

    def flows(*given):
        seen.append(given[2].steps)
        return in_series.flows(*given)

    body = body_of(replace(in_series, flows=flows))
    for steps in (2.0, 3.0, 2.0):
        traced = len(seen)
        body.course(Setting({"steps": steps}, (), 6.0))
    assert set(seen) == {2, 3} and len(seen) == traced  # coming back traces nothing


def test_what_is_no_whole_number_is_told(in_series):
    with pytest.raises(InputError, match=r"`steps` is 2\.5; give a whole number"):
        explored_model(in_series).answer("", Setting({"steps": 2.5}, (), 6.0), ())
