"""Cohorts whose truth is known, as data sets: patients of volume kinetics whose rates follow a law.

    python -m benchmarks.simulated_cohorts

writes `data/simulated_8` and `data/simulated_50`. Every patient gets Ringer by weight over half an hour; haemoglobin is
measured eight times with the model's own noise. In standard normal coordinates of the model's priors k_10 and k_12
follow N(mean, spread) of `LAW`; the other unknowns are drawn at 0.7 of their priors.
"""

import csv
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.likelihood.posterior import posterior
from cls_infer.model import load_model

HOURS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
PER_KG, OVER, NOISE = 0.025, 0.5, 3.0
"""Ringer [L/kg] and the hours it takes; standard deviation of haemoglobin [g/L]."""

LAW = {"k_10": (0.5, 0.6), "k_12": (-0.3, 0.5)}
"""Mean and spread of a rate's coordinate over patients."""

SPREAD = 0.7
SEED = 11

SOURCE = """title = "{patients} simulated patients of volume kinetics whose rates follow a law"
origin = "Simulated by this project: `python -m benchmarks.simulated_cohorts`, seed {seed}"
reference = "Truth: in standard normal coordinates of the model's priors k_10 ~ N(0.5, 0.6), k_12 ~ N(-0.3, 0.5)"
licence = "That of this project."
patients = {patients}

[converted]
values = "None: simulated in g/L, h and L."

[assumed]
nothing = "Nothing: 25 mL/kg of Ringer over half an hour, haemoglobin measured with an error of 3 g/L."

[cut]
rows = "Nothing."
"""


def main() -> None:
    """Write both."""
    jax.config.update("jax_enable_x64", True)
    for count in (8, 50):
        write(Path("data") / f"simulated_{count}", count)


def write(folder: Path, count: int) -> None:
    """Simulate so many patients and write their tables."""
    rng = np.random.default_rng(SEED)
    people = [
        (f"S{number:02d}", "female" if rng.random() < 0.5 else "male", round(float(rng.normal(72, 11))))
        for number in range(1, count + 1)
    ]
    measured = haemoglobin(people, rng)
    folder.mkdir(parents=True, exist_ok=True)
    table(folder / "patients.csv", "patient sex weight", people)
    rows = [
        (name, time, "hemoglobin", f"{value:.1f}", "g/L")
        for (name, *_), values in zip(people, measured, strict=True)
        for time, value in zip(HOURS, values, strict=True)
    ]
    table(folder / "measurements.csv", "patient time variable value unit", rows)
    given = [(name, 0, OVER, "ringer", round(PER_KG * weight, 3), "L") for name, _, weight in people]
    table(folder / "therapy.csv", "patient start end item amount unit", given)
    (folder / "source.toml").write_text(SOURCE.format(patients=count, seed=SEED), encoding="utf-8")


def haemoglobin(people: list[tuple[str, str, int]], rng: np.random.Generator) -> np.ndarray:
    """Return what is measured of every patient [patient, time]."""
    model = load_model("volume_kinetics")
    rows = tuple(Measurement(t, "hemoglobin", 100.0, i) for i, t in enumerate(HOURS))
    patients = tuple(
        Patient(name, {"weight": float(weight), "sex": sex}, rows, (Event("ringer", 0.0, OVER, PER_KG * weight, 1),))
        for name, sex, weight in people
    )
    design = posterior(model, Cohort("simulated", patients, ""), per_patient=tuple(model.parameters))
    names = [slot.name for slot in design.pooling.slots]
    own = SPREAD * rng.standard_normal((len(people), len(names)))
    for name, (mean, spread) in LAW.items():
        own[:, names.index(name)] = mean + spread * rng.standard_normal(len(people))
    mean = np.asarray(jax.jit(design.predicted)(jnp.asarray(own)).mean)
    return mean + NOISE * rng.standard_normal(mean.shape)


def table(path: Path, columns: str, rows: list[tuple]) -> None:
    """Write rows under the names of their columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([columns.split(), *rows])


if __name__ == "__main__":
    main()
