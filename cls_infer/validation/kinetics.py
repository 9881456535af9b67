"""Constants of volume kinetics, fitted to a model's course of an infusion as a study fits them to a volunteer's.

The equations are those of the model `volume_kinetics`, which are linear: its own rates at unit states make the
matrix that is solved. With k_12 = 0 it is the one-volume form, k_r (v - V)/V = k_10 x_c (`physiology.md` 4.1).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.linalg import expm
from scipy.optimize import least_squares

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..cohort.scenario import Scenario
from ..model import Model, load_model
from ..physiology.inputs import REST
from ..solve.simulate import Simulation

FITTED = {1: ("V_c", "k_10"), 2: ("V_c", "k_10", "k_12", "k_21")}
"""Number of volumes -> the constants that are fitted."""

CONSTANTS = {  # name -> unit, and what it is of the fitted constants
    "V": ("L", lambda p: p.V_c),
    "V_total": ("L", lambda p: p.V_c * (1 + p.k_12 / p.k_21)),
    "k_r": ("L/h", lambda p: p.k_10 * p.V_c),
    "half_life": ("h", lambda p: log(2) / p.k_10),
}

WIDEST = log(1e4)
"""A constant may leave the reference value by a factor of ten thousand: one that runs off stops there."""

SCALE_DILUTION, SCALE_URINE = 0.02, 0.03
"""What a residual of dilution [1] and one of urine [L] are measured by: the noise of `volume_kinetics`."""


@dataclass(frozen=True)
class Kinetics:
    """How a study's constants are fitted: to which runs, each alone, with one or two `volumes`.

    Plasma dilution, from haemoglobin, is read at the `sampled` hours after `since`, when the infusion starts, and
    `urine` beside it where the study fitted it too. What is given before `since` is no part of the fit. Where a run
    `less` is named its dilution and urine are taken off, as those of an infusion that came before.
    """

    runs: tuple[Scenario, ...]
    volumes: int
    sampled: tuple[float, ...]
    since: float = 0.0
    urine: bool = False
    less: Scenario | None = None


@dataclass(frozen=True)
class Constant:
    """One constant of volume kinetics, the mean over the runs."""

    name: str
    kinetics: Kinetics

    @property
    def runs(self) -> tuple[Scenario, ...]:
        """What is simulated."""
        less = self.kinetics.less
        return self.kinetics.runs if less is None else (*self.kinetics.runs, less)

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities it is read from."""
        return ("hemoglobin", "hematocrit", *(("urine", "urine_rate") if self.kinetics.urine else ()))

    @property
    def added(self) -> tuple[str, ...]:
        """What is added up: nothing to it."""
        return ("hemoglobin",)

    @property
    def hours(self) -> tuple[float, ...]:
        """The hours of each run at which it is read."""
        return (0.0, self.kinetics.since, *_hours(self.kinetics))

    def unit(self, units: Mapping[str, str]) -> str:
        """Return the unit of the number."""
        return CONSTANTS[self.name][0]

    def number(self, simulations: Mapping[str, Simulation]) -> float:
        """Return the mean of the constant over the runs."""
        of = CONSTANTS[self.name][1]
        return float(np.mean([of(fitted(self.kinetics, run, simulations)) for run in self.kinetics.runs]))


def fitted(kinetics: Kinetics, run: Scenario, simulations: Mapping[str, Simulation]) -> Any:
    """Return the parameters of `volume_kinetics` that come nearest to a run, by least squares over their logs."""
    model, names = _volume_kinetics(), FITTED[kinetics.volumes]
    start = np.log([model.reference_value(name) for name in names])
    dilution, urine = _seen(kinetics, run, simulations)
    given = _given(run.therapy, kinetics.since)

    def of(logs: np.ndarray) -> Any:
        return model.reference({"k_12": 0.0, **dict(zip(names, np.exp(logs).tolist(), strict=True))})

    def residuals(logs: np.ndarray) -> np.ndarray:
        there, out = _predicted(model, of(logs), given, kinetics.sampled)
        apart = (there - dilution) / SCALE_DILUTION
        return np.concatenate([apart, (out - urine) / SCALE_URINE]) if kinetics.urine else apart

    exact = dict.fromkeys(("ftol", "xtol", "gtol"), 1e-12)
    return of(least_squares(residuals, start, bounds=(start - WIDEST, start + WIDEST), jac="3-point", **exact).x)


@cache
def _volume_kinetics() -> Model:
    return load_model("volume_kinetics")


