"""Fits of made-up samplings, shared by the tests of what comes out of a fit."""

from dataclasses import replace

import numpy as np
import pytest
from results.made_up import DOLLARS, EVIL, chart, origin, sampled

from cls_infer.inference.searches import NOWHERE, Searches
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.model.prior import LogNormal
from cls_infer.model.spec import HealthyRange
from cls_infer.results.fitted import conclude
from cls_infer.results.report import render


@pytest.fixture(scope="session")
def kinetics():
    return load_model("volume_kinetics")


@pytest.fixture(scope="session")
def mortal(kinetics):
    """The same with a range of health and a say in who lives."""
    known = HealthyRange("1/h", lambda p, h: p.k_12 / p.k_21, LogNormal(4.0, 0.3), "made up")
    return replace(kinetics, healthy_ranges={"ratio": known}, log_survival=lambda y: -0.1 * y.U)


@pytest.fixture(scope="session")
def target(kinetics):
    return posterior(kinetics, chart("P1", uncharted=True))


@pytest.fixture(scope="session")
def fit(kinetics, target):
    """One patient."""
    return conclude([sampled(target)], provenance=origin(kinetics, target.cohort))


@pytest.fixture(scope="session")
def apart(kinetics):
    """Two patients fitted apart."""
    parts = []
    cohort = chart("P1", "P2", uncharted=True)
    for seed, patient in enumerate(cohort.patients):
        target = posterior(kinetics, replace(cohort, patients=(patient,)))
        parts.append(sampled(target, seed=seed))
    return parts


@pytest.fixture(scope="session")
def cohort(kinetics):
    """Four patients of one population, two of them with names that are not meant well."""
    charted = chart(EVIL, DOLLARS, "P3", "P4")
    about = [{"weight": 60.0 + 5 * n, "sex": ("male", "female")[n % 2]} for n in range(4)]
    patients = tuple(replace(p, covariates=known) for p, known in zip(charted.patients, about, strict=True))
    charted = replace(charted, patients=patients)
    target = posterior(kinetics, charted, hierarchical=("k_12",), covariates=("weight",))
    ends = Searches(
        np.array([[0.0, -0.1, -2.3, -40.0]]), np.array([[0, 0, 1, NOWHERE]]), np.array([[True] * 3 + [False]])
    )
    return conclude([sampled(target, seed=3, searches=ends)], provenance=origin(kinetics, charted))


@pytest.fixture(scope="session")
def page(cohort):
    return render(cohort)
