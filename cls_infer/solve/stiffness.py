r"""How many steps the stability of an explicit method asks of a course.

Such a step stays below 3 over the spectral radius $\rho$ of the right-hand side's Jacobian, however little happens:
over a course

$$n = \frac13 \int \rho(t)\,dt$$

at least. The rates change with the hour and the inputs more than with the states, which are taken as straight
between the stops.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from .machine.known import origin_of
from .predict import Along
from .states import pointwise
from .stepper import Rhs
from .tsit5 import STABLE

BETWEEN = (np.arange(4) + 0.5) / 4
"""Where between two stops the rates are looked at."""

type StabilitySteps = Callable[[Along], np.ndarray]
"""Steps [lane] of every course; NaN where the Jacobian is not finite."""


@dataclass(frozen=True)
class Rates:
    """How fast a lane's states move with themselves."""

    rhs: Rhs

    @property
    def origin(self) -> tuple | None:
        """That of the right-hand side."""
        return origin_of(self.rhs)

    def jacobian(self, t: jax.Array, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        """Return the Jacobian of the right-hand side, row after row."""
        return jnp.ravel(jax.jacfwd(self.rhs, argnums=1)(t, y, numbers, u))


def stability_steps(rhs: Rhs) -> StabilitySteps:
    """Return the function to the number of steps that stability asks for along courses."""
    at_places = jax.jit(pointwise(Rates(rhs).jacobian))

    def steps(along: Along) -> np.ndarray:
        t, y, numbers, u = (np.asarray(a) for a in (along.t, along.y, along.numbers, along.u))
        length, states = np.diff(t, axis=1), y.shape[2]
        part = BETWEEN[None, None, :]
        times = t[:, :-1, None] + part * length[..., None]  # [lane, stop, place]
        between = y[:, :-1, None] + part[..., None] * np.diff(y, axis=1)[:, :, None]
        owns = np.broadcast_to(numbers[:, None, None], (*times.shape, numbers.shape[1]))
        inputs = np.broadcast_to(u[:, 1:, None], (*times.shape, u.shape[2]))
        flat = (a.reshape(times.size, *a.shape[3:]) for a in (times, between, owns, inputs))
        rates = _radii(np.asarray(at_places(*flat)).reshape(times.size, states, states)).reshape(times.shape)
        return np.sum(length * np.mean(rates, axis=2), axis=1) / STABLE

    return steps


def _radii(J: np.ndarray) -> np.ndarray:
    """Return the spectral radius [place] of matrices [place, state, state]; NaN where one is not finite."""
    finite = np.isfinite(J).all(axis=(1, 2))
    radius = np.abs(np.linalg.eigvals(np.where(finite[:, None, None], J, 0.0))).max(axis=1)
    return np.where(finite, radius, np.nan)
