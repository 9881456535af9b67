"""A small cohort whose patients differ in what they were given and how often they were measured, fitted in shards."""

from dataclasses import replace

import pytest
from inference.conftest import simulated

from cls_infer.inference.settings import Settings
from cls_infer.model import load_model
from cls_infer.scale.fit import fit_cohort

SMALL = Settings(method="laplace", chains=2, draws=60)
NAMES = ("A", "B", "C", "D", "E")


@pytest.fixture(scope="session")
def model():
    """Five unknowns, quick to solve."""
    return load_model("volume_kinetics")


@pytest.fixture(scope="session")
def cohort():
    """Five patients; the amount that the fourth got was never charted, and the last was measured far more often."""
    made = simulated(NAMES, seed=5)
    *others, uncharted, often = made.patients
    given = replace(uncharted.therapy[0], amount=None, median=1.7, gsd=1.3)
    rows = tuple(replace(m, time=m.time + 0.01 * n, row=m.row + 100 * n) for n in range(3) for m in often.measurements)
    seen = tuple(sorted(rows, key=lambda m: m.time))
    sexes = [
        replace(p, covariates={**p.covariates, "sex": s})
        for p, s in zip(others, ("male", "female", "male"), strict=True)
    ]
    return replace(made, patients=(*sexes, replace(uncharted, therapy=(given,)), replace(often, measurements=seen)))


@pytest.fixture(scope="session")
def fitted(model, cohort, tmp_path_factory):
    """Return a function that fits the cohort into a fresh folder, in shards of this size; and returns its run."""

    def run(patients=NAMES, *, folder=None, **options):
        some = replace(cohort, patients=tuple(p for p in cohort.patients if p.name in patients))
        place = folder or tmp_path_factory.mktemp("runs") / "run"
        return fit_cohort(some, model, place, **{"settings": SMALL, "workers": "here", **options})

    return run


@pytest.fixture(scope="session")
def run(fitted):
    """All five, in shards of two at most."""
    return fitted(shard_size=2)
