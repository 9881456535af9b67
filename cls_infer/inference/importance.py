r"""Importance sampling of patients who share nothing: plain solves, no gradient, and a certificate for each.

Draws of a mixture of Student's t weigh $w = p(x \mid y) / q(x)$. The mixture begins as the Laplace approximation of
every mode, wider, and learns from the weighed draws of all rounds before; those that the certificate rests on are
drawn afresh when it has learnt.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from .mixture import Mixture
from .modes import Modes
from .posteriors import Posteriors
from .seeds import generator

WIDER = 1.5
"""The Laplace covariance is multiplied by this: its tails fall short where the posterior bends."""

ROUNDS, ROUND = 6, 2048
"""Rounds of learning, draws of each."""

SPLITS = (2, 4)
"""Rounds after which a mixture that still fits badly gains components."""

BLOCK, BLOCKS = 4096, 4
"""Draws that are weighed for the result, and at most so many times as many for a certificate."""

GOOD = 0.5
"""Share of a round's draws that its effective size reaches where there is nothing left to learn."""

TO_LEARN = 4
"""Effective draws a dimension that a mixture is learnt from: with fewer the weights are flattened until there are as
many."""

type Smooth = Callable[[np.ndarray], tuple[np.ndarray, float]]
"""Smoothed normalised log weights [draw] and the Pareto k-hat, of log weights [draw]."""


