"""Where patients are looked at between and beyond their measurements: a grid of times along every route."""

from collections.abc import Sequence

import jax
import numpy as np

from ..cohort.records import Patient
from ..model.spec import Model
from .lanes import Route
from .plan import start_of, usable
from .predict import Along
from .route import route_of, stack_routes
from .system import System


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


def quantities_at(system: System, along: Along, places: np.ndarray | jax.Array) -> jax.Array:
    """Return every observable, then every derived quantity, at places along the routes [lane, time, quantity]."""
    t, y, u = (jax.vmap(lambda rows, at: rows[at])(a, places) for a in (along.t, along.y, along.u))
    return jax.vmap(jax.vmap(system.quantities, in_axes=(0, 0, None, 0)))(t, y, along.numbers, u)
