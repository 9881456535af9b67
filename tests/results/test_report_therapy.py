"""Therapy in the page of a fit: what was charted, and what was estimated of it."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from results.browser import CHROMIUM, looked_at
from results.made_up import infused

from cls_infer.cohort.items import ITEMS
from cls_infer.cohort.records import Cohort, Event
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.charted import therapy_table
from cls_infer.results.report import render
from cls_infer.results.report.given import Given, given_to
from cls_infer.results.report.ink import number
from cls_infer.results.report.picture import WIDE, drawing, panel
from cls_infer.results.report.therapy import MOST_ROWS, therapy_picture
from cls_infer.results.values import parameter_draws


def test_therapy_is_told_with_what_nobody_charted(fit):
    ringer, bleeding = given_to(fit.tree, "P1")
    low, middle, high = (number(q) for q in fit.tree["posterior"]["ringer_0h"].quantile((0.05, 0.5, 0.95)).values)
    assert ringer.words == "Ringer's lactate or acetate: not charted"
    assert ringer.estimated == f"estimated {middle} ({low} to {high}) L"
    assert (bleeding.words, bleeding.estimated) == ("Whole blood lost: 0.100 L", "")
    page = render(fit)
    assert page.count(f"estimated {middle} ({low} to {high}) L") == 2  # beside the bar, and for who cannot see it
    table = page.partition('aria-label="Therapy estimated of P1"')[2].partition("</table>")[0]
    assert middle in table and f"[{low}, {high}]" in table


def over(title, between, *, height):
    """A panel as those of a patient are."""
    return panel(title, width=WIDE, height=height)


@pytest.fixture(scope="module")
def open_ended(kinetics):
    """What a tree holds of a patient with fluids in unknown amounts, and one at a charted rate until about 5 h."""
    patient = infused("P1")
    therapy = (
        Event("ringer", 0.0, 0.5, None, row=2, median=1.0, gsd=1.5),
        Event("bleeding", 0.0, 0.5, None, row=3, low=0.1, high=0.4),
        Event("ringer", 1.0, 1.5, None, row=4, median=1.0, gsd=1.5),
        Event("saline_0.9", 1.0, 5.0, 2.0, row=5, end_sd=1.0, by_rate=True),
        Event("saline_0.9", 6.0, 7.0, 0.25, row=6),
    )
    target = posterior(kinetics, Cohort("open", (replace(patient, therapy=therapy),), "0" * 64))
    z = 0.5 * np.random.default_rng(0).normal(size=(2, 100, target.pooling.dimension))
    groups = {"/posterior": parameter_draws(target, z), "/therapy": therapy_table(target)}
    return xr.DataTree.from_dict(groups)


def test_every_treatment_names_what_was_estimated_of_it(open_ended):
    """Blood lost is nothing to this model, so that its amount was not estimated."""
    assert open_ended["therapy"]["parameter"].values.tolist() == [
        *("ringer_0h", "", "ringer_1h"),
        *("saline_0.9_1h_duration", ""),
    ]
    assert set(open_ended["posterior"].data_vars) >= {"ringer_0h", "ringer_1h", "saline_0.9_1h_duration"}


def test_amounts_and_ends_are_estimated_from_the_draws(open_ended):
    ringer, bleeding, saline = given_to(open_ended, "P1")
    draws = {name: one.values.ravel() for name, one in open_ended["posterior"].data_vars.items()}
    in_all = np.quantile(draws["ringer_0h"] + draws["ringer_1h"], (0.5, 0.05, 0.95))
    assert ringer.estimated == "estimated {} ({} to {}) L in all".format(*map(number, in_all))
    assert (bleeding.words, bleeding.estimated) == ("Whole blood lost: not charted", "")
    hours = draws["saline_0.9_1h_duration"]
    one, *others = saline.entries
    assert one.end is not None and one.amount is not None
    np.testing.assert_allclose(one.end[1:], 1.0 + np.quantile(hours, (0.05, 0.5, 0.95)), rtol=1e-12)
    np.testing.assert_allclose(one.amount[1:], 0.5 * np.quantile(hours, (0.05, 0.5, 0.95)), rtol=1e-12)  # 2 L in 4 h
    assert not others and (one.start, one.stated, one.end_sd) == (1.0, 5.0, 1.0)
    assert saline.words == "Saline 0.9 %: 0.250 L"  # of the other entry
    assert replace(saline, amount=np.array([2.0, np.nan])).words == "Saline 0.9 %: not charted"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in this machine")
def test_the_words_of_every_item_stay_in_their_picture(tmp_path):
    """With the longest numbers, and everything estimated that can be."""
    draws, rate = np.full(50, 0.8888), np.full(50, 100.8)
    nothing, pair, three = np.zeros(2), np.array([0.8888, np.nan]), np.array([0.0888, 0.8888, np.nan])
    items = [name for name in ITEMS if name != "ringer"]
    rows = [Given(name, nothing, nothing, pair, nothing, {1: draws}, {}) for name in items]
    rows += [Given(name, np.zeros(3), np.zeros(3), three, np.zeros(3), {2: draws}, {}) for name in items]
    rows += [Given("ringer", nothing, nothing, pair, nothing, {0: draws, 1: draws}, {})]
    rows += [Given(name, nothing, nothing, pair, nothing, {0: draws}, {0: rate}) for name in items]
    with drawing():
        panels = [
            therapy_picture(rows[at : at + MOST_ROWS], "P1", (0.0, 12.0), over=over)
            for at in range(0, len(rows), MOST_ROWS)
        ]
    page = "".join(one.svg for one in panels if one)
    seen = looked_at(f"<body style='--ink: #000'>{page}</body>", tmp_path, (600,))[600]
    assert seen["cut"] == [] and seen["overlapping"] == []


def test_a_bar_ends_where_the_draws_do(open_ended):
    kept = []

    def keeping(title, between, *, height):
        kept.append(over(title, between, height=height))
        return kept[-1]

    rows = given_to(open_ended, "P1")
    with drawing():
        found = therapy_picture(rows, "P1", (0.0, 12.0), over=keeping)
    assert found is not None
    ((_, axes),) = kept
    ends = [rows[-1].ends[0], *(np.full(1, end) for end in (0.5, 0.5, 1.5, 7.0))]
    bars = [patch.get_x() + patch.get_width() for patch in axes.patches]
    np.testing.assert_allclose(sorted(bars), sorted(np.median(end) for end in ends), rtol=1e-12)
    across = [segment for lines in axes.collections for segment in lines.get_segments()]
    expected = np.quantile(rows[-1].ends[0], (0.05, 0.95))
    assert any(np.allclose(np.asarray(segment)[:, 0], expected) for segment in across)
    assert all(row.estimated in found.words for row in rows)
