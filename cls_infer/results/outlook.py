"""One patient seen from points of the posterior: what a further measurement would show, and of what."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError, Problem
from ..inference.gauss_newton import expand
from ..inference.slopes import Slopes, candidate_information, slopes
from ..likelihood.posterior import Posterior
from ..solve.plan import start_of
from ..types import Batch
from .directions import Quantity
from .identify import scaled_quantities

WALL = ("m_L", "m", "LpS", "K_f", "K_L", "sigma", "PS")
"""Derived quantities looked at where nothing is asked for: the leak and what it does to the wall."""

WINDOW = 6.0
"""Hours over which a volume is collected, as charts do."""

ALONG, AHEAD, TIMES = 25, 0.5, 13
"""Times along the chart among which a quantity strays farthest; how far beyond the chart a measurement may lie, as a
share of its length; how many times are tried."""


@dataclass(frozen=True)
class Outlook:
    """One patient seen from posterior points: the `precision` of z [point, dim, dim], the slopes of the quantities of
    interest [point, quantity, dim], and those of every candidate measurement over the root of its noise's variance
    [point, time, variable, dim]."""

    quantities: tuple[tuple[Quantity, float | None], ...]
    variables: tuple[str, ...]
    times: tuple[float, ...]
    precision: np.ndarray
    gradients: np.ndarray
    rows: np.ndarray

    @property
    def sd_now(self) -> np.ndarray:
        """Standard deviation of every quantity before anything further is measured [quantity]."""
        return _root_mean(_variances(np.linalg.inv(self.precision), self.gradients))

    def sd_after_each(self) -> np.ndarray:
        r"""Return the standard deviation of each quantity after one measurement [time, variable, quantity].

        $$v' = v - \frac{(g^T C j)^2}{1 + j^T C j}$$

        with the covariance $C$, the quantity's slope $g$ and the candidate's $j$, averaged over points.
        """
        covariance = np.linalg.inv(self.precision)
        through = np.einsum("pde,ptve->ptvd", covariance, self.rows)
        told = np.einsum("pqd,ptvd->ptvq", self.gradients, through) ** 2
        noise_and_spread = 1 + np.einsum("ptvd,ptvd->ptv", self.rows, through)
        before = _variances(covariance, self.gradients)[:, None, None]
        return _root_mean(before - told / noise_and_spread[..., None])

    def after(self, variable: str, times: Sequence[float] | None = None) -> "Outlook":
        """Return the outlook once a variable was measured at these of its times, or at all of them."""
        places = [i for i, time in enumerate(self.times) if times is None or time in times]
        rows = self.rows[:, places, self.variables.index(variable)]
        return replace(self, precision=self.precision + np.einsum("prd,pre->pde", rows, rows))


def _variances(covariance: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return np.einsum("pqd,pde,pqe->pq", gradients, covariance, gradients)


def _root_mean(variances: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(variances, axis=0))


def outlook(
    target: Posterior,
    z: Batch,
    *,
    patient: str,
    at: Sequence[float] | None = None,
    quantities: Sequence[str] = (),
    variables: Sequence[str] = (),
    window: float = WINDOW,
) -> Outlook:
    """Return what candidate measurements of one patient look like from points z; arguments as of `design`."""
    number = target.plan.patients.index(patient)
    start = start_of(target.model, target.cohort.patients[number])
    first, last = _span(target, number)
    times = np.array(sorted(set(at)) if at is not None else _default_times(first, last), float)
    along = np.array(_spread_evenly(start, max(last, start + 1.0), ALONG))
    grid = np.unique(np.concatenate([times, times - window, along]))
    found = slopes(target, z, np.tile(grid, (len(target.plan.patients), 1)))
    expansion = jax.jit(lambda points: expand(target, points))(jnp.asarray(z))
    solved = _solved(found, np.asarray(expansion.curvature), np.asarray(expansion.status))
    points = np.asarray(z)[solved]
    found = Slopes(*(part[solved] for part in found))
    asked, gradients = _gradients(target, points, found, number, grid, along, quantities)
    names = tuple(variables) or tuple(target.model.observables)
    return Outlook(
        quantities=tuple(asked),
        variables=names,
        times=tuple(map(float, times)),
        precision=np.asarray(expansion.curvature)[solved],
        gradients=gradients,
        rows=_rows(target, points, found, number, grid, times, window)[
            :, :, [list(target.model.observables).index(name) for name in names]
        ],
    )


def _solved(found: Slopes, curvature: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return which points can be solved, to the last candidate too."""
    good = np.all(found.status == 0, axis=1) & np.all(status == 0, axis=1)
    good &= np.isfinite(curvature).all(axis=(1, 2)) & np.isfinite(found.by_slot).all(axis=(1, 2, 3, 4))
    if not good.any():
        message = f"none of {len(good)} points can be solved"
        raise InputError([Problem("design", message, remedy="look less far ahead, or take other draws")])
    return good


