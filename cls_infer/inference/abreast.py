"""Chains of many posteriors at once by Hamiltonian Monte Carlo: every leapfrog of all their lanes is one batch."""

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from .apart import Posteriors, Slope
from .chains import Draws
from .hamiltonian import Asking
from .lane_chains import LaneChains
from .modes import Modes
from .progress import Progress
from .seeds import generator
from .settings import Settings

EVERY = 2.0
"""Seconds between two reports."""

type Suffices = Callable[[int, np.ndarray], bool]
"""Whether the draws of a posterior, by its number, [chain, draw, dim] suffice."""


def by_hamiltonian(
    posteriors: Posteriors,
    patients: Sequence[int],
    modes: Modes,
    settings: Settings,
    *,
    suffices: Suffices,
    report: Callable[[Progress], None] = lambda _: None,
) -> list[Draws]:
    """Return the chains of these posteriors, whose modes are known, in the same order.

    Each has random numbers of its own, and how many there are beside it changes no bit of its draws.
    """
    chains = [LaneChains(settings) for _ in patients]
    asking = []
    for i, patient in enumerate(patients):
        rng = generator(settings.seed, posteriors.names[patient], "hamiltonian")
        asking.append(chains[i].asking(modes, i, rng, lambda z, patient=patient: suffices(patient, z)))
    begun = told = perf_counter()

    def tell() -> None:
        nonlocal told
        if (now := perf_counter()) - told > EVERY:
            told = now
            report(_progress(chains, settings, now - begun))

    return drive(asking, posteriors, patients, tell)


def _progress(chains: Sequence[LaneChains], settings: Settings, seconds: float) -> Progress:
    """Return where all chains stand together; those that ended early wait for none."""
    done = float(np.mean([one.done for one in chains]))
    total = max(one.total for one in chains)
    return Progress(
        done=int(done),
        total=total,
        warmup=settings.warmup,
        divergences=sum(one.divergences for one in chains),
        step_size=float(np.mean([one.step for one in chains])),
        leapfrogs=float(np.mean([one.leapfrogs for one in chains])),
        seconds=seconds,
        left=seconds * (total - done) / max(done, 1.0),
    )


def drive[T](
    asking: Sequence[Asking[T]],
    posteriors: Posteriors,
    patients: Sequence[int],
    tell: Callable[[], None] = lambda: None,
) -> list[T]:
    """Return what coroutines make, of whom all that go on are answered in one batch, round by round."""
    made: dict[int, T] = {}
    answers: dict[int, Slope | None] = dict.fromkeys(range(len(asking)))
    while answers:
        wanted: dict[int, np.ndarray] = {}
        for i, answer in answers.items():
            try:
                wanted[i] = next(asking[i]) if answer is None else asking[i].send(answer)
            except StopIteration as end:
                made[i] = end.value
        answers = dict(zip(wanted, _slopes(posteriors, wanted, patients), strict=True))
        tell()
    return [made[i] for i in range(len(asking))]


def _slopes(posteriors: Posteriors, wanted: dict[int, np.ndarray], patients: Sequence[int]) -> list[Slope]:
    """Return the slopes at the points that each asks for."""
    if not wanted:
        return []
    counts = [len(points) for points in wanted.values()]
    of = np.repeat([patients[i] for i in wanted], counts)
    found = posteriors.slope(np.concatenate(list(wanted.values())), of)
    ends = np.cumsum(counts)[:-1]
    values, gradients = np.split(found.log_posterior, ends), np.split(found.gradient, ends)
    return [Slope(*pair) for pair in zip(values, gradients, strict=True)]
