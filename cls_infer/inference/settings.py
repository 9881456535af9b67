"""How and where to sample. Apart from the sampler, so that the command line knows its defaults without loading JAX."""

from dataclasses import dataclass
from typing import Any

METHODS = ("auto", "nuts", "importance", "laplace", "two-stage")
"""NUTS; importance sampling, with NUTS for whom it gives no certificate; the Laplace approximation, weighed but not
corrected; two stages, patients apart and then weighed under their population; or `auto`, importance sampling where few
numbers are unknown and NUTS elsewhere."""


@dataclass(frozen=True)
class Settings:
    """How to sample.

    `block` draws run in one compiled call. Where `draws` are not enough, as many again follow, up to `most_draws`.
    `rtol` is the solver's relative error a step; where that errs too much in nats, a tighter one is chosen.
    `solver` is its method, one of `solve.lanes.METHODS`. `method` is how to sample, one of `METHODS`.
    """

    chains: int = 4
    warmup: int = 300
    draws: int = 500
    most_draws: int = 4000
    seed: int = 1
    target_accept: float = 0.95
    max_tree_depth: int = 8
    max_tree_depth_warmup: int = 5
    block: int = 25
    rtol: float = 3e-4
    solver: str = "auto"
    method: str = "auto"


@dataclass(frozen=True)
class Choice:
    """The device that a fit computes on, None for the only one, and why, in words."""

    device: Any
    why: str