@dataclass(frozen=True)
class Weighed:
    """One patient's draws [draw, dim] with their log posterior and normalised log weights [draw], and what speaks for
    them: Pareto k-hat, effective size, log evidence and its standard error."""

    points: np.ndarray
    log_posterior: np.ndarray
    log_weight: np.ndarray
    khat: float
    effective: float
    log_evidence: float
    log_evidence_se: float

    def equal(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Return which draws [count] stand for the weighed ones with equal weight, in random order."""
        return rng.permutation(systematic(self.log_weight, count, rng))


def systematic(log_weight: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Return which draws [count], in their order, stand for those of log weights [draw] with equal weight.

    A draw of normalised weight w comes up w times count, rounded up or down.

    Reference:
        Kitagawa (1996), J Comput Graph Stat 5:1-25.
    """
    steps = (np.arange(count) + rng.random()) / count
    reached = np.cumsum(np.exp(log_weight - np.max(log_weight)))
    return np.searchsorted(reached / reached[-1], steps).clip(0, len(reached) - 1)


def effective_size(log_weight: np.ndarray) -> float:
    r"""Return $(\sum w)^2 / \sum w^2$ of log weights."""
    return float(np.exp(2 * np.logaddexp.reduce(log_weight) - np.logaddexp.reduce(2 * log_weight)))


def evidence(log_weight: np.ndarray, dimension: int) -> tuple[float, float]:
    r"""Return $\log \frac1n \sum w$ of log weights [draw] and its standard error; a log posterior lacks the constant
    of the prior's normal density."""
    count = len(log_weight)
    total = np.logaddexp.reduce(log_weight)
    relative = np.exp(log_weight - total + np.log(count))
    constant = 0.5 * dimension * np.log(2 * np.pi)
    return float(total - np.log(count) - constant), float(np.std(relative, ddof=1) / np.sqrt(count))


def flattened(log_weight: np.ndarray, least: float) -> np.ndarray:
    """Return normalised weights [draw], raised to the power at most 1 at which their effective size is `least`."""
    power = 1.0
    if effective_size(log_weight) < least:
        power = brentq(lambda b: effective_size(b * log_weight) - least, 0.0, 1.0, xtol=1e-3)
    return np.exp(power * log_weight - np.logaddexp.reduce(power * log_weight))


def first_mixture(modes: Modes, patient: int) -> Mixture:
    """Return the Laplace approximation of every mode, by its mass, wider."""
    ends = modes.distinct(patient)
    covariance = modes.covariance[patient, ends]
    mass = modes.log_posterior[patient, ends] + 0.5 * np.linalg.slogdet(covariance)[1]
    share = np.maximum(np.exp(mass - np.logaddexp.reduce(mass)), 0.02)
    return Mixture(share / share.sum(), modes.points[patient, ends], WIDER * covariance)


class Learner:
    """What one patient's rounds have taught so far."""

    def __init__(self, mixture: Mixture, rng: np.random.Generator) -> None:
        self.mixture, self.rng = mixture, rng
        self.past: list[Mixture] = []
        self.points = np.zeros((0, mixture.location.shape[1]))
        self.log_posterior = np.zeros(0)
        self.done = False

    def ask(self, count: int) -> np.ndarray:
        """Return draws [count, dim] of the mixture as it is."""
        return self.mixture.sample(count, self.rng)

    def learn(self, points: np.ndarray, log_posterior: np.ndarray) -> None:
        """Learn the next mixture from a round's draws and all before; each counts as drawn from all mixtures alike."""
        fresh = effective_size(log_posterior - self.mixture.log_density(points))
        self.past.append(self.mixture)
        self.points = np.concatenate([self.points, points])
        self.log_posterior = np.concatenate([self.log_posterior, log_posterior])
        drawn_from = np.logaddexp.reduce([one.log_density(self.points) for one in self.past], axis=0)
        weight = flattened(self.log_posterior - drawn_from, min(TO_LEARN * points.shape[1], len(self.points) / 4))
        self.done = fresh >= GOOD * len(points)
        if self.done:
            return
        if len(self.past) in SPLITS:
            self.mixture = self.mixture.split(self.points, weight, self.rng)
        self.mixture = self.mixture.learnt(self.points, weight)


def weigh(
    posteriors: Posteriors,
    patients: Sequence[int],
    modes: Modes,
    *,
    seed: int,
    smooth: Smooth,
    enough: Callable[[float, float, int], bool],
    least: int = 0,
    report: Callable[[str], None] = lambda _: None,
) -> list[Weighed]:
    """Return the weighed draws of these patients, all of whom learn and are drawn from in one batch.

    Args:
        posteriors: of the patients.
        patients: which of them.
        modes: theirs, in the same order.
        seed: of the fit; each patient has random numbers of its own.
        smooth: Pareto smoothing of log weights.
        enough: whether k-hat, effective size and number of draws suffice.
        least: so many draws are weighed at least.
        report: told of every round.

    Reference:
        Cornuet, Marin, Mira, Robert (2012), Adaptive multiple importance sampling, Scand. J. Stat. 39:798-812;
        Vehtari, Simpson, Gelman, Yao, Gabry (2024), Pareto smoothed importance sampling, JMLR 25(72).
    """
    learners = [
        Learner(first_mixture(modes, i), generator(seed, posteriors.names[patient], "importance"))
        for i, patient in enumerate(patients)
    ]

    def solved(going: Sequence[int], count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        points = [learners[i].ask(count) for i in going]
        value = posteriors.log_posterior(np.concatenate(points), np.repeat([patients[i] for i in going], count))
        return list(zip(points, np.split(value, len(going)), strict=True))

    for number in range(ROUNDS):
        going = [i for i, learner in enumerate(learners) if not learner.done]
        if not going:
            break
        report(f"importance: round {number + 1}, {len(going)} of {len(patients)} patients still learning")
        for i, (points, value) in zip(going, solved(going, ROUND), strict=True):
            learners[i].learn(points, value)
    for learner in learners:
        learner.mixture = learner.mixture.defended()
    drawn: list[list[tuple[np.ndarray, np.ndarray]]] = [[] for _ in patients]
    found: list[Weighed] = [None] * len(patients)  # pyright: ignore[reportAssignmentType] - filled below
    going = list(range(len(patients)))
    for block in range(max(BLOCKS, -(-least // BLOCK))):
        report(f"importance: {(count := (block + 1) * BLOCK)} draws of {len(going)} of {len(patients)} patients")
        for i, part in zip(going, solved(going, BLOCK), strict=True):
            drawn[i].append(part)
            found[i] = _weighed(learners[i].mixture, drawn[i], smooth)
        going = [i for i in going if count < least or not enough(found[i].khat, found[i].effective, count)]
        if not going:
            break
    return found


def _weighed(mixture: Mixture, parts: Sequence[tuple[np.ndarray, np.ndarray]], smooth: Smooth) -> Weighed:
    points, log_posterior = (np.concatenate(column) for column in zip(*parts, strict=True))
    raw = log_posterior - mixture.log_density(points)
    log_weight, khat = smooth(raw)
    known = evidence(raw, points.shape[1])
    return Weighed(points, log_posterior, log_weight, khat, effective_size(log_weight), *known)
