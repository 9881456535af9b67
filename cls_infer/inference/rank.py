"""Structural rank: which parameters could be told at all, from perfect measurements of everything at any time."""

from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from ..solve.lanes import Tolerance
from ..solve.plan import start_of
from .slopes import candidate_information, slopes

EXACT = Tolerance(rtol=1e-8, atol=1e-10, max_steps=10_000)

RELATIVE = 1e-7
"""A singular value below this share of the largest is none: ten times the relative error a step of `EXACT` solves."""

PART = 0.1
"""A parameter has part in a direction nobody can see where so much of its own coordinate lies in it."""

TIMES = 60


@dataclass(frozen=True)
class Rank:
    """How many of `dimension` coordinates noise-free measurements tell apart.

    `unseen` are the parameters that nothing depends on, `entangled` those that act in combinations alone. `weakest`
    and `strongest_lost` are the least singular value kept and the largest taken for none, relative to the largest of
    all: between the two lies the gap that carries the verdict; NaN where there is no such value.
    """

    rank: int
    dimension: int
    unseen: tuple[str, ...]
    entangled: tuple[str, ...]
    weakest: float
    strongest_lost: float

    @property
    def full(self) -> bool:
        """Whether every parameter could be told from perfect measurements."""
        return self.rank == self.dimension


def structural_rank(target: Posterior, *, seed: int, points: int = 5, beyond: float = 1.5) -> Rank:
    r"""Return the rank of the sensitivities of a target's noise-free predictions at random points of its prior.

    All observables of every patient at 60 times, from the start to `beyond` times the chart, under the therapy of the
    chart. Every row is divided by the observable's noise, so that units play no part. The rank is the largest found at
    any point, as it is at almost all: at a single one sensitivities may vanish by chance. It is local: two distant
    points with the same predictions are not found.

    Raises:
        InputError: none of the points can be solved.

    Reference:
        Jacquez & Greif (1985), Math Biosci 77:201-227.
    """
    exact = replace(target, tolerance=EXACT)
    z = 0.5 * np.random.default_rng(seed).standard_normal((points, target.pooling.dimension))
    jacobian = _jacobian(exact, z, beyond)
    if not len(jacobian):
        remedy = "take more points, or another seed"
        raise InputError([Problem("rank", f"none of {points} random points can be solved", remedy=remedy)])
    _, strengths, directions = np.linalg.svd(jacobian, full_matrices=False)
    relative = strengths / strengths[:, :1]
    ranks = np.sum(relative > RELATIVE, axis=1)
    best = int(np.argmax(ranks))
    rank, of_all = int(ranks[best]), relative[best]
    part = np.sqrt(np.sum(directions[best, rank:] ** 2, axis=0))
    labels = np.array(target.pooling.labels())
    return Rank(
        rank=rank,
        dimension=len(labels),
        unseen=tuple(map(str, labels[part > 1 - PART**2])),
        entangled=tuple(map(str, labels[(part > PART) & (part <= 1 - PART**2)])),
        weakest=float(of_all[rank - 1]) if rank else np.nan,
        strongest_lost=float(of_all[rank]) if rank < len(labels) else np.nan,
    )


def _jacobian(target: Posterior, z: np.ndarray, beyond: float) -> np.ndarray:
    """Return sensitivities over the noise [point, row, dim] at the points that can be solved."""
    ends = [max((m.time for m in patient.measurements), default=0.0) for patient in target.cohort.patients]
    starts = [start_of(target.model, patient) for patient in target.cohort.patients]
    times = np.stack([np.linspace(a, a + beyond * max(b - a, 1.0), TIMES) for a, b in zip(starts, ends, strict=True)])
    found, observables = slopes(target, z, times), len(target.model.observables)
    weight = np.sqrt(candidate_information(target, z, found.value[..., :observables]))
    rows = [
        (weight[:, patient, ..., None] * found.of_patient(patient)[:, :, :observables]).reshape(len(z), -1, z.shape[1])
        for patient in range(len(ends))
    ]
    jacobian = np.concatenate(rows, axis=1)
    solved = np.all(found.status == 0, axis=1) & np.isfinite(jacobian).all(axis=(1, 2))
    return jacobian[solved]
