"""All chains followed block by block: what they learn together, how far they go, what is told and kept on the way."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.diagnostics import effective_sample_size

from ..errors import InputError, Problem
from ..likelihood.centring import to_centred
from .centring import in_words
from .chain_state import state_again
from .checkpoint import NOWHERE, Kept
from .cost import forecast
from .departure import Departure
from .kernel import FIELDS, Sampler
from .pooled import learnt_covariance, with_mass_matrix_of, with_one_step_size
from .progress import Progress
from .settings import Settings
from .trail import Rows, Trail, trail_again

ENOUGH_TO_ADAPT = 200
"""Shorter warmups keep the Laplace mass matrix: what they would learn is noisier."""

LONG_ENOUGH = 0.1
"""Seconds that tell how long a gradient takes; the first draw's do not."""

FINISHED = "finished"

type Step = Callable[[Any, int], tuple[Any, Rows]]
"""Takes the state of all chains and a number of draws to the state after them and their rows."""


@dataclass
class Draws:
    """Draws of z [chain, draw, dim] and the sampler's statistics [chain, draw]; `complete` unless interrupted.

    `centred` names the pooled parameters that were sampled as each patient's own coordinate, with the share of
    patients whose data outweigh the population for every pooled one.
    """

    z: np.ndarray
    stats: dict[str, np.ndarray]
    seconds: dict[str, float] = field(default_factory=dict)
    complete: bool = True
    centred: str = ""


def follow(
    sampler: Sampler,
    departure: Departure,
    *,
    enough: Callable[[np.ndarray], bool] = lambda _: True,
    report: Callable[[Any], None] = lambda _: None,
    kept: Kept = NOWHERE,
) -> Draws:
    """Return NUTS draws, every chain on its own device where there are enough.

    The mass matrix comes from the Laplace approximation and what all chains learn in the warmup. After every
    `draws` draws `enough` looks at all kept so far [chain, draw, dim]; where it says no, as many again follow,
    up to `most_draws`. What `kept` holds of an earlier session is gone on from. An interrupt (Ctrl-C) after the
    warmup ends sampling and returns the draws so far, marked incomplete.

    Raises:
        InputError: what is kept belongs to another sampler.
    """
    settings, told = sampler.settings, in_words(sampler.pooling, departure.centred, departure.share)
    if told:
        report(f"pooled parameters: {told}")
    trail = trail_again(kept, chains=settings.chains, dimension=sampler.pooling.dimension, report=report)
    state = _state(sampler, departure, trail)
    wall, centred = jnp.asarray(departure.wall), jnp.asarray(departure.centred)

    def step(state: Any, count: int) -> tuple[Any, Rows]:
        state, rows = sampler.block(state, np.asarray(count), wall, centred)
        return state, {name: np.asarray(rows[name])[:count] for name in FIELDS}

    complete, total = True, settings.warmup + settings.draws
    try:
        state = _timed(step, state, trail, sampler, departure, report)
        while True:
            state = _until(total, step, state, trail, sampler, departure, report)
            room = total + settings.draws <= settings.warmup + settings.most_draws
            if not room or enough(trail.by_chain("z", settings.warmup, total)):
                break
            total += settings.draws
        kept.write_facts(FINISHED, {"draws": total, "seconds": trail.seconds})
    except KeyboardInterrupt:
        if trail.done <= settings.warmup:
            raise
        complete = False
    seconds = {"compile": sampler.seconds, "sample": trail.seconds}
    return _kept_draws(trail, settings, total, complete, told, seconds)


def finished(kept: Kept, settings: Settings, dimension: int, centred: str) -> Draws | None:
    """Return the draws of chains that an earlier session followed to their end, None if there was none."""
    facts = kept.read_facts(FINISHED)
    if facts is None:
        return None
    trail = trail_again(kept, chains=settings.chains, dimension=dimension, report=lambda _: None)
    if trail.done < facts["draws"]:
        return None  # a file was lost
    seconds = {"compile": 0.0, "sample": facts["seconds"]}
    return _kept_draws(trail, settings, facts["draws"], True, centred, seconds)


def _kept_draws(
    trail: Trail, settings: Settings, last: int, complete: bool, centred: str, seconds: dict[str, float]
) -> Draws:
    by_chain = {name: trail.by_chain(name, settings.warmup, last) for name in FIELDS}
    return Draws(by_chain.pop("z"), by_chain, seconds, complete=complete, centred=centred)


