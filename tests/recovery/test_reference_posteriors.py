"""The shipped reference draws meet posteriordb's criteria, and every method's fit of the same case agrees with them."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from arviz_stats.sampling_diagnostics import mcse

from benchmarks.reference_posteriors import CHAINS, KEPT, judged, unmet
from cls_infer.cohort import read_cohort
from cls_infer.inference.settings import Settings
from cls_infer.model import load_model
from cls_infer.results.diagnose import POPULATION, entries, interim_sizes
from cls_infer.results.fit import fit

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(path.parent for path in (ROOT / "data" / "reference_posteriors").glob("*/info.json"))


def reference(folder: Path) -> dict[str, np.ndarray]:
    """Return the draws [chain, draw] of every number of a reference posterior."""
    with zipfile.ZipFile(folder / "draws.json.zip") as archive:
        chains = json.loads(archive.read("draws.json"))
    return {name: np.array([chain[name] for chain in chains]) for name in chains[0]}


def errors(draws: dict[str, np.ndarray], method: str) -> dict[str, float]:
    """Return the Monte Carlo standard error of the mean, or of the sd, of draws [chain, draw] by name. Rates have tails
    that bulk effective sizes know nothing of."""
    found = mcse(xr.Dataset({name: (("chain", "draw"), value) for name, value in draws.items()}), method=method)
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
    """Means within four standard errors of their difference, sds within a tenth and four of theirs. What two stages
    know of a number is no more than the draws of stage one tell."""
    dataset, model = folder.name.split("-")
    pooled = json.loads((folder / "info.json").read_text())["hierarchical"]
    if method == "two-stage" and not pooled:
        pytest.skip("nothing is named that follows a population")
    cohort, settings = read_cohort(ROOT / "data" / dataset), Settings(method=method, seed=7)
    fitted = fit(cohort, load_model(model), hierarchical=pooled, settings=settings)
    exact, posterior = reference(folder), fitted.tree["posterior"].to_dataset()
    found = {label: posterior[name].sel(place).values for label, name, place in entries(posterior)}
    assert set(exact) <= set(found)
    of_mean, of_sd = ([errors(draws, kind) for draws in (exact, found)] for kind in ("mean", "sd"))
    interim, wrong = interim_sizes(fitted.tree), []
    for name, draws in exact.items():
        sd, patient = draws.std(), name.partition("[")[2].rstrip("]")
        first = 1 / np.sqrt(interim[patient or POPULATION]) if interim else 0.0
        mean_error, sd_error = (
            np.hypot(np.hypot(one[name], other[name]) / sd, first) for one, other in (of_mean, of_sd)
        )
        away, wider = (found[name].mean() - draws.mean()) / sd, np.log(found[name].std() / sd)
        if abs(away) > 4 * mean_error or abs(wider) > 0.1 + 4 * sd_error:
            wrong.append((name, away, mean_error, wider, sd_error))
    assert wrong == []
