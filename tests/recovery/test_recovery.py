"""Known truths are recovered: patients simulated from the prior, fitted, their intervals counted."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sampled import sample_nuts

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.inference.kernel import trace_sampler
from cls_infer.inference.settings import Settings
from cls_infer.inference.start import find_start
from cls_infer.likelihood.posterior import posterior
from cls_infer.model.load import load_model

PATIENTS = 20
TIMES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def blank_cohort(count: int) -> Cohort:
    """Return patients given 1.75 L of Ringer in half an hour, with a chart of haemoglobin still to be filled."""
    rows = tuple(Measurement(t, "hemoglobin", 100.0, i) for i, t in enumerate(TIMES))
    ringer = Event("ringer", 0.0, 0.5, 1.75, 1)
    patients = tuple(Patient(f"P{i:02d}", {"weight": 70.0, "sex": "male"}, rows, (ringer,)) for i in range(count))
    return Cohort("simulated", patients, "")


@pytest.mark.slow
def test_ninety_percent_intervals_hold_the_truth_of_simulated_patients():
    """20 patients x 4 parameters: coverage of 80-98 % is about three binomial standard errors either side of 90 %."""
    model, blank = load_model("volume_kinetics"), blank_cohort(PATIENTS)
    rng = np.random.default_rng(20261121)
    design = posterior(model, blank)
    truth = rng.standard_normal(design.pooling.dimension)
    coordinates = design.pooling.coordinates(jnp.asarray(truth))
    mean = np.asarray(jax.jit(design.predicted)(coordinates).mean)
    measured = mean + 3.0 * rng.standard_normal(mean.shape)
    patients = tuple(
        replace(p, measurements=tuple(replace(m, value=float(v)) for m, v in zip(p.measurements, row, strict=True)))
        for p, row in zip(blank.patients, measured, strict=True)
    )
    target = posterior(model, replace(blank, patients=patients))
    start = find_start(target, seed=1)
    draws = sample_nuts(trace_sampler(target, Settings(warmup=300, draws=500, seed=1))(), start)
    low, high = np.quantile(draws.z, (0.05, 0.95), axis=(0, 1))
    covered = float(np.mean((low <= truth) & (truth <= high)))
    assert draws.stats["diverging"].sum() == 0
    assert 0.80 <= covered <= 0.98
