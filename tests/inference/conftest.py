"""Simulated patients whose truth is known: volume kinetics after Ringer, measured with its own noise."""

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.likelihood.posterior import Posterior, posterior
from cls_infer.model import load_model

TRUTH = {"k_12": 4.2, "k_21": 0.8, "k_10": 0.7}


def simulated(names=("P1",), seed=3) -> Cohort:
    """Return patients with haematocrit and urine drawn at the truth, exactly known but for the noise."""
    model = load_model("volume_kinetics")
    given = Event("ringer", 0.0, 0.5, 1.75, row=1)
    hours = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)

    def patient(name, values):
        rows = [Measurement(t, "hematocrit", float(v), i) for i, (t, v) in enumerate(zip(hours, values, strict=False))]
        rows.append(Measurement(4.0, "urine", float(values[-1]), 99, window=4.0))
        return Patient(name, {"weight": 70.0, "baseline_hematocrit": 0.42}, tuple(rows), (given,))

    blank = Cohort("blank", tuple(patient(name, np.full(len(hours) + 1, 0.4)) for name in names), "")
    at_truth = posterior(model, blank, fixed={**TRUTH, "V_c": 3.0, "Hct0": 0.42})
    mean = np.asarray(at_truth.predicted(at_truth.pooling.coordinates(jnp.zeros(0))).mean)
    noise = np.random.default_rng(seed).standard_normal(mean.shape) * np.r_[np.full(len(hours), 0.01), 0.04]
    return Cohort("simulated", tuple(patient(n, row) for n, row in zip(names, mean + noise, strict=True)), "")


@pytest.fixture(scope="session")
def target() -> Posterior:
    """One patient, five unknowns."""
    return posterior(load_model("volume_kinetics"), simulated())


@pytest.fixture(scope="session")
def pooled() -> Posterior:
    """Three patients, one rate shared, one partially pooled."""
    cohort = simulated(("P1", "P2", "P3"), seed=5)
    return posterior(load_model("volume_kinetics"), cohort, shared=("k_12",), hierarchical=("k_10",))
