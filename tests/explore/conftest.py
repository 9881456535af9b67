"""Things to explore that cost next to nothing: the kinetics of a volume, and a made-up run of them."""

from dataclasses import replace

import pytest
from results.made_up import chart, origin, sampled

from cls_infer.explore import explored_model, explored_run
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="session")
def kinetics():
    return load_model("volume_kinetics")


@pytest.fixture(scope="session")
def fit(kinetics):
    """A run of two patients, one of whose names is not meant well; the other's infusion was never charted."""
    cohort = chart("P1", EVIL, uncharted=True)
    first, second = cohort.patients
    early = tuple(replace(event, start=event.start - 0.25) for event in second.therapy)
    cohort = replace(cohort, patients=(first, replace(second, therapy=early)))
    return conclude([sampled(posterior(kinetics, cohort))], provenance=origin(kinetics, cohort))


@pytest.fixture(scope="session")
def of_run(kinetics, fit):
    return explored_run(fit.tree, kinetics, "made_up")


@pytest.fixture(scope="session")
def of_model(kinetics):
    return explored_model(kinetics)
