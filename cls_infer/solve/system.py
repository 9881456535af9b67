"""A model closed over what does not vary: right-hand side and observables of one lane, on plain vectors."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from ..model.spec import Model
from ..physiology.inputs import Inputs
from ..types import Scalar
from .ends import own_time

STEADY = 1e-8
"""Largest imbalance of a steady state. Where one is found what is left is rounding: of 100,000 prior draws 2e-14."""


class Beginning(NamedTuple):
    """Health of many lanes: states [lane, state], the cases' numbers [lane, number], whether these are a steady state
    [lane], and where the healthy ranges' quantities lie [lane, range]."""

    y0: jax.Array
    numbers: jax.Array
    steady: jax.Array
    in_health: jax.Array


@dataclass(frozen=True)
class System:
    """A model with some parameters free and the others held at numbers (integers stay integers)."""

    model: Model
    free: tuple[str, ...]
    held: Mapping[str, float]

    @property
    def origin(self) -> tuple | None:
        """What tells the system from every other in all sessions; None where its model is not a shipped one."""
        return (self.model.origin, self.free, tuple(self.held.items())) if self.model.origin else None

    def parameters(self, values: tuple) -> Any:
        """Return the model's parameters, the free ones in the order of `free`."""
        return self.model.Parameters(**{**self.held, **dict(zip(self.free, values, strict=True))})

    def _healthy(self, values: tuple) -> tuple[tuple, Any]:
        h = self.model.health(self.parameters(values))
        return values, jax.tree.map(lambda a: jnp.asarray(a, float), h)

    @cached_property
    def _unpack(self) -> Any:
        shapes = jax.eval_shape(self._healthy, tuple(np.zeros(()) for _ in self.free))
        return ravel_pytree(jax.tree.map(lambda s: np.zeros(s.shape), shapes))[1]

    def prepare(self, values: tuple) -> tuple[jax.Array, jax.Array]:
        """Return one lane's healthy states [state] and its case's numbers: free values and healthy body."""
        values, h = self._healthy(values)
        y0 = self.model.initial(self.parameters(values), h)
        numbers, unpack = ravel_pytree((values, h))
        self.__dict__.setdefault("_unpack", unpack)  # known from here on, without a body traced for it
        return jnp.stack([jnp.asarray(a, float) for a in y0]), numbers

    def steady(self, y0: jax.Array, numbers: jax.Array) -> jax.Array:
        """Return whether a lane's healthy body is finite and in a steady state; only from one can a course start."""
        values, h = self._unpack(numbers)
        left = self.model.imbalance(self.parameters(values), h) if self.model.imbalance else 0.0
        return jnp.all(jnp.isfinite(y0)) & jnp.all(jnp.isfinite(numbers)) & (jnp.abs(jnp.asarray(left)) <= STEADY)

    def beginning(self, free: jax.Array) -> jax.Array:
        """Return one lane's row of all that `begun` reads, from its free values in one array [free]."""
        y0, numbers = self.prepare(tuple(free))
        steady = jnp.asarray(self.steady(y0, numbers), float)
        return jnp.concatenate([y0, numbers, steady[None], self.in_health(numbers)])

    def begun(self, rows: jax.Array) -> Beginning:
        """Return health of the lanes whose rows [lane, ...] `beginning` gave.

        Where nothing is steady there is none: ones stand in its place, numbers for what follows, whose gradient is
        multiplied by 0, and healthy ranges of 0, a wall that is flat.
        """
        states, ranges = len(self.model.states), len(self.model.healthy_ranges)
        end = rows.shape[1] - ranges - 1
        steady = rows[:, end] > 0
        in_health = jnp.where(steady[:, None], rows[:, end + 1 :], 0.0)
        rows = jnp.where(steady[:, None], rows, 1.0)
        return Beginning(rows[:, :states], rows[:, states:end], steady, in_health)

    def _read(self, y: jax.Array, numbers: jax.Array, u: jax.Array) -> tuple:
        values, h = self._unpack(numbers)
        return self.model.States(*y), self.parameters(values), h, Inputs(*u)

    @property
    def floor(self) -> np.ndarray:
        """The lowest value of each state that the model describes [state]."""
        return np.array([state.floor for state in self.model.states.values()])

    def rhs(self, t: Scalar, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        """Return dy/dt [state]; where a stop moves, that in the time `ends` describes."""
        t, pace, u = own_time(t, u)
        dy = jnp.stack([jnp.asarray(a, float) for a in self.model.derivative(t, *self._read(y, numbers, u))])
        return dy if pace is None else jnp.multiply(pace, dy)

    def observe(self, t: Scalar, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        """Return every observable, in the model's order."""
        f = self.model.flows(t, *self._read(y, numbers, u))
        return jnp.stack([jnp.asarray(o.of(f), float) for o in self.model.observables.values()])

    def in_health(self, numbers: jax.Array) -> jax.Array:
        """Return where the healthy ranges' quantities lie [range], in standard normal coordinates of their priors."""
        values, h = self._unpack(numbers)
        p = self.parameters(values)
        found = [known.prior.coordinate(known.of(p, h)) for known in self.model.healthy_ranges.values()]
        return jnp.stack(found) if found else jnp.zeros(0)

    def log_survival(self, y: jax.Array) -> jax.Array:
        """Return the log probability to have lived through a course that ended in states y; 0 if none is modelled."""
        lived = self.model.log_survival
        return jnp.asarray(lived(self.model.States(*y)) if lived else 0.0, float)

    def derive(self, t: Scalar, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        """Return every derived quantity, in the model's order."""
        f = self.model.flows(t, *self._read(y, numbers, u))
        found = [jnp.asarray(d.of(f), float) for d in self.model.derived.values()]
        return jnp.stack(found) if found else jnp.zeros(0)

    def quantities(self, t: Scalar, y: jax.Array, numbers: jax.Array, u: jax.Array) -> jax.Array:
        """Return every observable, then every derived quantity, in the model's order."""
        return jnp.concatenate([self.observe(t, y, numbers, u), self.derive(t, y, numbers, u)])
