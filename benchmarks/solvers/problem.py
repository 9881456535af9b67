"""What every contender is given: an equation, its lanes, where to stop, and what is measured there."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

SPREADS = ("posterior", "prior tail")

NOISE = 0.05
"""Of a measurement, relative to its value, or to a hundredth of the state's largest value where that is more."""


class Problem(NamedTuple):
    """dy/dt = rhs(t, y, numbers, u) of one lane from `prepare(values)`, its states in health and its numbers.

    `draw(spread, lanes)` returns the free values, an array [lane] each, the same for a lane however many follow it.
    The absolute tolerance is `atol_share` of the relative one. A lane that takes more than `most_steps` has failed.
    `stiff` says that the exact course needs an implicit method. `end` holds published states at the last time, of the
    lane without spread.
    """

    name: str
    about: str
    rhs: Callable[..., jax.Array]
    prepare: Callable[[tuple], tuple[jax.Array, jax.Array]]
    draw: Callable[[str, int], tuple]
    center: tuple
    floor: np.ndarray
    u: np.ndarray
    start: float
    times: np.ndarray
    atol_share: float = 1e-2
    first_step: float = 0.05
    most_steps: int = 4096
    stiff: bool = False
    end: tuple[float, ...] = ()


class Chart(NamedTuple):
    """What was measured: one state at each stop [stop], its values and their standard deviations [lane, stop]."""

    state: Any
    seen: Any
    sd: Any


def chart_of(exact: np.ndarray, lanes: int) -> Chart:
    """Return a chart whose measurements scatter about exact courses [judged, stop, state], the states taking turns.

    Lanes beyond the judged ones see what those saw.
    """
    judged, stops, states = exact.shape
    state = np.arange(stops) % states
    course = np.where(np.isfinite(exact), exact, 1.0)
    true = course[:, np.arange(stops), state]
    largest = np.max(np.abs(course), axis=1)[:, state]
    sd = NOISE * np.maximum(np.abs(true), 0.01 * largest) + 1e-300
    seen = true + sd * np.random.default_rng(7).standard_normal(true.shape)
    again = np.arange(lanes) % judged
    return Chart(jnp.asarray(state), jnp.asarray(seen[again]), jnp.asarray(sd[again]))


def log_likelihood(states: Any, chart: Chart) -> jax.Array:
    """Return how likely each lane's chart is under its states [lane, stop, state], but for a constant [lane]."""
    at_stops = states[:, jnp.arange(states.shape[1]), chart.state]
    return -0.5 * jnp.sum(((chart.seen - at_stops) / chart.sd) ** 2, axis=1)
