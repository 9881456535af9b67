"""What sampling will cost, from one gradient timed and how many a draw usually takes; and how long it still takes."""

import numpy as np

from .kernel import first_step
from .progress import Forecast
from .settings import Settings

SPREAD = 4
"""How many times the fewest leapfrogs a draw may take: posteriors that are not normal need smaller steps. The shipped
data sets of 5, 29 and 67 unknown numbers took 1, 3.4 and 1.7 times the fewest."""


def forecast(settings: Settings, dimension: int, gradient: float, *, done: int = 0) -> Forecast:
    r"""Return what is ahead of chains with `done` draws behind them.

    A draw of a standard normal goes half way round in $\pi / \epsilon$ leapfrogs, with the first step size
    $\epsilon = d^{-1/4} / 2$. Trees are cut at the depths of the settings. `gradient` is the seconds of one leapfrog
    in every chain.
    """
    total = settings.warmup + settings.draws
    warmup, draws = max(settings.warmup - done, 0), total - max(settings.warmup, done)
    half_way = round(np.pi / first_step(dimension))
    fewest, most = (min(number, 2**settings.max_tree_depth - 1) for number in (half_way, SPREAD * half_way))

    def seconds(draws: int, leapfrogs: int) -> float:
        return gradient * (warmup * min(leapfrogs, 2**settings.max_tree_depth_warmup - 1) + draws * leapfrogs)

    further = (settings.most_draws - settings.draws) // settings.draws * settings.draws
    return Forecast(
        gradient=gradient,
        draws=warmup + draws,
        leapfrogs=(fewest, most),
        seconds=(seconds(draws, fewest), seconds(draws, most)),
        longest=seconds(draws + max(further, 0), most),
    )
