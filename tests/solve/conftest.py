"""Small problems with known answers, solved by the public solvers."""

import jax.numpy as jnp
import numpy as np
import pytest

from cls_infer.cohort.records import Event
from cls_infer.solve.lanes import Case
from cls_infer.solve.route import CHANNELS, route_of, stack_routes

WATER = CHANNELS.index("water")


def relaxation(t, y, numbers, u):
    """dy/dt = water - k y: one state, one number."""
    return u[WATER] - numbers[0] * y


@pytest.fixture
def leaky_tank():
    """Route, case and closed form of a tank that is filled for an hour and drains with k."""
    filled = Event(item="ringer", start=1.0, end=2.0, amount=3.0, row=1)

    def problem(k, times):
        k = np.atleast_1d(np.asarray(k, float))
        route = stack_routes([route_of(0.0, list(times), [filled], slots=0) for _ in k])
        case = Case(jnp.asarray(k)[:, None], jnp.zeros((len(k), 0)))
        t = route.stops
        while_filled = np.clip(t - 1.0, 0.0, 1.0)
        after = np.clip(t - 2.0, 0.0, None)
        exact = np.exp(-k[:, None] * t)
        exact = exact + 3.0 / k[:, None] * -np.expm1(-k[:, None] * while_filled) * np.exp(-k[:, None] * after)
        return route, case, exact[..., None]

    return relaxation, problem