def _until(
    last: int, step: Step, state: Any, trail: Trail, sampler: Sampler, departure: Departure, report: Callable
) -> Any:
    """Return the state after draw `last`; blocks end where something is learnt, so that their size changes nothing."""
    settings, pace = sampler.settings, Pace(trail)
    learning = _learning(settings)
    while trail.done < last:
        ends = [end for end in (*learning, settings.warmup, last) if end > trail.done]
        state, rows = step(state, min(settings.block - trail.done % settings.block, min(ends) - trail.done))
        done = trail.done + len(rows["z"])
        if done in learning:
            z = np.concatenate([trail.columns("z", learning[done], done), rows["z"]])
            state = _learn(state, z, sampler, departure)
        if done == settings.warmup:
            state = with_one_step_size(state)
        trail.add(rows, state, now=done == last)
        report(pace.progress(settings, last, float(np.mean(state.adapt_state.step_size))))
    return state


def _learning(settings: Settings) -> dict[int, int]:
    """Return after how many draws the mass matrix is learnt, and after how many the draws begin that it is learnt from:
    twice, so late that the step size can still follow."""
    warmup = settings.warmup
    return {} if warmup < ENOUGH_TO_ADAPT else {warmup // 3: warmup // 12, 3 * warmup // 4: warmup // 4}


def _learn(state: Any, z: np.ndarray, sampler: Sampler, departure: Departure) -> Any:
    """Give every chain the mass matrix learnt from all chains' draws z [draw, chain, dim]."""
    flat, centred = z.reshape(-1, z.shape[-1]), departure.centred
    moved = np.asarray(jax.vmap(lambda one: to_centred(sampler.pooling, one, centred))(flat)) if centred.any() else flat
    learnt = learnt_covariance(departure.covariance, moved)
    return with_mass_matrix_of(state, sampler.ready(learnt, departure.chains))


def _state(sampler: Sampler, departure: Departure, trail: Trail) -> Any:
    """Return the state of all chains after the draws there are.

    Raises:
        InputError: the one that was kept belongs to another sampler.
    """
    state = sampler.ready(departure.covariance, departure.chains)
    learnt = [(at, first) for at, first in _learning(sampler.settings).items() if at <= trail.done]
    if learnt:
        at, first = learnt[-1]
        state = _learn(state, trail.columns("z", first, at), sampler, departure)
    if trail.state is None:
        return state
    try:
        return state_again(state, trail.state)
    except ValueError as error:
        remedy = "the folder is damaged: fit again"
        raise InputError([Problem(str(trail.kept.folder), str(error), remedy=remedy)]) from error


def _timed(step: Step, state: Any, trail: Trail, sampler: Sampler, departure: Departure, report: Callable) -> Any:
    """Return the state some draws on: as many as it takes to time them, and to tell what all will cost."""
    settings, spent, draws = sampler.settings, 0.0, 1
    last = min(trail.done + settings.block, settings.warmup)

    def clocked(state: Any, count: int) -> tuple[Any, Rows]:
        nonlocal spent
        begun = perf_counter()
        found = step(state, count)
        spent = perf_counter() - begun
        return found

    while trail.done + draws < last:
        state = _until(trail.done + draws, clocked, state, trail, sampler, departure, lambda _: None)
        if draws > 1 and spent > LONG_ENOUGH:
            break
        draws *= 2
    if spent:
        gradient = spent / float(np.sum(np.mean(trail.rows[-1]["num_steps"], axis=1)))
        report(forecast(settings, sampler.pooling.dimension, gradient, done=trail.done))
    return state


class Pace:
    """How fast the draws of late came, and what they are worth so far."""

    LATE, MORE = 100, 1.1
    """Draws whose pace counts; and how many times as many there must be before their effective size is asked again."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self.stamps = [(trail.done, perf_counter())]
        self.looked, self.ess = 0, None

    def progress(self, settings: Settings, total: int, step_size: float) -> Progress:
        """Return where sampling stands."""
        trail = self.trail
        self.stamps.append((trail.done, perf_counter()))
        while self.stamps[-1][0] - self.stamps[1][0] >= self.LATE:
            del self.stamps[0]
        (first, since), (done, now) = self.stamps[0], self.stamps[-1]
        return Progress(
            done=done,
            total=total,
            warmup=settings.warmup,
            divergences=int(trail.columns("diverging", settings.warmup, done).sum()),
            step_size=step_size,
            leapfrogs=float(np.mean(trail.rows[-1]["num_steps"])),
            seconds=trail.seconds,
            left=(now - since) / (done - first) * (total - done),
            ess=self._effective(settings.warmup, done),
        )

    def _effective(self, warmup: int, done: int) -> float | None:
        """Return the smallest effective size of a coordinate of all chains' draws, or what it was of late."""
        draws = done - warmup
        if draws >= max(10, self.MORE * self.looked):
            z = self.trail.by_chain("z", warmup, done)
            self.looked, self.ess = draws, float(np.min(effective_sample_size(z)))
        return self.ess
