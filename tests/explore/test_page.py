"""The page without a browser: its document answers as a reader would see it, in words where nothing can be drawn."""

from time import perf_counter

import numpy as np
import pytest
from bokeh.document import Document
from bokeh.models import Div, Slider
from explore.conftest import EVIL

from cls_infer.explore.ink import Ink
from cls_infer.explore.page import Page
from cls_infer.explore.subject import LEVELS
from cls_infer.results.report.course import title_of


def opened(subject):
    """A page that answers when `settle` is called, as the server's loop would."""
    document = Document()
    return Page(document, subject, Ink("light"))


def settle(page):
    """Let what was changed be answered."""
    for waiting in list(page.document.session_callbacks):
        page.document.remove_timeout_callback(waiting)
        waiting.callback()


@pytest.fixture
def page(of_model):
    return opened(of_model)


@pytest.fixture
def run_page(of_run):
    return opened(of_run)


def middle(page, name):
    return np.array(page.panels[name].before.data["middle"])


def test_the_page_comes_up_with_a_course_in_every_panel(page, kinetics):
    assert list(page.panels) == ["hematocrit"] or len(page.panels) > 1
    for name in page.panels:
        data = page.panels[name].before.data
        assert np.isfinite(data["middle"]).all()
        np.testing.assert_array_equal(data["middle"], page.panels[name].behind.data["middle"])
        assert page.panels[name].figure.html_attributes["aria-label"].startswith(f"{title_of(name)} over time: ")
    assert "Nothing is changed." in page.notes.text
    assert page.bars.now.data["item"] == ["ringer", "oral_intake"]


def test_moving_a_slider_changes_the_course_before_the_reference(page):
    before = middle(page, "hematocrit")
    page.sliders.sliders["Hct0"].value = 0.46
    np.testing.assert_array_equal(middle(page, "hematocrit"), before)  # not yet
    page.sliders.sliders["k_12"].value *= 1.2
    assert len(page.document.session_callbacks) == 1  # answered once
    settle(page)
    assert middle(page, "hematocrit")[0] == pytest.approx(0.46)
    np.testing.assert_array_equal(page.panels["hematocrit"].behind.data["middle"], before)
    assert "Changed: Hct0 0.42 → 0.46; k_12" in page.notes.text


def test_any_parameter_is_reached_by_name_and_moves_what_follows_it(page):
    page.sliders.name.value = "BW"
    page.sliders.number.value = 105.0
    settle(page)
    page.sliders.name.value = "V_c"
    assert page.sliders.number.value == pytest.approx(1.5 * page.subject.model.reference_value("V_c"), rel=1e-5)
    assert page.changes == {"BW": 105.0}


def test_every_parameter_can_be_reached(page):
    reached = {name for names in page.sliders.groups.values() for name in names}
    assert {one.name for one in page.opening.controls if one.estimated} == reached
    assert set(page.sliders.name.options) == {one.name for one in page.opening.controls}
    page.sliders.group.value = "Body and blood"
    assert list(page.sliders.sliders) == page.sliders.groups["Body and blood"]
    for slider in page.document.select({"type": Slider}):
        assert slider.title and slider.start < slider.end and slider.stylesheets


def test_therapy_is_edited_and_its_mistakes_are_told(page):
    before = middle(page, "hematocrit")
    page.table.source.patch({"amount": [(0, "3500")], "unit": [(0, "mL")]})
    settle(page)
    after = middle(page, "hematocrit")
    assert after.min() < before.min() - 0.03 and "therapy" in page.notes.text
    page.table.source.patch({"item": [(0, "<b>wine</b>")]})
    settle(page)
    assert "unknown item `&lt;b&gt;wine" in page.notes.text and "problem" in page.notes.text
    np.testing.assert_array_equal(middle(page, "hematocrit"), after)  # the last that could be drawn stays
    page.table.source.selected.indices = [0]
    page.table._remove()
    settle(page)
    assert "problem" not in page.notes.text and page.bars.now.data["item"] == ["oral_intake"]
    page.table._add()
    settle(page)
    assert set(page.bars.now.data["item"]) == {"oral_intake", "crystalloid"}


def test_hours_that_are_none_are_told(page):
    page.until.value = -3.0
    settle(page)
    assert "is not a time above 0 h" in page.notes.text
    page.until.value = 12.0
    settle(page)
    assert page.hours.end == 12.0 and page.panels["hematocrit"].behind.data["time"][-1] == 12.0


def test_another_scenario_begins_anew(page):
    page.move("Hct0", 0.5)
    settle(page)
    page.choice.value = ""
    assert page.changes == {} and page.table.rows() == [] and "Nothing is changed." in page.notes.text
    np.testing.assert_allclose(middle(page, "hematocrit"), 0.42)


def test_a_setting_is_kept_as_the_reference(page):
    page.move("Hct0", 0.5)
    settle(page)
    page.keep()
    assert page.panels["hematocrit"].behind.data["middle"][0] == pytest.approx(0.5)
    assert "Nothing is changed." in page.notes.text
    page.begin()
    assert page.panels["hematocrit"].behind.data["middle"][0] == pytest.approx(0.42)


def test_the_export_is_the_scenario_of_what_is_seen(page):
    page.move("Hct0", 0.5)
    page.export()
    assert "Hct0 = 0.5" in page.toml.value and page.toml.visible


def test_a_failure_of_ours_is_told_too(page, monkeypatch):
    monkeypatch.setattr(page.subject.body.__class__, "course", lambda *_: 1 / 0)
    page.move("Hct0", 0.5)
    with pytest.raises(ZeroDivisionError):
        settle(page)
    assert "An unexpected failure" in page.notes.text and "Traceback" not in page.notes.text


def test_a_run_shows_bands_measurements_and_the_chart(run_page):
    panel = run_page.panels["hematocrit"]
    assert np.isfinite([panel.before.data[level] for level in LEVELS]).all()
    assert panel.marks.data["value"] == [0.42, 0.36, 0.39] and set(panel.marks.data["filled"]) == {1.0}
    assert run_page.panels["hemoglobin"].marks.data["marker"] == ["triangle"]
    assert run_page.panels["urine"].windows.data["time"].tolist() == [2.0]
    assert run_page.table.rows()[0] == {"start": "0", "end": "0.5", "item": "ringer", "amount": "", "unit": "L"}


def test_names_of_a_data_set_are_words_and_nothing_else(run_page):
    run_page.choice.value = EVIL
    assert run_page.choice.value == EVIL and "problem" not in run_page.notes.text
    texts = [div.text for div in run_page.document.select({"type": Div})]
    assert not any("<script>" in text for text in texts) and any("&lt;script&gt;" in text for text in texts)


def test_answers_take_the_time_of_a_blink(page):
    """Well under a second on a machine with other work: it takes 15 ms by itself."""
    began = perf_counter()
    for number in range(5):
        page.move("Hct0", 0.4 + number / 100)
        settle(page)
    assert perf_counter() - began < 5.0
