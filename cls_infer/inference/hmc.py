"""Posteriors sampled by Hamiltonian Monte Carlo, a batch at a time; what an earlier session ended is not done again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np

from ..solve.lanes import Tolerance
from .abreast import Suffices, by_hamiltonian
from .batch import SEARCHED, STATISTICS
from .certified import searched
from .chains import Draws
from .checkpoint import NOWHERE, Kept, out_of, within
from .journal import Journal
from .modes import Modes
from .posteriors import Posteriors
from .searches import Searches
from .settings import Settings

TOGETHER = 8
"""Posteriors in a batch: their lanes keep all devices busy, and no more of them are in memory."""


@dataclass(frozen=True)
class Chained:
    """The chains of the posterior of this number, solved how exactly, and where the searches for its mode ended."""

    number: int
    draws: Draws
    tolerance: Tolerance
    searches: Searches


def by_hmc(
    posteriors: Posteriors,
    settings: Settings,
    *,
    suffices: Suffices,
    report: Callable[[Any], None] = lambda _: None,
    kept: Kept = NOWHERE,
) -> list[Chained]:
    """Return the chains of every posterior, up to those that an interrupt (Ctrl-C) left incomplete."""
    everyone, done = range(len(posteriors.names)), list[Chained]()
    for first in range(0, len(everyone), TOGETHER):
        batch = everyone[first : first + TOGETHER]
        if len(everyone) > TOGETHER:
            report(f"patients: {first + 1} to {batch[-1] + 1} of {len(everyone)}{_left(done, len(everyone))}")
        known = [again(kept, number) for number in batch]
        whole = [one for one in known if one is not None]
        if len(whole) < len(batch):
            journal = Journal(kept, f"slopes-{first:05d}")
            posteriors, modes, spent = searched(posteriors, batch, settings, report, first=first == 0)
            options = {"searching": spent / len(batch), "journal": journal}
            whole = chained(posteriors, batch, modes, settings, suffices, report, **options)
            if not all(one.draws.complete for one in whole):
                return done + whole
            for one in whole:
                keep(kept, one)
            journal.drop()
        done += whole
        posteriors = posteriors.at(whole[0].tolerance)
    return done


def _left(done: Sequence[Chained], patients: int) -> str:
    """Return in words how long the other patients take, from those before; the first batch compiles, and tells less."""
    if len(done) <= TOGETHER:
        return ""
    each = np.mean([sum(one.draws.seconds.values()) for one in done[TOGETHER:]])
    return f", about {each * (patients - len(done)) / 60:.1f} minutes left"


def chained(
    posteriors: Posteriors,
    patients: Sequence[int],
    modes: Modes,
    settings: Settings,
    suffices: Suffices,
    report: Callable[[Any], None],
    *,
    searching: float,
    journal: Journal | None = None,
) -> list[Chained]:
    """Return the chains of patients whose modes are known; the search for each took so many seconds."""
    begun = perf_counter()
    report("compiling the slopes")
    posteriors.slope(modes.points[:1, 0], np.asarray(patients[:1]))
    compiled = perf_counter()
    options = {"suffices": suffices, "report": report, "journal": journal}
    found = by_hamiltonian(posteriors, patients, modes, settings, **options)
    parts = {"compile": compiled - begun, "sample": perf_counter() - compiled}
    seconds = {"start": searching, **{name: spent / len(patients) for name, spent in parts.items()}}
    return [
        Chained(
            number=patient,
            draws=replace(draws, seconds=seconds),
            tolerance=posteriors.target.tolerance,
            searches=Searches(*(column[i : i + 1] for column in modes.searches)),
        )
        for i, (patient, draws) in enumerate(zip(patients, found, strict=True))
    ]


def keep(kept: Kept, one: Chained) -> None:
    """Write what was sampled of one posterior; its facts, written last, mark it whole."""
    name = f"hmc-{one.number:05d}"
    ends = one.searches._asdict()
    kept.write(name, {"z": one.draws.z, **within(STATISTICS, one.draws.stats), **within(SEARCHED, ends)})
    kept.write_facts(name, {"tolerance": one.tolerance._asdict(), "seconds": one.draws.seconds})


def again(kept: Kept, number: int) -> Chained | None:
    """Return what an earlier session sampled of one posterior, None if it did not, or what it kept is damaged."""
    name = f"hmc-{number:05d}"
    facts, arrays = kept.read_facts(name), kept.read(name)
    if facts is None or arrays is None:
        return None
    draws = Draws(arrays["z"], out_of(STATISTICS, arrays), facts["seconds"])
    return Chained(number, draws, Tolerance(**facts["tolerance"]), Searches(**out_of(SEARCHED, arrays)))
