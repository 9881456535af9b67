"""What the chains start from: where each departs, the first mass matrix, what is sampled centred, and the wall."""

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpyro.infer.util import ParamInfo

from ..likelihood.centring import from_centred, to_centred
from ..likelihood.pooling import Pooling
from .centring import carried, choose_centred
from .outset import likely_outset
from .settings import Settings
from .start import Start

WALL = 700.0
"""Potential energy above the mode where a patient cannot be simulated; NumPyro calls an error of 1000 divergent."""


@dataclass(frozen=True)
class Departure:
    """Where sampling starts.

    `covariance` [dim, dim] is the Laplace approximation's; `z` [chain, dim], `potential` [chain] and `slope`
    [chain, dim] are where each chain departs, and the potential energy there; all are of what is sampled, which for the
    pooled parameters that are `centred` [pooled] is each patient's own coordinate. `share` [pooled] is the share of
    patients whose data outweigh the population, `wall` the potential energy where a patient cannot be simulated.
    """

    covariance: np.ndarray
    z: np.ndarray
    potential: np.ndarray
    slope: np.ndarray
    wall: np.ndarray
    centred: np.ndarray
    share: np.ndarray

    @property
    def chains(self) -> ParamInfo:
        """Where each chain departs, as NumPyro takes it."""
        return ParamInfo({"z": jnp.asarray(self.z)}, jnp.asarray(self.potential), {"z": jnp.asarray(self.slope)})


def depart(pooling: Pooling, start: Start, settings: Settings) -> Departure:
    """Return where the chains start after the search for the mode: of a population, about the likely spread."""
    start = set_out(pooling, start)
    centred, share = choose_centred(pooling, start.covariance)
    chains = departures(start, settings, pooling, centred)
    return Departure(
        covariance=np.asarray(carried(pooling, start.mode, start.covariance, centred)),
        z=np.asarray(chains.z["z"]),
        potential=np.asarray(chains.potential_energy),
        slope=np.asarray(chains.z_grad["z"]),
        wall=np.asarray(WALL + _normalised(start.log_posterior.max(), len(start.mode))),
        centred=np.asarray(centred),
        share=np.asarray(share),
    )


def set_out(pooling: Pooling, start: Start) -> Start:
    """Return the start at the likely spread, where patients follow a population."""
    if pooling.population is None:
        return start
    found = likely_outset(pooling, start.expand, start.mode[None], start.covariance[None])
    reached = np.broadcast_to(found.log_posterior, start.log_posterior.shape)
    return replace(start, mode=found.points[0], covariance=found.covariance[0], log_posterior=reached)


def departures(start: Start, settings: Settings, pooling: Pooling, centred: np.ndarray) -> ParamInfo:
    """Return where each chain starts, with potential and gradient there, of what is sampled.

    They come from the program that searched for the mode: NumPyro would compile the model's gradient a second time
    to learn them.
    """
    z = start.dispersed(settings.chains, settings.seed)
    at = start.expand(z)
    while np.any(astray := np.asarray(at.log_posterior) < start.log_posterior.max() - WALL / 2):
        z[astray] = (z[astray] + start.mode) / 2
        at = start.expand(z)
    potential, slope = _normalised(at.log_posterior, z.shape[1]), -at.gradient
    if not centred.any():
        return ParamInfo({"z": jnp.asarray(z)}, potential, {"z": slope})

    def moved(z: jax.Array, slope: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        c = to_centred(pooling, z, centred)
        (_, log_slope), pull = jax.vjp(lambda c: from_centred(pooling, c, centred), c)
        return c, log_slope, pull((slope, -jnp.ones(())))[0]

    c, log_slope, slope = jax.vmap(moved)(jnp.asarray(z), slope)
    return ParamInfo({"z": c}, potential - log_slope, {"z": slope})


def _normalised(log_posterior: Any, dimension: int) -> Any:
    """Return the potential energy of the NumPyro model where `expand` found this log posterior."""
    return 0.5 * dimension * np.log(2 * np.pi) - log_posterior
