"""A small target whose every part is known: volume kinetics of two patients."""

from dataclasses import replace

import pytest

from cls_infer.cohort.records import Cohort, Event, Measurement, Patient
from cls_infer.model import load_model


def measured(time, variable, value, **rest):
    return Measurement(time, variable, value, row=rest.pop("row", 1), **rest)


@pytest.fixture(scope="session")
def kinetics():
    return load_model("volume_kinetics")


@pytest.fixture(scope="session")
def two_patients():
    """Given Ringer; the second has fewer measurements, one of them at an uncertain time."""
    given = Event("ringer", 0.0, 0.5, 1.5, row=1)
    first = (
        measured(0.0, "hematocrit", 0.42),
        measured(0.5, "hematocrit", 0.36),
        measured(1.0, "hemoglobin", 126.0),
        measured(3.0, "urine", 0.15, window=3.0),
        measured(3.0, "hematocrit", 0.395, censoring=1),
    )
    second = (
        measured(0.5, "hematocrit", 0.37, time_sd=0.2),
        measured(2.0, "plasma_dilution", 0.12, extra_sd=0.02),
    )
    patients = (
        Patient("P1", {"weight": 70.0, "sex": "male"}, first, (given,)),
        Patient("P2", {"weight": 55.0}, second, (replace(given, amount=1.0),)),
    )
    return Cohort("two", patients, "0" * 64)
