"""What the page leads with: our fastest solve within the budget of error, against diffrax's."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .table import Row

BUDGET = 0.05
"""Nats of log-likelihood a lane at worst."""

YARDSTICK = ("diffrax Tsit5", 1e-6)

OURS = ("machine", "fused", "xla")


class Target(NamedTuple):
    """A ratio asked for: on bodies at a spread and at least so many lanes, against the yardstick."""

    words: str
    spread: str
    at_least: float


TARGETS = (
    Target("cohort value + gradient, 1,000 patients, posterior spread", "posterior", 10.0),
    Target("the same at prior-tail spread", "prior tail", 30.0),
)
LANES = 1024
"""Of the targets: 1,000 patients."""


class Lead(NamedTuple):
    """One case: the yardstick's row, our fastest within budget, diffrax's fastest within budget; None if none is."""

    problem: str
    spread: str
    lanes: int
    yardstick: Row | None
    ours: Row | None
    theirs: Row | None


def within(row: Row) -> bool:
    """Return whether no judged lane failed and none is off by more than the budget."""
    return row.failed == 0 and row.worst_nats is not None and row.worst_nats <= BUDGET


def cost(row: Row) -> float:
    """Return microseconds a lane of value and gradient; endless where it was not timed."""
    return row.gradient_us if row.gradient_us is not None else float("inf")


def ratio(slow: Row | None, fast: Row | None) -> float | None:
    """Return how many times faster one is than the other in value and gradient, or None."""
    if slow is None or fast is None or slow.gradient_us is None or fast.gradient_us is None:
        return None
    return slow.gradient_us / fast.gradient_us


def leads(rows: Sequence[Row]) -> list[Lead]:
    """Return one case a problem, spread and number of lanes, in the order of the rows."""
    cases = dict.fromkeys((row.problem, row.spread, row.lanes) for row in rows)
    return [_lead(case, [row for row in rows if (row.problem, row.spread, row.lanes) == case]) for case in cases]


def _lead(case: tuple[str, str, int], rows: Sequence[Row]) -> Lead:
    yardstick = next((row for row in rows if (row.solver, row.rtol) == YARDSTICK), None)
    mine = [row for row in rows if row.solver.startswith(OURS)]
    theirs = [row for row in rows if row.solver.startswith("diffrax")]
    return Lead(*case, yardstick, _fastest(mine), _fastest(theirs))


def _fastest(rows: Iterable[Row]) -> Row | None:
    timed = [row for row in rows if within(row) and row.gradient_us is not None]
    return min(timed, key=cost, default=None)