def _span(target: Posterior, number: int) -> tuple[float, float]:
    """Return the first and the last time at which the model predicts something measured [h]."""
    measured = target.cohort.patients[number].measurements
    times = [m.time for m in measured if m.variable in target.model.observables]
    return min(times), max(times)


def _default_times(first: float, last: float) -> list[float]:
    return _spread_evenly(first, last + AHEAD * max(last - first, 1.0), TIMES)


def _spread_evenly(first: float, last: float, count: int) -> list[float]:
    """Return times [h] rounded to a tenth of their distance or finer, the first of them not before `first`."""
    digits = max(0, int(np.ceil(-np.log10((last - first) / (count - 1)))) + 1)
    start = np.ceil(first * 10**digits) / 10**digits
    return sorted({round(float(t), digits) for t in np.linspace(start, last, count)})


def _rows(
    target: Posterior,
    z: np.ndarray,
    found: Slopes,
    number: int,
    grid: np.ndarray,
    times: np.ndarray,
    window: float,
) -> np.ndarray:
    """Return the candidates' slopes over the root of their noise's variance [point, time, observable, dim]."""
    observables = list(target.model.observables.values())
    ends, begins = np.searchsorted(grid, times), np.searchsorted(grid, times - window)
    collected = np.array([observable.accumulates for observable in observables])

    def over_window(table: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
        """Take from a volume that runs on what had run before the window."""
        own = np.expand_dims(collected, axes)
        return table[:, ends] - np.where(own, table[:, begins], 0.0)

    slope = over_window(found.of_patient(number)[:, :, : len(observables)], (0, 1, 3))
    value = over_window(found.value[:, number, :, : len(observables)], (0, 1))
    everyone = np.repeat(value[:, None], len(target.plan.patients), axis=1)
    return np.sqrt(candidate_information(target, z, everyone)[:, number])[..., None] * slope


def _gradients(
    target: Posterior,
    z: np.ndarray,
    found: Slopes,
    number: int,
    grid: np.ndarray,
    along: np.ndarray,
    asked: Sequence[str],
) -> tuple[list[tuple[Quantity, float | None]], np.ndarray]:
    """Return the quantities of interest, when each is looked at, and their slopes by z [point, quantity, dim].

    Parameters, then what varies where its median strays farthest from the start.
    """
    patient, model = target.plan.patients[number], target.model
    parameters, by_parameter = scaled_quantities(target, z)
    kept: list[tuple[Quantity, float | None]] = []
    columns: list[np.ndarray] = []
    for place, quantity in enumerate(parameters):
        name, bracket, owner = quantity.name.partition("[")
        if (bracket and owner != f"{patient}]") or (asked and name.partition(".")[0] not in asked):
            continue
        kept.append((Quantity(name, quantity.unit, quantity.logarithmic), None))
        columns.append(by_parameter[:, place])
    varying = {**model.observables, **model.derived}
    there = np.searchsorted(grid, along)
    slope, value = found.of_patient(number)[:, there], found.value[:, number, there]
    for place, (name, quantity) in enumerate(varying.items()):
        if name not in (asked or WALL) or (not asked and name in model.observables):
            continue
        course = np.median(value[..., place], axis=0)
        far = int(np.argmax(np.abs(course - course[0])))
        positive = bool(np.all(value[:, far, place] > 0))
        kept.append((Quantity(name, quantity.unit, positive), float(along[far])))
        columns.append(slope[:, far, place] / (value[:, far, place, None] if positive else 1.0))
    return kept, np.stack(columns, axis=1)
