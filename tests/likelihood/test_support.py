"""What no noise can give is refused before anything is solved, each with its row and remedy."""

from dataclasses import replace

import numpy as np
import pytest
from likelihood.closed_forms import MODEL, at

from cls_infer.cohort.records import BETWEEN, Cohort, Patient
from cls_infer.errors import InputError
from cls_infer.likelihood.posterior import posterior
from cls_infer.likelihood.support import check_support

BAD = {  # what it is: (measurement, words of the message, words of the remedy)
    "a lognormal of 0": (at(2.0, "ang2", 0.0), "0 is outside the support of `written_down`'s lognormal", "`below`"),
    "a lognormal below 0": (at(2.0, "ang2", -1.0), "-1 is outside the support", "leave the row out"),
    "a lognormal below a limit of 0": (at(2.0, "ang2", 0.0, censoring=-1), "outside the support", "the assay's limit"),
    "a lognormal interval up to 0": (
        at(2.0, "ang2", -1.0, upper=0.0, censoring=BETWEEN),
        "0 is outside the support",
        "`below`",
    ),
    "a haematocrit above 1": (at(2.0, "hematocrit", 1.2), "1.2 is outside 0.05 to 0.85", "correct the value"),
    "a haematocrit in per cent": (at(2.0, "hematocrit", 42.0), "42 is outside 0.05 to 0.85", "or its unit"),
    "an interval that is crossed": (
        at(2.0, "albumin", 30.0, upper=20.0, censoring=BETWEEN),
        "the lower end 30 is not below the upper end 20",
        "swap",
    ),
    "an upper end without an interval": (
        at(2.0, "albumin", 20.0, upper=30.0),
        "censoring 0 with the upper end 30",
        "2",
    ),
    "an interval without its upper end": (at(2.0, "albumin", 20.0, censoring=BETWEEN), "the upper end None", "2 alone"),
    "a censoring nobody knows": (at(2.0, "albumin", 20.0, censoring=7), "censoring 7", "goes with 2 alone"),
    "NaN": (at(2.0, "albumin", np.nan), "nan among its numbers, which is not a finite number", "leave the row out"),
    "a spread of NaN": (at(2.0, "albumin", 30.0, time_sd=np.nan), "nan among its numbers", "leave the row out"),
    "an infinite bound": (at(2.0, "albumin", 20.0, upper=np.inf, censoring=BETWEEN), "not a finite", "leave"),
    "a negative spread": (at(2.0, "albumin", 30.0, extra_sd=-1.0), "a negative spread", "0 or more"),
    "an assay without a known offset": (
        at(2.0, "map", 80.0, assay="cuff"),
        "no offset is known for the assay `cuff`",
        "empty",
    ),
}


def cohort_of(*chart):
    return Cohort("made", (Patient("P1", {}, tuple(chart), ()),), "")


@pytest.mark.parametrize(("measurement", "words", "remedy"), BAD.values(), ids=BAD)
def test_what_no_noise_can_give_is_refused_with_its_row(measurement, words, remedy):
    with pytest.raises(InputError) as caught:
        posterior(MODEL, cohort_of(at(1.0, "hematocrit", 0.4), replace(measurement, row=7)))
    (problem,) = caught.value.problems
    assert (problem.where, problem.row) == ("measurements.csv", 7)
    assert words in problem.message and "of patient `P1` at 2 h" in problem.message
    assert remedy in problem.remedy


def test_every_such_measurement_is_told_at_once():
    with pytest.raises(InputError) as caught:
        check_support(MODEL, cohort_of(*(measurement for measurement, *_ in BAD.values())))
    assert len(caught.value.problems) == len(BAD)


def test_a_lognormal_interval_from_0_is_a_limit():
    check_support(MODEL, cohort_of(at(2.0, "ang2", 0.0, upper=5.0, censoring=BETWEEN)))


def test_an_offset_as_a_factor_alone_is_refused_under_additive_noise():
    additive = replace(MODEL.observables["ang2"], noise=MODEL.observables["albumin"].noise)
    model = replace(MODEL, observables={**MODEL.observables, "ang2": additive})
    with pytest.raises(InputError, match="of `ang2` under normal noise"):
        check_support(model, cohort_of(at(2.0, "ang2", 5.0, assay="kit")))


def test_what_the_model_does_not_predict_is_not_judged():
    check_support(MODEL, cohort_of(at(2.0, "hematocrit", 0.4), at(2.0, "tnf", -3.0)))
