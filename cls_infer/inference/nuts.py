"""NumPyro's NUTS: a compiled sampler (`kernel`), where its chains depart (`departure`), how they are followed
(`chains`)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .chains import Draws, follow
from .checkpoint import NOWHERE, Kept
from .departure import depart
from .kernel import Sampler, trace_sampler
from .progress import Progress
from .start import Start

__all__ = ["Draws", "Progress", "Sampler", "sample_nuts", "trace_sampler"]


def sample_nuts(
    sampler: Sampler,
    start: Start,
    *,
    enough: Callable[[np.ndarray], bool] = lambda _: True,
    report: Callable[[Any], None] = lambda _: None,
    kept: Kept = NOWHERE,
) -> Draws:
    """Return NUTS draws from the mode that was found on, as `follow` does.

    Pooled parameters of which most patients' data say more than their population are sampled as each patient's own
    coordinate, the others as deviations; the draws are of deviations either way.
    """
    return follow(sampler, depart(sampler.pooling, start, sampler.settings), enough=enough, report=report, kept=kept)
