"""All roads give one posterior on shipped data."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import xarray as xr
from arviz_stats.sampling_diagnostics import ess

from cls_infer.cohort.read import read_cohort
from cls_infer.inference.certified import Certify
from cls_infer.inference.run import infer_cohort
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model
from cls_infer.results.diagnose import certified, converged
from cls_infer.results.pareto import smoothed

NUTS = 400
"""Effective draws that `converged` asks of every number."""


def both_roads(cohort, model, *, methods=("importance", "nuts"), **pooling):
    """Return what two methods infer, by method."""
    target = partial(posterior, model, **pooling)
    roads = {}
    for method in methods:
        options = {"certify": Certify(smoothed, certified), "enough": converged}
        roads[method] = infer_cohort(target, cohort, settings=Settings(method=method), **options)
    return roads


@pytest.mark.slow
def test_dialysers_fitted_apart():
    """Each of four numbers of three filters: means, and the logarithm of the sd, within Monte Carlo error."""
    model = load_model("dialyzer")
    cohort = read_cohort("data/dialyzer")
    three = replace(cohort, patients=cohort.patients[:3])
    free = tuple(name for name in model.parameters)
    roads = both_roads(three, model, per_patient=free)
    (weighed,) = roads["importance"]
    assert weighed.method == "importance"
    for number, chains in enumerate(roads["nuts"]):
        columns = [slot.start + number for slot in weighed.target.pooling.slots if slot.size]
        ours = weighed.draws.z[..., columns].reshape(-1, len(columns))
        theirs = chains.draws.z.reshape(-1, len(columns))
        error = np.sqrt(1 / weighed.certificate.effective[number] + 1 / NUTS)
        # four standard errors of 12 means; those of a log sd are smaller by sqrt(2) for a normal, larger for long tails
        assert np.max(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0)) < 4 * error
        assert np.max(np.abs(np.log(ours.std(axis=0) / theirs.std(axis=0)))) < 4 * error


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clarkson_a", "drug_leak_c"])
def test_lanes_abreast_and_nuts_agree_on_whole_episodes(name):
    """Twenty-nine means within four Monte Carlo standard errors, the logarithms of the sds within as many of theirs."""
    cohort, model = read_cohort(f"data/{name}"), load_model("clarkson_episode")
    roads = both_roads(cohort, model, methods=("hmc", "nuts"))
    draws = {method: part.draws for method, (part,) in roads.items()}
    assert not any(one.stats["diverging"].any() for one in draws.values())
    sizes = {method: sizes_of(one.z) for method, one in draws.items()}
    sizes_of_squares = {method: sizes_of((one.z - one.z.mean((0, 1))) ** 2) for method, one in draws.items()}
    ours, theirs = (draws[method].z.reshape(-1, 29) for method in ("hmc", "nuts"))
    error = np.sqrt(1 / sizes["hmc"] + 1 / sizes["nuts"])
    assert np.max(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / theirs.std(axis=0) / error) < 4
    kurtosis = np.mean((theirs - theirs.mean(axis=0)) ** 4, axis=0) / np.var(theirs, axis=0) ** 2
    error = 0.5 * np.sqrt((kurtosis - 1) * (1 / sizes_of_squares["hmc"] + 1 / sizes_of_squares["nuts"]))
    assert np.max(np.abs(np.log(ours.std(axis=0) / theirs.std(axis=0))) / error) < 4


def sizes_of(z):
    """Return the effective size of the mean of each coordinate of draws [chain, draw, dim]."""
    return ess(xr.Dataset({"z": (("chain", "draw", "dim"), z)}), method="mean")["z"].values


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clarkson_a", "drug_leak_c"])
def test_a_whole_episode_is_refused_a_certificate(name):
    """Thirty unknowns: the mixture misses tails that NUTS finds, and the certificate says so."""
    told = []
    target = partial(posterior, load_model("clarkson_episode"))
    settings = Settings(method="importance", draws=25, most_draws=25, warmup=25)
    (part,) = infer_cohort(
        target, read_cohort(f"data/{name}"), settings=settings, certify=Certify(smoothed, certified), report=told.append
    )
    assert part.method == "nuts"
    assert any(isinstance(one, str) and "no certificate" in one for one in told)
