"""Every patient's modes: Levenberg-Marquardt from several dispersed points, all patients and points in one batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import InputError
from ..likelihood.posterior import FAILED
from .apart import Local
from .levenberg_marquardt import FIRST_DAMPING, damped_steps, next_damping
from .posteriors import Sloped
from .searches import STARTS, Searches, has_arrived, modes_of, searches
from .seeds import generator

WORTHWHILE, PATIENCE, MOST = 1e-2, 8, 80
"""Gain of an iteration [nats] below which it was idle, idle iterations in a row that end a search, and most of all.
A step refused is an idle iteration, and several may be refused before one is short enough."""


@dataclass(frozen=True)
class Modes:
    """Where the searches ended, best first: points [patient, start, dim], the log posterior there [patient, start],
    the Laplace covariance [patient, start, dim, dim], and whether the search arrived at a mode [patient, start]."""

    points: np.ndarray
    log_posterior: np.ndarray
    covariance: np.ndarray
    arrived: np.ndarray

    def distinct(self, patient: int, within: float = 10.0) -> list[int]:
        """Return which ends are modes of their own, the best end first, none more than `within` nats below it."""
        number = modes_of(self.points[patient], self.covariance[patient], self.arrived[patient])
        near = self.log_posterior[patient] >= self.log_posterior[patient, 0] - within
        return [int(np.argmax(number == mode)) for mode in range(number.max() + 1) if near[np.argmax(number == mode)]]

    @property
    def searches(self) -> Searches:
        """What is kept of the searches."""
        return searches(self.points, self.log_posterior, self.covariance, self.arrived)


def find_modes(
    posteriors: Sloped, patients: Sequence[int], *, seed: int, report: Callable[[str], None] = lambda _: None
) -> Modes:
    """Return the modes of these patients, each from `STARTS` points.

    The first start is the prior's median, the others are draws from the prior at 0.7 of its spread; what cannot be
    solved departs near the median instead. A search that no longer gains leaves the batch to the others.

    Raises:
        InputError: patients of whom no start can be solved; says what ended the solve, which measurement is not
            reached, and the parameter that mends it, where one does.
    """
    shape = (len(patients), STARTS, posteriors.dimension)
    draws = [
        generator(seed, posteriors.names[patient], "modes").standard_normal((2, *shape[1:])) for patient in patients
    ]
    far, near = (np.stack([draw[i] for draw in draws]) for i in (0, 1))
    z, of = 0.7 * far, np.repeat(np.asarray(patients), STARTS)
    z[:, 0] = 0.0
    z = z.reshape(-1, posteriors.dimension)
    at = posteriors.expand(z, of)
    dead = at.log_posterior <= FAILED / 2
    if dead.any():
        z[dead] = 0.1 * near.reshape(z.shape)[dead]
        at = _put(at, dead, posteriors.expand(z[dead], of[dead]))
        _check_some_solved(posteriors, z, of, at)
    z, at = _climb(posteriors, z, of, at, report)
    order = np.argsort(-at.log_posterior.reshape(shape[:2]), axis=1)
    points, value, gradient, curvature = (
        np.take_along_axis(a.reshape(*shape[:2], *a.shape[1:]), order.reshape(*shape[:2], *[1] * (a.ndim - 1)), axis=1)
        for a in (z, at.log_posterior, at.gradient, at.curvature)
    )
    covariance = np.linalg.inv(curvature)
    return Modes(points, value, covariance, has_arrived(value, gradient, covariance))


def _climb(
    posteriors: Sloped, z: np.ndarray, of: np.ndarray, at: Local, report: Callable[[str], None]
) -> tuple[np.ndarray, Local]:
    """Take every point to its mode; those that gain nothing more are left alone."""
    damping, idle = np.full(len(z), FIRST_DAMPING), np.zeros(len(z), int)
    for iteration in range(1, MOST + 1):
        going = np.flatnonzero(idle < PATIENCE)
        if not len(going):
            break
        report(f"modes: iteration {iteration}, {len(going)} of {len(z)} searches going on")
        step = damped_steps(at.gradient[going], at.curvature[going], damping[going])
        trial = posteriors.expand(z[going] + step, of[going])
        gain = trial.log_posterior - at.log_posterior[going]
        better = going[gain > 0]
        z[better] += step[gain > 0]
        at = _put(at, better, Local(*(a[gain > 0] for a in trial)))
        damping[going] = next_damping(damping[going], gain > 0)
        idle[going] = np.where(gain > WORTHWHILE, 0, idle[going] + 1)
    return z, at


def _put(at: Local, where: np.ndarray, other: Local) -> Local:
    """Return the expansions with some of their lanes replaced."""
    kept = Local(*(np.array(a) for a in at))
    for a, new in zip(kept, other, strict=True):
        a[where] = new
    return kept


def _check_some_solved(posteriors: Sloped, z: np.ndarray, of: np.ndarray, at: Local) -> None:
    """Refuse patients without a start that can be solved."""
    hopeless = [patient for patient in np.unique(of) if np.all(at.log_posterior[of == patient] <= FAILED / 2)]
    if hopeless:
        problems = [one for patient in hopeless for one in posteriors.unsolved(int(patient), z[of == patient])]
        raise InputError(problems)
