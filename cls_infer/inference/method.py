"""By which method to solve: whether stability asks for more steps than accuracy, at the prior and at the mode.

A step of the explicit pair and one of the implicit cost about the same in machine code (`docs/evidence/method.md`), and
of higher order, the explicit one needs no more of them for accuracy. So it is taken where stability asks for no more
steps than the implicit method takes, whose steps accuracy alone limits.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood.posterior import Posterior
from ..solve.predict import Along, along_route
from ..solve.states import counting_solver
from ..solve.stiffness import stability_steps
from ..types import Batch

EXPLICIT, IMPLICIT = "tsit5", "ros34pw2"
DRAWS, PATIENTS = 8, 4
"""So many draws of the prior are looked at, of so many patients."""

ROOM = 0.5
"""The explicit pair is left where any draw asks of it for more than this part of the steps it may take."""


class Chosen(NamedTuple):
    """A method, and why, in words."""

    method: str
    why: str


type Choose = Callable[[Batch], Chosen]
"""The method for draws z [draw, dim]."""


def with_method(target: Posterior, seed: int) -> tuple[Posterior, Chosen]:
    """Return the target solved by the method that its prior asks for, and why, unless a method was named."""
    if target.tolerance.method != "auto":
        return target, Chosen(target.tolerance.method, "asked for")
    z = np.random.default_rng(seed).standard_normal((DRAWS, target.pooling.dimension))
    z[0] = 0.0
    chosen = choosing(target)(z)
    return replace(target, tolerance=target.tolerance._replace(method=chosen.method)), chosen


def choosing(target: Posterior) -> Choose:
    """Return the function that chooses a method at draws; those that cannot be solved do not count."""
    courses, asked_for = _courses(target), stability_steps(target.system.rhs)

    def choose(z: Batch) -> Chosen:
        along, taken = courses(jnp.asarray(z))
        stability, accuracy = asked_for(along), np.asarray(taken)
        solved = (np.asarray(along.status) == 0) & np.isfinite(stability)
        if not solved.any():
            return Chosen(IMPLICIT, "no course could be solved to tell")
        usual, needed = float(np.median(stability[solved])), float(np.median(accuracy[solved]))
        most = float(np.max(stability[solved]))
        explicit = usual <= needed and most <= ROOM * target.tolerance.max_steps
        why = f"stability asks an explicit method for {usual:.0f} steps (at most {most:.0f}), accuracy for {needed:.0f}"
        return Chosen(EXPLICIT if explicit else IMPLICIT, why)

    return choose


def _courses(target: Posterior) -> Callable[[jax.Array], tuple[Along, jax.Array]]:
    """Return the function from draws to courses and steps [lane], of a few patients each, by the implicit method."""
    system, pooling = target.system, target.pooling
    count = counting_solver(system.rhs, system.floor, target.tolerance._replace(method=IMPLICIT))
    among = np.unique(np.linspace(0, len(target.plan.patients) - 1, PATIENTS).round().astype(int))

    @jax.jit
    def run(z: jax.Array) -> tuple[Along, jax.Array]:
        patient = jnp.tile(among, len(z))
        coordinates = jax.vmap(pooling.coordinates)(z)[:, among].reshape(len(patient), -1)
        values, amounts = pooling.values_of(coordinates, patient)
        counted: list[jax.Array] = []

        def solve(*given) -> tuple[jax.Array, jax.Array]:
            states, status, steps = count(*given)
            counted.append(steps)
            return states, status

        along = along_route(system, solve, values, amounts, target.seen(patient)[0])
        return along, counted[0]

    return run


def stiff_after_all(target: Posterior, mode: np.ndarray) -> Chosen | None:
    """Return the implicit method where the prior chose the explicit one and the mode [dim] asks for the other."""
    if target.tolerance.method != EXPLICIT:
        return None
    chosen = choosing(target)(mode[None])
    return chosen if chosen.method == IMPLICIT else None
