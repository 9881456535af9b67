"""Chains of many posteriors at once by Hamiltonian Monte Carlo: every leapfrog of all their lanes is one batch."""

from collections.abc import Callable, Sequence
from time import perf_counter

import numpy as np

from .apart import Slope
from .chains import Draws
from .checkpoint import NOWHERE
from .cost import forecast
from .hamiltonian import Asking
from .held import Centring
from .journal import Journal
from .lane_chains import LaneChains
from .modes import Modes
from .outset import likely_outset
from .posteriors import Sloped
from .progress import Forecast, Progress
from .seeds import generator
from .settings import Settings

EVERY = 2.0
"""Seconds between two reports."""

TIMED = 5
"""Rounds of slopes that tell how long one takes."""

type Suffices = Callable[[int, np.ndarray], bool]
"""Whether the draws of a posterior, by its number, [chain, draw, dim] suffice."""


def by_hamiltonian(
    posteriors: Sloped,
    patients: Sequence[int],
    modes: Modes,
    settings: Settings,
    *,
    suffices: Suffices,
    report: Callable[[Progress | Forecast], None] = lambda _: None,
    journal: Journal | None = None,
) -> list[Draws]:
    """Return the chains of these posteriors, whose modes are known, in the same order.

    Each has random numbers of its own, and how many there are beside it changes no bit of its draws. What the
    `journal` holds of an earlier session is not solved again. An interrupt (Ctrl-C) after all warmups returns the
    draws so far, marked incomplete.
    """
    modes = set_out(posteriors, patients, modes)
    ways = Centring(posteriors.pooled) if posteriors.pooled else None
    chains = [LaneChains(settings, ways and ways.held(modes, i)) for i in range(len(patients))]
    asking = []
    for i, patient in enumerate(patients):
        rng = generator(settings.seed, posteriors.names[patient], "hamiltonian")
        asking.append(chains[i].asking(modes, i, rng, lambda z, patient=patient: suffices(patient, z)))
    journal = journal or Journal(NOWHERE, "")
    try:
        return drive(asking, posteriors, patients, journal, Teller(chains, settings, modes.points.shape[-1], report))
    except KeyboardInterrupt:
        if not all(one.some for one in chains):
            raise
        return [one.so_far() for one in chains]


def set_out(posteriors: Sloped, patients: Sequence[int], modes: Modes) -> Modes:
    """Return where the chains of these posteriors set out: about their modes, or who follow a population about the
    likely spread that goes with the best of these."""
    if posteriors.pooled is None:
        return modes
    found = likely_outset(
        posteriors.pooled,
        lambda points: posteriors.expand(points, np.asarray(patients)),
        modes.points[:, 0],
        modes.covariance[:, 0],
    )
    arrived = np.ones((len(patients), 1), bool)
    return Modes(found.points[:, None], found.log_posterior[:, None], found.covariance[:, None], arrived)


class Teller:
    """What is told of chains on their way: once what they will cost, then now and again where they are."""

    def __init__(
        self,
        chains: Sequence[LaneChains],
        settings: Settings,
        dimension: int,
        report: Callable[[Progress | Forecast], None],
    ) -> None:
        self.chains, self.settings, self.dimension, self.report = chains, settings, dimension, report
        self.rounds, self.begun, self.told = 0, perf_counter(), perf_counter()

    def solved(self) -> None:
        """Tell, if it is time, after another round of slopes."""
        self.rounds += 1
        now = perf_counter()
        if self.rounds == TIMED:
            gradient = (now - self.begun) / TIMED / self.chains[0].lanes
            self.report(forecast(self.settings, self.dimension, gradient, done=self.chains[0].done))
        elif now - self.told > EVERY:
            self.told = now
            self.report(self._progress(now - self.begun))

    def _progress(self, seconds: float) -> Progress:
        """Return where all chains stand together; those that ended early wait for none."""
        done = float(np.mean([one.done for one in self.chains]))
        total = max(one.total for one in self.chains)
        return Progress(
            done=int(done),
            total=total,
            warmup=self.settings.warmup,
            divergences=sum(one.divergences for one in self.chains),
            step_size=float(np.mean([one.step for one in self.chains])),
            leapfrogs=float(np.mean([one.leapfrogs for one in self.chains])),
            seconds=seconds,
            left=seconds * (total - done) / max(done, 1.0),
        )


def drive[T](
    asking: Sequence[Asking[T]], posteriors: Sloped, patients: Sequence[int], journal: Journal, teller: Teller
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
        if not wanted:
            break
        counts = [len(points) for points in wanted.values()]
        found = journal.again(sum(counts))
        if found is None:
            of = np.repeat([patients[i] for i in wanted], counts)
            found = posteriors.slope(np.concatenate(list(wanted.values())), of)
            journal.add(found)
            teller.solved()
        answers = dict(zip(wanted, _apart(found, counts), strict=True))
    return [made[i] for i in range(len(asking))]


def _apart(found: Slope, counts: Sequence[int]) -> list[Slope]:
    """Return slopes that stand behind one another, so many of each, as those of each."""
    ends = np.cumsum(counts)[:-1]
    return [Slope(*pair) for pair in zip(*(np.split(column, ends) for column in found), strict=True)]
