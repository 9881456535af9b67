"""A posterior somebody else has published: predator and prey, fitted here by both roads."""

import csv
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import pytest
from numpyro.diagnostics import effective_sample_size

from cls_infer.cohort.records import Cohort, Measurement, Patient
from cls_infer.inference.certified import Certify
from cls_infer.inference.information import natural
from cls_infer.inference.run import infer_cohort
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import Model, Observable, Parameter, State, lognormal, lognormal_noise, truncated_normal
from cls_infer.results.diagnose import certified, converged
from cls_infer.results.pareto import smoothed

PELTS = Path(__file__).parents[2] / "data" / "posteriordb" / "hudson_lynx_hare"
REFERENCE_DRAWS = 10_000


class Populations(NamedTuple):
    """Thousands of hares and lynxes, and their parameters."""

    hare: Any
    lynx: Any
    p: Any


def lotka_volterra() -> Model:
    """The model of the reference, its parameters by the reference's names."""
    rate, contact = truncated_normal(1.0, 0.5, 0.0, np.inf), truncated_normal(0.05, 0.05, 0.0, np.inf)
    priors = {"theta_1": rate, "theta_2": contact, "theta_3": rate, "theta_4": contact}
    priors |= {f"z_init_{k}": lognormal(10.0, 1.0) for k in (1, 2)}
    priors |= {f"sigma_{k}": lognormal(float(np.exp(-1.0)), 1.0) for k in (1, 2)}
    return Model(
        "Predator and prey.",
        {name: Parameter("1", prior, "posteriordb") for name, prior in priors.items()},
        {"u": State("1", lambda p, h: p.z_init_1), "v": State("1", lambda p, h: p.z_init_2)},
        lambda p: (),
        lambda t, y, p, h, u: Populations(y.u, y.v, p),
        lambda f, y, p, h, u: {
            "u": (p.theta_1 - p.theta_2 * f.lynx) * f.hare,
            "v": (p.theta_4 * f.hare - p.theta_3) * f.lynx,
        },
        observables={
            "hare": Observable("1", lambda f: f.hare, lognormal_noise("sigma_1")),
            "lynx": Observable("1", lambda f: f.lynx, lognormal_noise("sigma_2")),
        },
        name="lotka_volterra",
    )


def pelts() -> Cohort:
    with (PELTS / "pelts.csv").open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    seen = [(float(row["year"]), animal, float(row[animal])) for row in rows for animal in ("hare", "lynx")]
    measurements = tuple(Measurement(time, animal, value, row) for row, (time, animal, value) in enumerate(seen))
    return Cohort("hudson_lynx_hare", (Patient("Canada", {}, measurements, ()),), "")


def reference() -> dict[str, tuple[float, float]]:
    with (PELTS / "reference_summary.csv").open(encoding="utf-8") as table:
        return {row["parameter"]: (float(row["mean"]), float(row["sd"])) for row in csv.DictReader(table)}


@pytest.mark.parametrize("method", ["importance", pytest.param("nuts", marks=pytest.mark.slow)])
def test_predator_and_prey_are_those_of_posteriordb(method):
    """Means within 4 sqrt(1/ESS + 1/10,000) posterior sd, the Monte Carlo error of both, and log sd within 0.1."""
    settings = Settings(method=method, draws=2000, most_draws=2000, seed=3)
    options = {"certify": Certify(smoothed, certified), "enough": converged}
    (part,) = infer_cohort(partial(posterior, lotka_volterra()), pelts(), settings=settings, **options)
    assert part.method == method
    pooling = part.target.pooling
    values = np.asarray(jax.jit(jax.vmap(jax.vmap(lambda z: natural(pooling, z))))(part.draws.z))
    worst = {}
    for place, label in enumerate(pooling.labels()):
        name = label.partition("[")[0]
        mean, sd = reference()[f"{name[:-2]}[{name[-1]}]"]
        draws = values[..., place]
        effective = part.certificate.effective[0] if part.certificate else effective_sample_size(draws)
        worst[name] = (
            abs(draws.mean() - mean) / sd / np.sqrt(1 / effective + 1 / REFERENCE_DRAWS),
            np.log(draws.std() / sd),
        )
    assert max(error for error, _ in worst.values()) < 4, worst
    assert max(abs(log) for _, log in worst.values()) < 0.1, worst
