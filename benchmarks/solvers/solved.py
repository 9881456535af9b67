"""What a contender hands back, and how it is called."""

from collections.abc import Callable
from typing import Any, NamedTuple


class Solved(NamedTuple):
    """States [lane, stop, state], whether each lane was solved [lane], and steps tried [lane] where they are told."""

    states: Any
    ok: Any
    steps: Any = None


class Batched(NamedTuple):
    """A contender that takes all lanes at once: `solve(values, rtol)` under `jit`, with a gradient.

    `tolerances` are those it runs at; where they are several, one compiled program serves them all. `fewest`
    lanes are what it is asked for.
    """

    name: str
    tolerances: tuple[float, ...]
    solve: Callable[[tuple, Any], Solved]
    fewest: int = 1
    count: Callable[[tuple], Any] | None = None
    """Returns the steps of each lane where `solve` does not tell them."""


class OneAtATime(NamedTuple):
    """A contender that takes one lane: `solve(y0, numbers, rtol)` returns states [stop, state], success and steps."""

    name: str
    tolerances: tuple[float, ...]
    solve: Callable[[Any, Any, float], tuple[Any, bool, int | None]]
