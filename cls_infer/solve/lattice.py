"""Where patients are looked at between and beyond their measurements: a grid of times along every route."""

from collections.abc import Sequence

import numpy as np

from ..cohort.records import Patient
from ..model.spec import Model
from .lanes import Route
from .plan import start_of, usable
from .route import route_of, stack_routes


def lattice(
    model: Model, patients: Sequence[Patient], times: Sequence[np.ndarray] | np.ndarray, *, slots: int
) -> tuple[Route, np.ndarray]:
    """Return the patients' routes through a grid of times each, and every time's place along them [patient, time].

    Args:
        model: says when a simulation starts and which therapy it knows.
        patients: whose routes.
        times: of each patient, as many for all [h]; those before the start see health, place 0.
        slots: number of uncharted amounts of the cohort's richest patient.
    """
    routes, places = [], []
    for patient, grid in zip(patients, times, strict=True):
        start = start_of(model, patient)
        route = route_of(start, [float(t) for t in grid], usable(model, patient), slots=slots)
        routes.append(route)
        places.append(np.where(np.asarray(grid) >= start, np.searchsorted(route.stops, grid) + 1, 0))
    return stack_routes(routes), np.stack(places)
