"""What sampling tells of itself while it goes on: plain numbers, for a line on the screen or in a log."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where sampling stands after a block of draws.

    `done` of `total` draws of each chain, `warmup` of them; `divergences` since the warmup; the chains' mean
    `step_size`; `leapfrogs` of a draw, mean of the block; `seconds` of sampling so far and those `left` at the pace of
    late; `ess`, the smallest effective size of a coordinate so far, None before there are draws enough to tell.
    """

    done: int
    total: int
    warmup: int
    divergences: int
    step_size: float
    leapfrogs: float
    seconds: float
    left: float = 0.0
    ess: float | None = None


@dataclass(frozen=True)
class Forecast:
    """What sampling is expected to cost, told before it has gone far.

    `gradient` is the seconds that one gradient takes in every chain, as timed; `draws` are those ahead of each chain,
    of `leapfrogs` (fewest, most) each; `seconds` (fewest, most) what these take, and `longest` what the most draws take
    that a fit goes on to where R-hat or an effective size does not suffice.
    """

    gradient: float
    draws: int
    leapfrogs: tuple[int, int]
    seconds: tuple[float, float]
    longest: float
