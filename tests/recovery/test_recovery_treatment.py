"""What treatments do to the leak is recovered: attacks of `clarkson_episode` fitted together, each effect shared.

Half the patients get a treatment that works, half one that does nothing. Nothing else is shared, so that what is found
of one of them is what a cohort of its own patients would have told.

Four devices make it faster: `XLA_FLAGS=--xla_force_host_platform_device_count=4
./in-env pytest tests/recovery/test_recovery_treatment.py -m slow -n 0 --log-cli-level=INFO`
"""

import logging
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from arviz_stats.base.array import array_stats

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.inference.prior_sample import sample_prior
from cls_infer.inference.run import infer
from cls_infer.inference.settings import Settings
from cls_infer.likelihood.posterior import posterior
from cls_infer.model.load import load_model
from cls_infer.model.prior import Fixed

TELL = logging.getLogger(__name__).info
MODEL = load_model("clarkson_episode")
ARM = 4
"""Patients who got each treatment, from twelve hours after the charted onset on."""
FACTOR = {"immunoglobulin": 0.4, "aminophylline_terbutaline": 1.0}
"""What each treatment truly leaves of m_L - 1."""
CANDIDATES = 8
"""Attacks drawn for each arm; the first who lived through the chart are its patients."""
HOURS = (0.0, 6.0, 9.0, 12.0, 18.0, 24.0, 36.0, 48.0, 72.0)
NOISE = {"hematocrit": 0.01, "albumin": 1.5, "map": 5.0}
HEALTH = -168.0
FREE = {"M", "t_0", "D", "t_off", "intake_attack", "V_p0", "Hct0", "C_A0", "MAP0"}
"""Each patient's own, but for the effects. Wall, tissue, lymph and kidney are the reference adult's, in truth and
fit: a chart hardly tells them, and the fit of eight patients stays short."""
HELD = {
    name: float(MODEL.reference_value(name))
    for name, parameter in MODEL.parameters.items()
    if name not in FREE and not parameter.acts_through and not isinstance(parameter.prior_of({}), Fixed)
}
PRIOR_SD = 0.5
"""Of the logarithm of a treatment's factor."""


def admitted(name: str, treatment: str) -> Patient:
    """Return a patient with three litres a day for two days, and a chart still to be filled."""
    rows = [Measurement(HEALTH, name, 1.0, 0) for name in ("hematocrit", "albumin")]
    rows += [Measurement(t, name, 1.0, i) for i, t in enumerate(HOURS) for name in NOISE]
    therapy = [Event("crystalloid", t, t + 24.0, 3.0, 1) for t in (0.0, 24.0)]
    therapy.append(Event(treatment, 6.0, 72.0, 1.0, 1))
    return Patient(name, {"weight": 70.0, "onset": -6.0, "cause": "clarkson"}, tuple(rows), tuple(therapy))


def simulated_cohort(rng: np.random.Generator) -> Cohort:
    """Return the patients as measured: attacks drawn from the prior, of those who lived through them."""
    blank = [admitted(f"{treatment}_{k}", treatment) for treatment in FACTOR for k in range(CANDIDATES)]
    design = posterior(MODEL, Cohort("simulated", tuple(blank), ""), fixed=HELD)
    truth = np.array(sample_prior(design, 1, seed=20261121)[0])
    for treatment, factor in FACTOR.items():
        truth[design.pooling.labels().index(f"beta_{treatment}")] = np.log(factor) / PRIOR_SD
    seen = jax.jit(lambda z: design.predicted(design.pooling.coordinates(z)))(jnp.asarray(truth))
    lived = (np.asarray(seen.status) == 0) & (rng.random(len(blank)) < np.exp(np.asarray(seen.log_survival)))
    measured = [_charted(patient, mean, rng) for patient, mean in zip(blank, np.asarray(seen.mean), strict=True)]
    chosen = []
    for arm in range(len(FACTOR)):
        those = np.flatnonzero(lived[arm * CANDIDATES : (arm + 1) * CANDIDATES])[:ARM]
        assert len(those) == ARM
        chosen += [measured[arm * CANDIDATES + i] for i in those]
    return Cohort("simulated", tuple(chosen), "")


def _charted(patient: Patient, mean: np.ndarray, rng: np.random.Generator) -> Patient:
    noise = [rng.standard_t(4.0) if m.variable == "map" else rng.standard_normal() for m in patient.measurements]
    rows = zip(patient.measurements, mean, noise, strict=True)
    return replace(
        patient,
        measurements=tuple(replace(m, value=float(v + NOISE[m.variable] * e)) for m, v, e in rows),
    )


@pytest.mark.slow
def test_the_effects_of_two_treatments_are_recovered():
    """Each 90 % interval holds its truth, is narrower than the prior's, and tells the one that works from none."""
    target = posterior(MODEL, simulated_cohort(np.random.default_rng(1)), fixed=HELD)
    settings = Settings(warmup=300, draws=300, seed=1, target_accept=0.97)
    draws = infer(target, settings, report=lambda progress: TELL("%s", progress)).draws
    labels = target.pooling.labels()
    by_label = {label: float(array_stats.rhat(draws.z[..., i])) for i, label in enumerate(labels)}
    rhat = max(by_label.values())
    TELL("worst R-hat: %s", sorted(by_label.items(), key=lambda item: -item[1])[:5])
    TELL("%d unknowns, R-hat %.3f, %d divergences", len(labels), rhat, draws.stats["diverging"].sum())
    found = {}
    for treatment, factor in FACTOR.items():
        beta = PRIOR_SD * draws.z[..., labels.index(f"beta_{treatment}")]
        low, middle, high = found[treatment] = np.quantile(beta, (0.05, 0.5, 0.95))
        contraction = 1 - beta.var() / PRIOR_SD**2
        size = float(array_stats.ess(beta))
        TELL("%s: log factor %.2f, found %.2f (%.2f to %.2f)", treatment, np.log(factor), middle, low, high)
        TELL("sd %.2f of a prior's %.2f, contraction %.2f, ESS %.0f", beta.std(), PRIOR_SD, contraction, size)
        assert low <= np.log(factor) <= high
        assert contraction > 0.5
        assert size > 100
    assert found["immunoglobulin"][2] < 0
    assert rhat < 1.05
    assert draws.stats["diverging"].sum() == 0
