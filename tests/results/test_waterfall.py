"""The waterfall: every search where it ended, and in words what those that disagree mean."""

import numpy as np
import pytest
import xarray as xr
from results.made_up import origin, sampled

from cls_infer.inference.searches import NOWHERE, Searches
from cls_infer.results.fitted import conclude
from cls_infer.results.joint import join
from cls_infer.results.report import render
from cls_infer.results.report.picture import drawing
from cls_infer.results.report.waterfall import waterfall

ALIKE = ([0.0, 0.0, -0.1], [0, 0, 0], [True, True, True])
TWO = ([0.0, -0.1, -2.3], [0, 0, 1], [True, True, True])
STOPPED = ([-7.0, -50.0, np.nan], [0, NOWHERE, NOWHERE], [True, False, False])


def kept(*rows, dims=("patient", "start")):
    """The tree of a fit that keeps nothing but these searches."""
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    data = {name: (dims, column) for name, column in zip(Searches._fields, columns, strict=True)}
    names = {"patient": [f"P{n}" for n in range(len(rows))]} if "patient" in dims else {}
    return xr.DataTree.from_dict({"/searches": xr.Dataset(data, coords=names)})


def seen(tree, most=12):
    with drawing():
        found = waterfall(tree, most=most)
    assert found is not None
    return found


def test_every_patient_is_pictured_and_who_disagrees_is_told_why():
    found = seen(kept(ALIKE, TWO, STOPPED))
    assert found.agreed == 1 and found.more == 0 and len(found.pictures) == 3
    assert "P0: all 3 searches ended at one mode." in found.pictures[0].words
    assert found.disagree == [
        "P1: 2 of 3 searches ended at the best mode; 1 at another, 2.30 nats below.",
        "P2: 1 of 3 searches ended at the best mode; 1 had not arrived when stopped; 1 could not be solved.",
    ]


def test_of_a_large_cohort_those_who_disagree_are_pictured_nearest_modes_first():
    rival = ([0.0, -0.4, -0.4], [0, 1, 1], [True, True, True])
    found = seen(kept(*[ALIKE] * 20, TWO, STOPPED, rival), most=2)
    assert [one.words.partition("best. ")[2][:3] for one in found.pictures] == ["P22", "P20"]
    assert (found.agreed, found.more) == (20, 1)


def test_one_posterior_of_all_patients_is_one_picture():
    found = seen(
        kept(TWO).map_over_datasets(lambda one: one.isel(patient=0, drop=True) if "patient" in one.dims else one)
    )
    (one,) = found.disagree
    assert one.startswith("all patients: 2 of 3")


def test_a_run_that_keeps_no_searches_has_no_waterfall(fit):
    assert waterfall(fit.tree, most=12) is None and "The search for the mode" not in render(fit)


@pytest.fixture(scope="module")
def searched(apart):
    """Two patients fitted apart, the second with two modes."""
    rows = [Searches(*(np.array([column]) for column in one)) for one in (ALIKE, TWO)]
    return [sampled(part.target, seed=n, searches=row) for n, (part, row) in enumerate(zip(apart, rows, strict=True))]


def test_patients_fitted_apart_keep_their_own(searched, kinetics):
    tree = conclude(searched, provenance=origin(kinetics, join(searched).target.cohort)).tree
    assert tree["searches"]["mode"].dims == ("patient", "start")
    assert tree["searches"]["mode"].sel(patient="P2").values.tolist() == TWO[1]
    assert tree["searches"]["log_posterior"].sel(patient="P1").values.tolist() == ALIKE[0]
    page = render(conclude(searched, provenance=origin(kinetics, join(searched).target.cohort)))
    assert "P2: 2 of 3 searches ended at the best mode" in page and "Another mode is another explanation" in page


def test_searches_that_some_lack_are_not_told_of_others(searched, apart):
    assert join([searched[0], apart[1]]).searches is None
