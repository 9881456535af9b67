"""What a road brings back, and how it is judged."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from arviz_stats.base.array import array_stats

from cls_infer.likelihood.posterior import Posterior

WARMUP, DRAWS, CHAINS = 500, 500, 4


@dataclass(frozen=True)
class Sampled:
    """The smallest effective size over patients and numbers, the seconds without compilation, those of compilation,
    and by how much the road's log density errs against the package's at 1e-10 [nats] about the first patient's mode."""

    effective: float
    seconds: float
    compiling: float
    nats: float
    note: str = ""


type Road = Callable[[Posterior], Sampled]


def fewest(z: np.ndarray) -> float:
    """Return the smallest bulk effective size of draws z [chain, draw, dim]."""
    return min(float(array_stats.ess(z[..., i], chain_axis=0, draw_axis=1)) for i in range(z.shape[-1]))
