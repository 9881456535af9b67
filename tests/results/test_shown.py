"""What a fit, a model and a cohort show of themselves holds their words and runs none of them; pictures are ArviZ's."""

import re
import subprocess
from dataclasses import replace

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
import xarray as xr
from results.browser import CHROMIUM
from results.made_up import chart, origin

from cls_infer.display import MOST_ROWS
from cls_infer.errors import InputError
from cls_infer.model import Parameter, normal
from cls_infer.results.fitted import conclude

EVIL = "<script>alert(1)</script>\u202e"


@pytest.fixture(scope="module")
def together(apart, kinetics):
    return conclude(apart, provenance=origin(kinetics, chart("P1", "P2", uncharted=True)))


@pytest.fixture(autouse=True)
def closed():
    mpl.use("Agg")
    yield
    plt.close("all")


def test_words_of_others_are_shown_and_not_run(kinetics, fit):
    cohort = chart("P1")
    patient = replace(cohort.patients[0], name=EVIL, covariates={"cause": EVIL})
    evil = replace(cohort, name=EVIL, patients=(patient,), notes=(EVIL,))
    model = replace(kinetics, name=EVIL, about=EVIL, parameters={EVIL: Parameter(EVIL, normal(0.0, 1.0), EVIL)})
    tree = fit.tree.copy()
    tree.attrs = tree.attrs | {"model": EVIL, "cohort": EVIL}
    shown = [one._repr_html_() for one in (evil, model, replace(fit, tree=tree))]
    assert [html.count("&lt;script&gt;") for html in shown] == [4, 5, 2]
    assert not any("<script" in html or "\u202e" in html for html in shown)
    assert not any("\u202e" in repr(one) for one in (evil, model, replace(fit, tree=tree)))


def test_a_fit_shows_its_verdict_and_every_number(fit):
    text, html = repr(fit), fit._repr_html_()
    assert text.startswith("Fit of `volume_kinetics` to `infusions`\n  1 patient, by nuts, 4 chains of 150 draws")
    assert "verdict: " in text and "verdict: " in html
    assert re.findall(r"<tr><td>([^<]+)", html) == [row.name for row in fit.summary]


def test_a_model_and_a_cohort_show_what_they_hold(kinetics):
    cohort = chart("P1", "P2")
    assert "2 patients" in repr(cohort) and "14 measurements: hematocrit" in repr(cohort)
    assert "P2" in cohort._repr_html_() and "twice at the same time" in cohort._repr_html_()
    assert "7 parameters, 1 of them held" in repr(kinetics)
    assert "lognormal(3.6, 0.4)" in kinetics._repr_html_() and "0.05-0.07 /min [M]" in kinetics._repr_html_()


def test_a_large_cohort_is_cut_and_says_so():
    html = chart(*(f"P{number}" for number in range(MOST_ROWS + 7)))._repr_html_()
    assert html.count("<td>P") == MOST_ROWS + 1  # one was set aside
    assert "and 7 more: `cohort.patients`" in html


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_a_browser_shows_the_tables_without_a_word_of_complaint(kinetics, fit, tmp_path):
    page = tmp_path / "shown.html"
    page.write_text(f"<!doctype html><meta charset=utf-8>{fit._repr_html_()}{kinetics._repr_html_()}", encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--dump-dom"]
    done = subprocess.run([*command, page.as_uri()], capture_output=True, text=True, check=True)
    assert done.stdout.count("<table>") == 4 and "CONSOLE" not in done.stderr


def test_the_posterior_is_the_tree_that_arviz_reads(fit):
    import arviz

    assert fit.posterior is fit.tree["posterior"]
    assert set(arviz.summary(fit.posterior).index) >= {"k_12[P1]", "k_10[P1]"}


@pytest.mark.parametrize("name", ["dist", "trace", "rank", "ess", "forest", "prior_posterior"])
def test_a_picture_has_a_place_for_every_number(together, name):
    """A number that one patient lacks, as an uncharted amount, has none there."""
    drawn = getattr(together.plot, name)("k_12", "ringer_0h")
    labels = {"k_12[P1]", "k_12[P2]", "ringer_0h[P1]"}
    assert set(drawn.viz["plot"].data_vars if name != "forest" else drawn.data.data_vars) >= labels
    assert "ringer_0h[P2]" not in drawn.data.data_vars


def test_pairs_are_of_named_numbers(fit):
    assert fit.plot.pair("k_12", "k_21") is not None
    with pytest.raises(InputError, match="two numbers"):
        fit.plot.pair("k_12")


def test_energies_are_those_of_nuts(fit, together):
    assert fit.plot.energy() is not None and together.plot.energy("P2") is not None
    with pytest.raises(InputError, match="each patient has chains of its own; known are `P1`, `P2`"):
        together.plot.energy()
    tree = fit.tree.copy()
    tree["sample_stats"] = xr.DataTree(tree["sample_stats"].to_dataset().drop_vars("energy"))
    with pytest.raises(InputError, match="has no energies"):
        replace(fit, tree=tree).plot.energy()


def test_a_number_that_is_none_is_refused_with_the_nearest(fit):
    with pytest.raises(InputError, match="no number `Hct`; did you mean `Hct0`"):
        fit.plot.dist("Hct")
