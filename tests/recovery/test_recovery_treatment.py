"""A treatment's effect is recovered: attacks of `clarkson_episode`, half of them treated, fitted with one effect.

Four devices make it faster:
`XLA_FLAGS=--xla_force_host_platform_device_count=4 ./in-env pytest tests/recovery/test_recovery_treatment.py -m slow -n 0
--log-cli-level=INFO`
"""

import logging
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.inference.prior_sample import sample_prior
from cls_infer.inference.run import infer
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model.load import load_model

TELL = logging.getLogger(__name__).info
MODEL = load_model("clarkson_episode")
ATTACKS = 8
HOURS = (0.0, 6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 72.0, 96.0)
NOISE = {"hematocrit": 0.01, "albumin": 1.5, "map": 5.0}
HEALTH = -168.0
IVIG = Event("immunoglobulin", 6.0, 96.0, 1.0, row=1)
PRIOR_SD = 0.5
"""Of beta_immunoglobulin, the logarithm of its factor on m_L - 1."""


def admitted(name: str, *, treated: bool) -> Patient:
    """Return a patient with three litres a day for two days, and a chart still to be filled."""
    rows = [Measurement(HEALTH, name, 1.0, 0) for name in ("hematocrit", "albumin")]
    rows += [Measurement(t, name, 1.0, i) for i, t in enumerate(HOURS) for name in NOISE]
    given = [Event("crystalloid", t, t + 24.0, 3.0, 1) for t in (0.0, 24.0)]
    covariates = {"weight": 75.0, "sex": "male", "onset": -6.0, "cause": "clarkson"}
    return Patient(name, covariates, tuple(rows), (*given, *[IVIG] * treated))


def measured(effect: float, *, seed: int) -> Cohort:
    """Return attacks drawn from the prior, of those who lived through them; every other one is treated."""
    rng = np.random.default_rng(seed)
    patients = [p for treated in (True, False) for p in _living(effect, rng, seed, treated=treated)]
    return Cohort("simulated", tuple(patients), "")


def _living(effect: float, rng, seed: int, *, treated: bool):
    blank = Cohort("simulated", (admitted("P", treated=treated),), "")
    design = posterior(MODEL, blank, fixed={"beta_immunoglobulin": effect} if treated else None)
    look = jax.jit(lambda z: design.predicted(design.pooling.coordinates(z)))
    (patient,), found = blank.patients, 0
    for truth in sample_prior(design, 10 * ATTACKS, seed=seed + treated):
        seen = look(jnp.asarray(truth))
        if int(seen.status[0]) or rng.random() > np.exp(float(seen.log_survival[0])):
            continue
        noise = [NOISE[m.variable] * _unit(m.variable, rng) for m in patient.measurements]
        rows = zip(patient.measurements, np.asarray(seen.mean)[0] + noise, strict=True)
        name = f"{'treated' if treated else 'untreated'}_{found}"
        yield replace(patient, name=name, measurements=tuple(replace(m, value=float(v)) for m, v in rows))
        found += 1
        if 2 * found == ATTACKS:
            return


def _unit(variable: str, rng) -> float:
    return rng.standard_t(4.0) if variable == "map" else rng.standard_normal()


@pytest.mark.slow
@pytest.mark.parametrize("factor", [0.4, 1.0])
def test_the_effect_of_a_treatment_is_recovered(factor):
    """The 90 % interval holds the truth, and is narrower than the prior's by half at least."""
    effect = float(np.log(factor))
    target = posterior(MODEL, measured(effect, seed=20261121))
    place = target.pooling.labels().index("beta_immunoglobulin")
    draws = infer(target, Settings(warmup=300, draws=300, seed=1)).draws
    beta = PRIOR_SD * draws.z[..., place]
    low, middle, high = np.quantile(beta, (0.05, 0.5, 0.95))
    contraction = 1 - beta.var() / PRIOR_SD**2
    TELL(
        "factor %.2f: effect %.2f (%.2f to %.2f), truth %.2f, sd %.2f", factor, middle, low, high, effect, beta.std()
    )
    TELL("contraction %.2f, %d divergences", contraction, draws.stats["diverging"].sum())
    assert low <= effect <= high
    assert contraction > 0.5
