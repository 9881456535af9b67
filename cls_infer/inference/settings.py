"""How and where to sample. Apart from the sampler, so that the command line knows its defaults without loading JAX."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import Problem

TWO_STAGE = "two-stage"
ONE_STAGE = ("auto", "hmc", "nuts", "importance", "laplace")
METHODS = (*ONE_STAGE, TWO_STAGE)
"""Hamiltonian Monte Carlo of many lanes abreast; NUTS; importance sampling, with NUTS for whom it gives no certificate;
the Laplace approximation, weighed but not corrected; two stages, patients apart and then weighed under their
population; or `auto`: importance sampling where few numbers are unknown, elsewhere Hamiltonian Monte Carlo of patients
who share nothing and NUTS of those who do."""

SOLVERS = ("auto", "tsit5", "ros34pw2")
"""Those that watch their error."""

LEAST = {"chains": 1, "draws": 4, "warmup": 1, "seed": 0}


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


def setting_problems(settings: Settings, place: Callable[[str], str] = "settings.{}".format) -> Iterator[Problem]:
    """Yield what no fit can work with; `place` says where the user wrote the setting of a name."""
    for name, known in (("method", METHODS), ("solver", SOLVERS)):
        if (written := getattr(settings, name)) not in known:
            listed = ", ".join(f"`{one}`" for one in known)
            yield Problem(place(name), f"there is no {name} `{written}`", remedy=f"there are {listed}")
    for name, least in LEAST.items():
        if (number := getattr(settings, name)) < least:
            yield Problem(place(name), f"is {number}", remedy=f"write {least} or more")
    if not 0 < settings.target_accept < 1:
        remedy = "write a number between 0 and 1, such as 0.99"
        yield Problem(place("target_accept"), f"is {settings.target_accept:g}", remedy=remedy)
    if not 1e-9 <= settings.rtol <= 0.1:
        remedy = "write a number from 1e-9 to 0.1, such as 1e-5"
        yield Problem(place("rtol"), f"is {settings.rtol:g}", remedy=remedy)