def _hours(kinetics: Kinetics) -> list[float]:
    # to the microsecond, so that an hour that is also a regular time is one
    return [round(kinetics.since + hour, 9) for hour in kinetics.sampled]


def _seen(kinetics: Kinetics, run: Scenario, simulations: Mapping[str, Simulation]) -> tuple[np.ndarray, np.ndarray]:
    """Return a run's plasma dilution, and the urine [L] beyond that of before, at the sampled hours."""
    simulation, less = simulations[run.name], kinetics.less
    rows = np.searchsorted(simulation.time, _hours(kinetics))
    if less is not None:
        other = simulations[less.name]
        rows_less = np.searchsorted(other.time, _hours(kinetics))
        dilution = _dilution(simulation, 0.0)[rows] - _dilution(other, 0.0)[rows_less]
        return dilution, _column(simulation, "urine")[rows] - _column(other, "urine")[rows_less]
    urine = np.zeros(len(rows))
    if kinetics.urine:
        first = int(np.searchsorted(simulation.time, kinetics.since))
        out, usual = _column(simulation, "urine"), _column(simulation, "urine_rate")[first]
        urine = out[rows] - out[first] - usual * np.asarray(kinetics.sampled)
    return _dilution(simulation, kinetics.since)[rows], urine


def _dilution(simulation: Simulation, since: float) -> np.ndarray:
    """Return plasma dilution over time, (Hb_0/Hb - 1)/(1 - Hct_0) with those of the hour `since`."""
    first = int(np.searchsorted(simulation.time, since))
    hemoglobin = _column(simulation, "hemoglobin")
    return (hemoglobin[first] / hemoglobin - 1) / (1 - _column(simulation, "hematocrit")[first])


def _column(simulation: Simulation, name: str) -> np.ndarray:
    return simulation.columns[name][1]


def _given(therapy: Sequence[Event], since: float) -> list[tuple[float, float, float]]:
    """Return the fluids given from `since` on: start and end [h after that], water [L/h]."""
    return [
        (e.start - since, e.end - since, (e.amount or 0.0) * ITEMS[e.item].per_unit["water"] / (e.end - e.start))
        for e in therapy
        if ITEMS[e.item].kind == "volume" and "water" in ITEMS[e.item].per_unit and e.start >= since - 1e-9
    ]


def _predicted(
    model: Model, p: Any, given: Sequence[tuple[float, float, float]], times: Sequence[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return plasma dilution and urine [L] at the times [h], exactly."""
    matrix, input_ = map(np.asarray, _linear()(p))
    stops = np.unique(np.round([0.0, *times, *[t for start, end, _ in given for t in (start, end)]], 9))
    steps: dict[float, np.ndarray] = {}
    y, course = np.zeros(len(matrix)), {float(stops[0]): np.zeros(len(matrix))}
    for begin, end in pairwise(stops):
        width = round(float(end - begin), 9)
        if width not in steps:
            steps[width] = _step(matrix, input_, width)
        middle = (begin + end) / 2
        rate = sum(water for start, stop, water in given if start < middle < stop)
        y = steps[width] @ np.append(y, rate)
        course[float(end)] = y
    states = np.array([course[round(float(t), 9)] for t in times])
    names = list(model.states)
    return states[:, names.index("x_c")] / p.V_c, states[:, names.index("U")]


@cache
def _linear() -> Callable[[Any], tuple[jax.Array, jax.Array]]:
    """Return what gives A and b of dy/dt = A y + b water from the parameters: the slopes of the model's rates."""
    model = _volume_kinetics()

    def rates(y: jax.Array, water: jax.Array, p: Any) -> jax.Array:
        return jnp.stack(model.derivative(0.0, model.States(*y), p, model.health(p), REST._replace(water=water)))

    slopes = jax.jacfwd(rates, argnums=(0, 1))
    return jax.jit(lambda p: slopes(jnp.zeros(len(model.states)), jnp.array(0.0), p))


exponential = jax.jit(expm)  # SciPy's shares so small a matrix among threads, which wait for one another


def _step(matrix: np.ndarray, input_: np.ndarray, width: float) -> np.ndarray:
    """Return what takes the states and a constant input to the states `width` hours later."""
    n = len(matrix)
    whole = np.zeros((n + 1, n + 1))
    whole[:n, :n], whole[:n, n] = matrix, input_
    return np.asarray(exponential(width * whole))[:n]
