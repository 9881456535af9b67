"""The shipped reference draws meet posteriordb's criteria, and every method's fit of the same case agrees with them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from benchmarks.reference_posteriors import CHAINS, KEPT, judged, unmet
from cls_infer.cohort import read_cohort
from cls_infer.inference.settings import Settings
from cls_infer.model import load_model
from cls_infer.results.diagnose import convergence, entries
from cls_infer.results.fit import fit

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "data" / "reference_posteriors").glob("*/info.json"))


def reference(folder: Path) -> dict[str, np.ndarray]:
    """Return the draws [chain, draw] of every number of a reference posterior."""
    with zipfile.ZipFile(folder / "draws.json.zip") as archive:
        chains = json.loads(archive.read("draws.json"))
    return {name: np.array([chain[name] for chain in chains]) for name in chains[0]}


def sizes(draws: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the bulk effective size of draws [chain, draw] by name."""
    found = convergence(xr.Dataset({name: (("chain", "draw"), value) for name, value in draws.items()}))["ess_bulk"]
    return {name: float(found[name]) for name in draws}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_draws_meet_the_criteria_of_posteriordb(folder):
    draws, info = reference(folder), json.loads((folder / "info.json").read_text())
    assert {value.shape for value in draws.values()} == {(CHAINS, KEPT)}
    found = judged(draws)
    for name, value in found.items():  # the draws are written with seven digits
        assert value == pytest.approx(info["diagnostics"][name], rel=1e-3)
    assert unmet(found | {name: info["diagnostics"][name] for name in ("divergences", "bfmi")}) == []


@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
@pytest.mark.parametrize("method", ["hmc", "nuts", "two-stage"])
def test_a_fit_agrees(folder, method):
    """Means within four standard errors of their difference, sds within a tenth and four of theirs."""
    dataset, model = folder.name.split("-")
    pooled = json.loads((folder / "info.json").read_text())["hierarchical"]
    if method == "two-stage" and not pooled:
        pytest.skip("nothing is named that follows a population")
    cohort, settings = read_cohort(ROOT / "data" / dataset), Settings(method=method, seed=7)
    fitted = fit(cohort, load_model(model), hierarchical=pooled, settings=settings)
    exact, posterior = reference(folder), fitted.tree["posterior"].to_dataset()
    found = {label: posterior[name].sel(place).values for label, name, place in entries(posterior)}
    of_exact, of_found = sizes(exact), sizes(found)
    assert set(exact) <= set(found)
    for name, draws in exact.items():
        share = 1 / of_exact[name] + 1 / of_found[name]
        away = (found[name].mean() - draws.mean()) / draws.std()
        assert abs(away) < 4 * np.sqrt(share), (name, away, share)
        assert abs(np.log(found[name].std() / draws.std())) < 0.1 + 4 * np.sqrt(share / 2), name
