"""The patients all roads sample: volume kinetics after Ringer, simulated from the prior, each with its own unknowns."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.likelihood.posterior import Posterior, posterior
from cls_infer.model import load_model

HOURS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
GIVEN, OVER = 1.75, 0.5
"""Ringer [L] and the hours it takes."""
NOISE = 3.0
"""Standard deviation of haemoglobin [g/L]."""


def cohort_of(count: int, pooled: tuple[str, ...] = ()) -> Posterior:
    """Return patients given Ringer, their haemoglobin drawn at truths from the prior at 0.7 of its spread; parameters
    that are `pooled` follow a population's law."""
    model = load_model("volume_kinetics")
    rows = tuple(Measurement(t, "hemoglobin", 100.0, i) for i, t in enumerate(HOURS))
    given = (Event("ringer", 0.0, OVER, GIVEN, 1),)
    known = {"weight": 70.0, "sex": "male"}
    blank = Cohort("simulated", tuple(Patient(f"P{i:04d}", known, rows, given) for i in range(count)), "")
    design = posterior(model, blank, per_patient=tuple(model.parameters))
    rng = np.random.default_rng(7)
    coordinates = design.pooling.coordinates(jnp.asarray(0.7 * rng.standard_normal(design.pooling.dimension)))
    mean = np.asarray(jax.jit(design.predicted)(coordinates).mean)
    measured = mean + NOISE * rng.standard_normal(mean.shape)
    patients = tuple(
        replace(p, measurements=tuple(replace(m, value=float(v)) for m, v in zip(p.measurements, row, strict=True)))
        for p, row in zip(blank.patients, measured, strict=True)
    )
    own = tuple(name for name in model.parameters if name not in pooled)
    return posterior(model, replace(blank, patients=patients), per_patient=own, hierarchical=pooled)


@dataclass(frozen=True)
class Plain:
    """One patient's problem without this package: what a peer writes down by hand.

    The unknowns are k_12, k_21, k_10 [1/h], V_c [L] and the healthy haematocrit, each with a standard normal
    coordinate: median exp(spread z), the last mean + spread z.
    """

    hemoglobin: np.ndarray
    median: tuple[float, ...] = (3.6, 0.9, 0.5, 3.01)
    log_sd: tuple[float, ...] = (0.4, 0.6, 0.8, 0.15)
    hematocrit: tuple[float, float] = (0.43, 0.03)
    mchc: float = 333.0

    def values(self, z: np.ndarray) -> np.ndarray:
        """Return the unknowns from their coordinates [5]."""
        rates = np.array(self.median) * np.exp(np.array(self.log_sd) * z[:4])
        return np.append(rates, self.hematocrit[0] + self.hematocrit[1] * z[4])


UNKNOWNS = ("k_12", "k_21", "k_10", "V_c", "Hct0")


def plain_of(target: Posterior, number: int) -> Plain:
    """Return one patient as a peer sees it; its unknowns must be the target's."""
    names = tuple(slot.name for slot in target.pooling.slots if slot.size)
    if names != UNKNOWNS:
        raise ValueError(f"peers are written for {UNKNOWNS}, the target has {names}")
    return Plain(target.plan.chart.value[number])
