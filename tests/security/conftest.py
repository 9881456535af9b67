"""The command line called in this process, data sets made of text, and a run folder: as other tests have them."""

import shutil
from pathlib import Path

import pytest
from cli.conftest import MEASURED, cls_infer, folder
from results.made_up import chart, origin, sampled

from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.fitted import conclude
from cls_infer.results.store import save

__all__ = ["MEASURED", "cls_infer", "folder"]


@pytest.fixture(scope="session")
def fit():
    """A fit of one patient, of draws made up."""
    model, cohort = load_model("volume_kinetics"), chart("P1")
    return conclude([sampled(posterior(model, cohort))], provenance=origin(model, cohort))


@pytest.fixture(scope="session")
def saved(fit, tmp_path_factory):
    return save(fit, tmp_path_factory.mktemp("saved") / "run").folder


@pytest.fixture
def run(saved, tmp_path):
    """A run folder of its own."""
    return Path(shutil.copytree(saved, tmp_path / "run"))
