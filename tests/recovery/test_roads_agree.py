"""Importance sampling and NUTS give one posterior on shipped data."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

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


def both_roads(cohort, model, **pooling):
    """Return what importance sampling and NUTS infer, by method."""
    target = partial(posterior, model, **pooling)
    roads = {}
    for method in ("importance", "nuts"):
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
