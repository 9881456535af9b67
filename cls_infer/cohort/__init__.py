"""Patients as plain values, and how they are read from a folder of tables."""

from .items import ITEMS
from .read import read_cohort
from .records import Cohort, Event, Measurement, Patient, SetAside
from .vocabulary import VARIABLES

__all__ = ["ITEMS", "VARIABLES", "Cohort", "Event", "Measurement", "Patient", "SetAside", "read_cohort"]
