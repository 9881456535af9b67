"""The weighed draws of some posteriors that were worked on together, in memory and on disk."""

from dataclasses import dataclass

import numpy as np

from ..solve.lanes import Tolerance
from .checkpoint import Kept, out_of, within
from .searches import Searches, none_of

STATISTICS, SEARCHED = "stats.", "searches."
"""Groups of arrays in a file."""


@dataclass(frozen=True)
class Batch:
    """Of each posterior with draws to keep: its number in `which`, its `points` [chain, draw, dim], their statistics
    [chain, draw] by name, the `numbers` of its certificate, and where the `searches` for its mode ended.

    `tolerance` is how exactly the batch was solved; `searching` and `weighing` are the seconds of its parts.
    """

    which: list[int]
    points: list[np.ndarray]
    stats: list[dict[str, np.ndarray]]
    numbers: list[tuple[float, ...]]
    searches: Searches
    tolerance: Tolerance
    searching: float
    weighing: float


def keep_batch(kept: Kept, name: str, batch: Batch) -> None:
    """Write a batch; its facts, written last, mark it whole."""
    if batch.which:
        stats = within(STATISTICS, {key: np.stack([one[key] for one in batch.stats]) for key in batch.stats[0]})
        ends = within(SEARCHED, batch.searches._asdict())
        numbers = np.array(batch.numbers, float)
        kept.write(name, {"points": np.stack(batch.points), "numbers": numbers, **stats, **ends})
    seconds = {"searching": batch.searching, "weighing": batch.weighing}
    kept.write_facts(name, {"which": batch.which, "tolerance": batch.tolerance._asdict(), **seconds})


def batch_again(kept: Kept, name: str) -> Batch | None:
    """Return the batch that was kept, None if it was not, or not whole."""
    facts = kept.read_facts(name)
    if facts is None:
        return None
    nothing = {"points": np.zeros(0), "numbers": np.zeros(0), **within(SEARCHED, none_of()._asdict())}
    arrays = kept.read(name) if facts["which"] else nothing
    if arrays is None:
        return None
    stats = out_of(STATISTICS, arrays)
    return Batch(
        which=[int(number) for number in facts["which"]],
        points=list(arrays["points"]),
        stats=[{key: value[i] for key, value in stats.items()} for i in range(len(facts["which"]))],
        numbers=[tuple(row) for row in arrays["numbers"]],
        searches=Searches(**out_of(SEARCHED, arrays)),
        tolerance=Tolerance(**facts["tolerance"]),
        searching=facts["searching"],
        weighing=facts["weighing"],
    )
