"""The page of a fit: whole in itself, safe from what charts hold, true to the draws, bounded for a large cohort."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest
import xarray as xr
from results.browser import CHROMIUM, console, looked_at
from results.made_up import DOLLARS, EVIL, many, origin, repeated, sampled
from scipy import stats

from cls_infer.errors import InputError
from cls_infer.results.bands import LEVELS, Band
from cls_infer.results.compare import compare
from cls_infer.results.fitted import Fit, conclude
from cls_infer.results.identify import wall_and_all
from cls_infer.results.report import render
from cls_infer.results.report.calibration import calibration, places
from cls_infer.results.report.course import hours
from cls_infer.results.report.forest import interval
from cls_infer.results.report.ink import SHADES, number
from cls_infer.results.report.people import people
from cls_infer.results.report.picture import drawing, panel, picture
from cls_infer.results.report.ridge import tied
from cls_infer.results.report.versus import HERE, versus
from cls_infer.results.residuals import residuals


class Reader(HTMLParser):
    """The tags of a page and their attributes, and the words of its table of patients."""

    def __init__(self, html):
        super().__init__()
        self.tags = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def of(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


def test_the_page_runs_no_script_whatever_a_patient_is_called(page):
    read = Reader(page)
    assert not read.of("script") and not any(name.startswith("on") for _, attrs in read.tags for name in attrs)
    labels = [attrs["aria-label"] for attrs in read.of("svg")]
    assert any(EVIL in label for label in labels) and any(DOLLARS in label for label in labels)
    (policy,) = [attrs for attrs in read.of("meta") if attrs.get("http-equiv")]
    assert policy["content"].startswith("default-src 'none'")
    closed = [part.partition("</svg>")[0] for part in page.split("<svg")[1:]]
    assert any(">$x_1$ &amp;" in part for part in closed)  # as it is written, not as a formula
    for part in closed:
        ElementTree.fromstring(f"<svg{part}</svg>")


def test_links_lead_somewhere_and_names_are_given_once(page):
    read = Reader(page)
    names = [attrs["id"] for _, attrs in read.tags if "id" in attrs]
    assert len(names) == len(set(names))
    links = [attrs["href"] for attrs in read.of("a")]
    assert {link.removeprefix("#") for link in links} <= set(names)
    there = {f"#patient-{place}" for place in range(1, 5)}
    assert there | {f"{one}-row" for one in there} <= set(links)  # from the table to each patient, and back
    used = set(re.findall(r"url\(#([\w-]+)\)", page)) | {attrs["href"][1:] for attrs in read.of("use")}
    assert used and used <= set(names)


def test_pictures_are_drawn_in_the_colours_of_the_page_alone(page):
    drawn = "".join(part.partition("</svg>")[0] for part in page.split("<svg")[1:])
    assert set(re.findall(r"var\(--(\w+)\)", drawn)) <= set(SHADES)
    assert not re.search(r"#[0-9a-f]{6}\b", drawn)


def luminance(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("side", ["light", "dark"])
def test_every_colour_stands_out_from_the_paper(side):
    """WCAG 2.2: 4.5 for words, 3 for what is drawn."""
    paper = luminance(getattr(SHADES["paper"], side))
    for name, shade in SHADES.items():
        if name in ("paper", "line"):  # rules between rows carry no meaning
            continue
        low, high = sorted((luminance(getattr(shade, side)), paper))
        asked = 4.5 if name in ("ink", "soft", "good", "bad", "posterior", "lost", "other") else 3.0
        assert (high + 0.05) / (low + 0.05) >= asked, name


def test_the_cohort_is_shown_as_one(page, cohort):
    words = " ".join(page.split())
    for said in (
        "k_12 of 4 patients",
        "The population against its individuals",
        "Effects of covariates",
        "k_12_weight",
    ):
        assert said in words, said
    new = interval("new patient", cohort.tree["new_patient"]["k_12"].values)
    told = f"new patient {number(new.middle)} ({number(new.low)} to {number(new.high)})"
    assert told in words  # of the forest, beside the individuals
    assert f"{number(new.middle)} <span" in words.partition("The population in numbers")[2].partition("</table>")[0]
    assert "<li>k_12_weight: per 5.59 kg of weight, about 67.5 kg</li>" in words
    effect = np.median(cohort.tree["posterior"]["k_12_weight"].values)
    assert f"k_12_weight {number(float(effect))} (" in words


def test_the_table_tells_who_the_patients_are(cohort):
    tree = cohort.tree
    found = people(tree, residuals(tree), cohort.summary, ["P3"])
    assert [one.name for one in found] == [EVIL, DOLLARS, "P3", "P4"] and found[2].pictured and not found[3].pictured
    for place, one in enumerate(found):
        assert one.about == {"weight": f"{60 + 5 * place}.0", "sex": ("male", "female")[place % 2]}
        assert (one.measurements, one.entries, one.first, one.last) == (6, 2, 0.0, 2.0)
        assert {row.name for row in one.rows} == {f"{row.variable}[{one.name}]" for row in one.rows} and one.rows


def test_a_page_of_one_patient_does_not_repeat_the_name(fit, monkeypatch):
    rows = [replace(row, contraction=0.0, shift=0.0) for row in fit.summary]
    assert "k_10[P1]" in [row.name for row in rows]
    monkeypatch.setattr(Fit, "summary", rows)
    told = render(Fit(fit.tree, fit.verdict)).partition('id="told"')[2].partition("<h3>Combinations")[0]
    assert "did not inform" in told and "k_10" in told and "[P1]" not in told


def test_prior_and_posterior_of_every_number_are_pictured(page, cohort):
    names = [str(name) for name in cohort.tree["posterior"].data_vars]
    assert all(f'aria-label="Densities of {name}: prior dashed' in page for name in names)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in this machine")
def test_a_browser_shows_every_picture_at_every_width_and_has_no_complaint(page, tmp_path):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    (tmp_path / "bad.html").write_text("<script>console.error('planted')</script>", encoding="utf-8")
    assert console(tmp_path / "page.html") == []
    assert "planted" in console(tmp_path / "bad.html")[0]  # so that silence means something
    found = looked_at(page, tmp_path, (1200, 360))
    assert set(found) == {1200, 360}
    for width, seen in found.items():
        assert len(seen["figures"]) > 30
        assert [figure for figure in seen["figures"] if min(figure[1:]) < 20] == []
        nothing = ("scripts", "unnamed", "broken", "twice", "unreached", "overlapping", "cut")
        assert [name for name in nothing if seen[name]] == [], (width, seen)
        assert seen["wide"] <= 0 and seen["smallest"] > 8.0
        assert seen["paper"] == "rgb(255, 255, 255)"


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in this machine")
def test_a_browser_finds_words_that_overlap_or_leave_their_picture(tmp_path):
    with drawing():
        figure, axes = panel("two words")
        axes.text(0.2, 0.5, "one word")
        axes.text(0.25, 0.5, "another")
        axes.text(0.9, 0.2, "this is too long by far")
        drawn = picture(figure, "planted")
    seen = looked_at(f"<body style='--ink: #000'>{drawn.svg}</body>", tmp_path, (600,))[600]
    assert ["planted", "one word", "another"] in seen["overlapping"]
    assert seen["cut"] == ["this is too long by far"]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium in this machine")
def test_the_page_is_dark_where_the_reader_wants_it_dark(page, tmp_path):
    seen = looked_at(page, tmp_path, (600,), "--blink-settings=preferredColorScheme=0")[600]
    red, green, blue = (int(SHADES["paper"].dark[at : at + 2], 16) for at in (1, 3, 5))
    assert seen["paper"] == f"rgb({red}, {green}, {blue})"


def conjugate(seed, *, width, count=400, draws=1500):
    """Measurements about a known mean, sd 1, and predictions of them with another width, as a tree."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(1, count))
    mu = rng.normal(scale=0.05, size=(2, draws // 2))
    dims = ("chain", "draw", "patient", "obs")
    mean = np.broadcast_to(mu[..., None, None], (*mu.shape, 1, count))
    each = stats.norm.logpdf(values, mean, width)
    blank = np.zeros((1, count))
    observed = {"measurement": values, "upper": values, "censoring": blank}
    tree = xr.DataTree.from_dict(
        {
            "/posterior": xr.Dataset({"mu": (dims[:2], mu)}),
            "/observed_data": xr.Dataset({name: (dims[2:], value) for name, value in observed.items()}),
            "/posterior_predictive": xr.Dataset({"measurement": (dims, rng.normal(mean, width))}),
            "/log_likelihood": xr.Dataset({"measurement": (dims, each)}),
        }
    )
    tree.attrs = {"seed": seed}
    return tree


@pytest.mark.parametrize(
    ("width", "within", "words"), [(1.0, True, "as wide as"), (0.6, False, "too narrow"), (1.7, False, "too wide")]
)
def test_predictions_of_a_wrong_width_leave_the_band(width, within, words):
    with drawing():
        found = calibration(places(conjugate(2, width=width)))
    assert found is not None and found.within is within and words in found.words


def test_a_measurement_is_held_against_a_fit_that_has_not_seen_it():
    """One value, the mean known from it alone: left out, its prediction is the prior's, and its place is known."""
    rng = np.random.default_rng(0)
    y, prior_sd = 2.0, 1.5
    sd = (1 + prior_sd**-2) ** -0.5
    mu = rng.normal(y * sd**2, sd, size=(4, 5000))
    tree = conjugate(0, width=1.0, count=1, draws=4)
    dims = ("chain", "draw", "patient", "obs")
    groups = {f"/{name}": one.to_dataset() for name, one in tree.children.items()}
    groups["/posterior"] = xr.Dataset({"mu": (dims[:2], mu)})
    groups["/observed_data"] = groups["/observed_data"] * 0 + y
    groups["/observed_data"]["censoring"] *= 0
    replicate = rng.normal(mu)[..., None, None]
    groups["/posterior_predictive"] = xr.Dataset({"measurement": (dims, replicate)})
    each = stats.norm.logpdf(y, mu)[..., None, None]
    groups["/log_likelihood"] = xr.Dataset({"measurement": (dims, each)})
    again = xr.DataTree.from_dict(groups)
    again.attrs = {"seed": 0}
    exact = stats.norm.cdf(y, 0, np.hypot(1, prior_sd))
    with_it = stats.norm.cdf(y, y * sd**2, np.hypot(1, sd))
    (found,) = places(again).pit
    assert abs(found - exact) < 0.03  # Monte Carlo error of 20,000 weighed draws is 0.01
    assert abs(with_it - exact) > 0.1  # in sample it would be found elsewhere


def test_a_limit_has_any_place_that_it_allows():
    tree = conjugate(5, width=1.0)
    edge = 0.3
    groups = {f"/{name}": one.to_dataset().copy(deep=True) for name, one in tree.children.items()}
    below = groups["/observed_data"]["measurement"].values < edge
    groups["/observed_data"]["censoring"].values[below] = -1.0
    groups["/observed_data"]["measurement"].values[below] = edge
    censored = xr.DataTree.from_dict(groups)
    censored.attrs = tree.attrs
    pit = places(censored).pit
    assert stats.kstest(pit, "uniform").pvalue > 0.01
    assert np.ptp(pit[below.ravel()]) > 0.5  # not all at the limit's own place


def test_the_panels_begin_where_something_begins(fit):
    times = fit.tree["trajectories"]["time"].sel(patient="P1").values
    still = Band(times, np.ones((len(LEVELS), len(times))))
    rising = Band(times, np.where(times > 1.0, times, 1.0) * np.ones((len(LEVELS), 1)))
    begin, end = hours(fit.tree, "P1", {"a": still, "b": rising})
    assert begin <= 0.0 and end > times[-1]  # the infusion begins at 0
    later = fit.tree.copy()
    later["observed_data"] = (
        later["observed_data"].to_dataset().assign_coords(time=later["observed_data"]["time"] * 0 + 1.9)
    )
    later["therapy"] = later["therapy"].to_dataset().isel(event=slice(0))
    begin, _ = hours(later, "P1", {"b": rising})
    assert 0.9 < begin < 1.1 < end


def test_the_ridge_holds_what_is_known_together(fit):
    """Two parameters whose product alone is known come first among the pairs."""
    tree = fit.tree.copy()
    after = tree["posterior"].to_dataset()
    slope = after["k_21"] / after["k_21"].mean()
    tree["posterior"] = after.assign(k_12=(after["k_12"].mean() / slope).assign_attrs(after["k_12"].attrs))
    assert {"k_12", "k_21"} <= set(tied(tree, "P1", wall_and_all(tree, "P1")))


def test_other_runs_stand_beside_this_one(fit, kinetics, target):
    other = conclude([sampled(target, seed=9, spread=0.5)], provenance=origin(kinetics, target.cohort))
    exact = compare({HERE: fit, "other": other})
    with drawing():
        found = versus(fit, {"other": other})
    assert found is not None and [(one.run, one.elpd) for one in found.comparison.runs] == [
        (one.run, one.elpd) for one in exact.runs
    ]
    assert [HERE in one.words and "other" in one.words for one in (found.better, *found.numbers)].count(False) == 0
    assert len(found.numbers) + found.others == len(fit.summary)


def test_runs_of_other_measurements_are_refused(fit, cohort):
    with pytest.raises(InputError):
        render(fit, against={"other": cohort})


def test_a_thousand_patients_stay_under_ten_megabytes_and_are_all_linked(cohort, monkeypatch):
    monkeypatch.setattr(Fit, "summary", repeated(cohort.summary, "P3", 1000))
    page = render(Fit(many(cohort.tree, 1000), cohort.verdict), patients=("P0007", "P0400"))
    own = page.partition('<h2 id="patients">')[2].partition("Patients without pictures")[0]
    assert len(page.encode()) + 10 * len(own.encode()) / 2 < 10e6 / 2  # were twelve pictured; half is left for others
    read = Reader(page)
    links = [attrs["href"][1:] for attrs in read.of("a") if attrs["href"].startswith("#patient-")]
    names = {attrs.get("id") for _, attrs in read.tags}
    assert set(links) <= names
    there = {f"patient-{place}" for place in range(1, 1001)}
    assert set(links) == there | {f"{one}-row" for one in there}
    assert "Pictures show 2 of 1000 patients" in page and "k_12 of 1000 patients" in page
