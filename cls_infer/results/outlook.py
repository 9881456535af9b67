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
from ..solve.plan import start_of, used
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


@dataclass(frozen=True)
class Frame:
    """When one patient is looked at [h]: candidate `times`, the collecting `window` before each, and times `along` the
    chart from its start, among which a quantity strays farthest."""

    patient: int
    times: np.ndarray
    along: np.ndarray
    window: float

    @property
    def grid(self) -> np.ndarray:
        """All these times, ascending."""
        return np.unique(np.concatenate([self.times, self.times - self.window, self.along]))

    def places(self, times: np.ndarray) -> np.ndarray:
        """Return where on the grid these times are."""
        return np.searchsorted(self.grid, times)


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
    """Return what candidate measurements of one patient look like from points z [point, dim].

    Points that cannot be solved are left out; other arguments are those of a `Question`.

    Raises:
        InputError: no point can be solved.
    """
    frame = _frame(target, target.plan.patients.index(patient), at, window)
    found = slopes(target, z, np.tile(frame.grid, (len(target.plan.patients), 1)))
    expansion = jax.jit(lambda points: expand(target, points))(jnp.asarray(z))
    precision = np.asarray(expansion.curvature)
    solved = _solved(found, precision, np.asarray(expansion.status))
    points, found = np.asarray(z)[solved], Slopes(*(part[solved] for part in found))
    of_parameters, of_courses = (
        _parameters(target, points, patient, quantities),
        _courses(target, found, frame, quantities),
    )
    names = tuple(variables) or tuple(target.model.observables)
    chosen = [list(target.model.observables).index(name) for name in names]
    return Outlook(
        quantities=(*of_parameters, *of_courses),
        variables=names,
        times=tuple(map(float, frame.times)),
        precision=precision[solved],
        gradients=np.stack([*of_parameters.values(), *of_courses.values()], axis=1),
        rows=_rows(target, points, found, frame)[:, :, chosen],
    )


def _frame(target: Posterior, number: int, at: Sequence[float] | None, window: float) -> Frame:
    start = start_of(target.model, target.cohort.patients[number])
    seen = [m.time for m in used(target.model, target.cohort.patients[number])]
    first, last = min(seen), max(seen)
    times = sorted(set(at)) if at is not None else _evenly(first, last + AHEAD * max(last - first, 1.0), TIMES)
    return Frame(number, np.array(times, float), np.array(_evenly(start, max(last, start + 1.0), ALONG)), window)


def _evenly(first: float, last: float, count: int) -> list[float]:
    """Return times [h] rounded to a tenth of their distance or finer, the first of them not before `first`."""
    digits = max(0, int(np.ceil(-np.log10((last - first) / (count - 1)))) + 1)
    start = np.ceil(first * 10**digits) / 10**digits
    return sorted({round(float(t), digits) for t in np.linspace(start, last, count)})


def _solved(found: Slopes, curvature: np.ndarray, status: np.ndarray) -> np.ndarray:
    """Return which points can be solved, to the last candidate too."""
    good = np.all(found.status == 0, axis=1) & np.all(status == 0, axis=1)
    good &= np.isfinite(curvature).all(axis=(1, 2)) & np.isfinite(found.by_slot).all(axis=(1, 2, 3, 4))
    if not good.any():
        message = f"none of {len(good)} points can be solved"
        raise InputError([Problem("design", message, remedy="look less far ahead, or take other draws")])
    return good


def _rows(target: Posterior, z: np.ndarray, found: Slopes, frame: Frame) -> np.ndarray:
    """Return the candidates' slopes over the root of their noise's variance [point, time, observable, dim]."""
    observables = list(target.model.observables.values())
    ends, begins = frame.places(frame.times), frame.places(frame.times - frame.window)
    collected = np.array([observable.accumulates for observable in observables])

    def over_window(table: np.ndarray, collected: np.ndarray) -> np.ndarray:
        """Take from a volume that runs on what had run before the window; a table is [point, time, observable, ...]."""
        return table[:, ends] - np.where(collected, table[:, begins], 0.0)

    slope = over_window(found.of_patient(frame.patient)[:, :, : len(observables)], collected[:, None])
    value = over_window(found.value[:, frame.patient, :, : len(observables)], collected)
    everyone = np.repeat(value[:, None], len(target.plan.patients), axis=1)
    return np.sqrt(candidate_information(target, z, everyone)[:, frame.patient])[..., None] * slope


type Gradients = dict[tuple[Quantity, float | None], np.ndarray]
"""By quantity, and the hour at which it is looked at where it varies, its slope by z [point, dim]."""


def _parameters(target: Posterior, z: np.ndarray, patient: str, asked: Sequence[str]) -> Gradients:
    """Return the slopes of the parameters asked for, or of all, that are the patient's own or everyone's."""
    found: Gradients = {}
    quantities, slope = scaled_quantities(target, z)
    for place, quantity in enumerate(quantities):
        name, bracket, owner = quantity.name.partition("[")
        theirs = not bracket or owner == f"{patient}]"
        if theirs and (not asked or name.partition(".")[0] in asked):
            found[Quantity(name, quantity.unit, quantity.logarithmic), None] = slope[:, place]
    return found


def _courses(target: Posterior, found: Slopes, frame: Frame, asked: Sequence[str]) -> Gradients:
    """Return the slopes of what varies, where its median strays farthest from the start: as asked, or of the wall."""
    model = target.model
    wanted = asked or tuple(name for name in WALL if name in model.derived)
    there = frame.places(frame.along)
    slope, value = found.of_patient(frame.patient)[:, there], found.value[:, frame.patient, there]
    gradients: Gradients = {}
    for place, (name, quantity) in enumerate([*model.observables.items(), *model.derived.items()]):
        if name in wanted:
            course = np.median(value[..., place], axis=0)
            far = int(np.argmax(np.abs(course - course[0])))
            positive = bool(np.all(value[:, far, place] > 0))
            relative = value[:, far, place, None] if positive else 1.0
            key = Quantity(name, quantity.unit, positive), float(frame.along[far])
            gradients[key] = slope[:, far, place] / relative
    return gradients
