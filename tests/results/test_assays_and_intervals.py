"""What comes out of a fit to intervals and to assays with offsets: names, places, bounds."""

from dataclasses import replace

import numpy as np
import pytest
from results.made_up import chart, origin, sampled

from cls_infer.cohort.records import BETWEEN, Measurement
from cls_infer.likelihood.posterior import posterior
from cls_infer.results.fitted import conclude, fit_json
from cls_infer.results.report import render
from cls_infer.results.residuals import residuals
from cls_infer.results.store import open_fit, save


def measured(patient, *rows):
    return replace(patient, measurements=(*patient.measurements, *rows))


def hct(time, row, assay, value=0.4):
    return Measurement(time, "hematocrit", value, row, assay=assay)


@pytest.fixture(scope="module")
def cohort():
    """Two patients of one laboratory, the second in another one too; haemoglobin known as an interval."""
    first, second = chart("P1", "P2").patients
    interval = Measurement(1.5, "hemoglobin", 110.0, 11, upper=125.0, censoring=BETWEEN)
    first = measured(first, hct(1.5, 12, "ward lab"), interval)
    second = measured(second, hct(1.5, 13, "ward lab"), hct(2.0, 14, "b/c"), replace(interval, time=1.75, assay="b/c"))
    return replace(chart("P1", "P2"), patients=(first, second))


@pytest.fixture(scope="module")
def shared(kinetics, cohort):
    target = posterior(kinetics, cohort)
    inference = sampled(target)
    return target, inference.draws.z, conclude([inference], provenance=origin(kinetics, cohort))


def test_offsets_are_summarised_by_assay(shared):
    target, z, fit = shared
    offset = fit.tree["posterior"]["offset_hematocrit"]
    assert offset.dims == ("chain", "draw", "assay") and offset.attrs == {"unit": "1", "scope": "assay"}
    place = {label: number for number, label in enumerate(target.pooling.labels())}
    for assay, label in (("ward lab", "offset_hematocrit[ward lab]"), ("b/c", "offset_hematocrit[b/c][P2]")):
        np.testing.assert_allclose(offset.sel(assay=assay), 0.005 * z[:, :, place[label]], rtol=1e-12)
    rows = {row.name: row for row in fit.summary}
    assert {"offset_hematocrit[ward lab]", "offset_hematocrit[b/c]", "offset_hemoglobin[b/c]"} <= set(rows)
    assert "offset_hemoglobin[ward lab]" not in rows
    np.testing.assert_allclose(rows["offset_hemoglobin[b/c]"].prior_sd, 1.7, rtol=0.02)  # 2,000 draws
    assert not any(name.startswith("offset") for name in fit.tree["constant_data"])
    assert "offset_hematocrit[b/c]" in fit_json(fit)["parameters"]


def test_predictions_are_as_the_assay_reads_them(shared):
    """The same patient and hour, with and without the assay: the offset and nothing else between them."""
    target, z, fit = shared
    predicted = fit.tree["posterior_predictive"]["prediction"]
    observed = fit.tree["observed_data"].to_dataset()
    assert observed["assay"].values[0].tolist()[-3:] == ["ward lab", "", ""]
    bare = replace(target.cohort, patients=tuple(_without_assays(p) for p in target.cohort.patients))
    plain = posterior(target.model, bare)
    alike = [number for number, label in enumerate(target.pooling.labels()) if not label.startswith("offset")]
    at = target.plan.chart.row[0].tolist().index(12)
    coordinates = plain.pooling.coordinates(z[0, 3, alike])
    expected = plain.predicted(coordinates).mean[0, at] + fit.tree["posterior"]["offset_hematocrit"].sel(
        chain=0, draw=3, assay="ward lab"
    )
    np.testing.assert_allclose(predicted.isel(chain=0, draw=3, patient=0, obs=at), expected, rtol=1e-9)


def _without_assays(patient):
    return replace(patient, measurements=tuple(replace(m, assay="") for m in patient.measurements))


def test_an_interval_is_held_against_its_nearer_end(shared):
    _, _, fit = shared
    observed = fit.tree["observed_data"].to_dataset()
    upper = observed["upper"].values[observed["censoring"].values == BETWEEN]
    np.testing.assert_array_equal(upper, [125.0, 125.0])
    tree = fit.tree.copy(deep=True)
    place = {"patient": 0, "obs": int(np.argmax(observed["row"].values[0] == 11))}
    for level, standardised, words in (
        (117.0, 0.0, "0"),
        (131.0, -2.0, "from 110 to "),
        (104.0, 2.0, "up to 125 from "),
    ):
        for name in ("prediction", "measurement"):
            tree["posterior_predictive"][name][place] = level
        tree["posterior_predictive"]["scale"][place] = 3.0
        (found,) = (one for one in residuals(tree) if one.patient == "P1" and one.row == 11)
        np.testing.assert_allclose(found.standardised, standardised, atol=1e-12)
        assert found.covered == (standardised == 0)
        assert standardised == 0 or found.limit == words


def test_a_run_with_assays_is_kept_and_shown(shared, tmp_path):
    _, _, fit = shared
    kept = open_fit(save(fit, tmp_path / "run").folder)
    assert {row.name for row in kept.summary} == {row.name for row in fit.summary}
    page = render(kept)
    assert "offset_hematocrit[ward lab]" in page and "offset_hemoglobin[b/c]" in page


def test_patients_of_different_assays_stand_side_by_side(kinetics):
    cohort = chart("P1", "P2", uncharted=True)
    first, second = cohort.patients
    apart = [measured(first, hct(1.5, 12, "a")), measured(second, hct(1.5, 13, "b"), hct(2.0, 14, "a", 0.41))]
    only_own = replace(apart[1], measurements=apart[1].measurements[:-1])
    targets = [posterior(kinetics, replace(cohort, patients=(patient,))) for patient in (apart[0], only_own)]
    parts = [sampled(target, seed=seed) for seed, target in enumerate(targets)]
    whole = conclude(parts, provenance=origin(kinetics, cohort)).tree["posterior"]
    for part, assay in zip(parts, ("a", "b"), strict=True):
        own = part.draws.z[
            :, :, part.target.pooling.labels().index(f"offset_hematocrit[{assay}][{part.target.plan.patients[0]}]")
        ]
        np.testing.assert_allclose(whole["offset_hematocrit"].sel(assay=assay), 0.005 * own, rtol=1e-12)
    assert whole["ringer_0h"].isel(patient=1).isnull().all() and whole["ringer_0h"].isel(patient=0).notnull().all()
