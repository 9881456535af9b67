r"""Hamiltonian Monte Carlo of one posterior by lanes that go abreast: plain NumPy, which asks for slopes.

Coordinates $u$ with $z = R u$, $R R^T$ the covariance that was learnt, have unit mass. A transition draws a momentum
$p$ and follows $\dot u = p$, $\dot p = R^T \nabla \log p(z \mid y)$ by leapfrogs of step $\epsilon$ over a length that
is drawn too, and is kept with probability $\min(1, e^{H - H'})$. All lanes of a posterior take as many leapfrogs at
once, so that none waits for another, where a tree (NUTS) would be as deep as its own lane asks.

Every function here is a coroutine: it yields points [lane, dim], is sent their `Slope`, and returns what it made. Who
drives it may gather the points of many posteriors (`abreast`).

Reference:
    Neal (2011), MCMC using Hamiltonian dynamics, Handbook of Markov Chain Monte Carlo, chapter 5;
    Hoffman, Radul, Sountsov (2021), An adaptive-MCMC scheme for setting trajectory lengths, AISTATS 130:3907-3915.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..likelihood.posterior import FAILED
from .apart import Slope

LENGTH, SHORTEST, LONGEST = 3.0, 0.5, 1.5
"""Mean length of a trajectory in coordinates of unit variance, where half a turn is pi, and the shares of it between
which each is drawn. Twice as long costs as much a draw that counts, half as long leaves slack veins unexplored."""

DIVERGENT = 1000.0
"""Error of the energy above which a transition is called divergent, as NumPyro does."""

GAIN, SLOWER = 0.6, 0.2
"""How far the step size follows the acceptance, and how soon it does so less."""

FORGET = 5.0
"""Draws of the warmup that count as one when the covariance is learnt from them: they hang together."""

type Asking[T] = Generator[np.ndarray, Slope, T]
type Told = Callable[[Row, Way], None]
type Move = Callable[[At, Way, np.random.Generator], Asking[tuple[At, Row]]]


class At(NamedTuple):
    """Where the lanes are: points [lane, dim], the log posterior there [lane] and its gradient [lane, dim]."""

    points: np.ndarray
    log_posterior: np.ndarray
    gradient: np.ndarray


class Row(NamedTuple):
    """What a transition did, in NumPyro's words, each [lane]; `z` [lane, dim]. A lane that was `walled` came to where
    nothing can be solved, which says nothing against the step size."""

    z: np.ndarray
    potential_energy: np.ndarray
    energy: np.ndarray
    accept_prob: np.ndarray
    diverging: np.ndarray
    num_steps: np.ndarray
    walled: np.ndarray


@dataclass(frozen=True)
class Way:
    """How a transition goes: the `root` R [dim, dim] of the covariance, the step size and the most leapfrogs."""

    root: np.ndarray
    step: float
    most: int

    @property
    def covariance(self) -> np.ndarray:
        """R R^T [dim, dim]."""
        return self.root @ self.root.T


def look(points: np.ndarray) -> Asking[At]:
    """Return where lanes stand at these points [lane, dim]; where nothing can be solved the slope is level."""
    value, gradient = yield points
    there = np.isfinite(value) & (value > FAILED / 2)
    return At(points, np.where(there, value, -np.inf), np.where(there[:, None], gradient, 0.0))


def transition(at: At, way: Way, rng: np.random.Generator) -> Asking[tuple[At, Row]]:
    """Return where the lanes are after one transition, and what it did.

    A lane that comes to where the patient cannot be simulated stays where it was, and so does one whose energy is off
    by more than `DIVERGENT`, which is told.
    """
    momentum = rng.standard_normal(at.points.shape)
    length = LENGTH * rng.uniform(SHORTEST, LONGEST)
    steps = int(np.clip(round(length / way.step), 1, way.most))
    before = _energy(at, momentum)
    now, lost, diverging = at, np.zeros(len(momentum), bool), np.zeros(len(momentum), bool)
    walled = np.zeros(len(momentum), bool)
    for _ in range(steps):
        momentum = momentum + 0.5 * way.step * now.gradient @ way.root
        points = np.where(lost[:, None], at.points, now.points + way.step * momentum @ way.root.T)
        now = yield from look(points)
        momentum = momentum + 0.5 * way.step * now.gradient @ way.root
        off = _energy(now, momentum) - before
        diverging |= ~lost & (off > DIVERGENT) & np.isfinite(off)
        walled |= ~lost & ~np.isfinite(off)
        lost |= diverging | walled
    chance = np.where(lost, 0.0, np.exp(np.minimum(0.0, before - _energy(now, momentum))))
    accepted = rng.random(len(chance)) < chance
    after = either(accepted, now, at)
    constant = 0.5 * at.points.shape[1] * np.log(2 * np.pi)
    energy = np.where(accepted, _energy(now, momentum), before) + constant
    taken = np.full(len(chance), steps)
    return after, Row(after.points, constant - after.log_posterior, energy, chance, diverging, taken, walled)


def either(first: np.ndarray, one: At, other: At) -> At:
    """Return where the lanes are that are at `one` where `first` [lane] says so, else at the other."""
    return At(*(np.where(first.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(one, other, strict=True)))


def _energy(at: At, momentum: np.ndarray) -> np.ndarray:
    return 0.5 * np.sum(momentum**2, axis=1) - at.log_posterior


def settled(
    at: At, way: Way, rng: np.random.Generator, *, move: Move, transitions: int, accept: float, told: Told
) -> Asking[tuple[At, Way, np.ndarray]]:
    """Return where the lanes are after so many transitions by `move`, with the step size at which they accept so often,
    and the points they passed [transition, lane, dim]."""
    passed, sizes = [], []
    for number in range(transitions):
        at, row = yield from move(at, way, rng)
        told(row, way)
        free = row.accept_prob[~row.walled]
        off = float(np.mean(free)) - accept if len(free) else 0.0
        way = Way(way.root, way.step * np.exp(GAIN * off / np.sqrt(1 + SLOWER * number)), way.most)
        passed.append(at.points)
        sizes.append(np.log(way.step))
    latter = sizes[len(sizes) // 2 :]
    return at, Way(way.root, float(np.exp(np.mean(latter))), way.most), np.stack(passed)


def learnt(way: Way, passed: np.ndarray) -> Way:
    """Return the way with the covariance of the points passed [transition, lane, dim] but for the first quarter; the
    one before counts as two draws for each dimension."""
    points = passed[len(passed) // 4 :].reshape(-1, passed.shape[-1])
    draws, before = len(points) / FORGET, 2 * points.shape[1]
    covariance = (draws * np.cov(points.T) + before * way.covariance) / (draws + before)
    return Way(np.linalg.cholesky(covariance), way.step, way.most)


def warmed(
    at: At, way: Way, rng: np.random.Generator, *, move: Move, transitions: int, accept: float, told: Told
) -> Asking[tuple[At, Way]]:
    """Return where the lanes are after the warmup, and the covariance and step size that they learnt in it."""
    first, second = transitions // 4, 3 * transitions // 8
    for part in (first, second):
        if part:
            at, way, passed = yield from settled(at, way, rng, move=move, transitions=part, accept=accept, told=told)
            way = learnt(way, passed)
    last = max(1, transitions - first - second)
    at, way, _ = yield from settled(at, way, rng, move=move, transitions=last, accept=accept, told=told)
    return at, way
