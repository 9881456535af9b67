"""What is known beforehand of how patients differ."""

from dataclasses import astuple, dataclass
from typing import Any

import jax.numpy as jnp
from jax.scipy.special import ndtr

from ..model.prior import LogNormal
from ..types import Batch, Numbers

SPREAD = LogNormal(median=0.3, log_sd=1.0)
"""Prior of the between-patient spread tau, in units of the parameter's own prior sd [A]."""

APART = LogNormal(median=1.0, log_sd=0.5)
"""Prior of the spread between groups that nobody charted, in the same units [A]: who asks for groups takes them to lie
apart; were they as near as patients are, they could not be told from one wide group."""


@dataclass(frozen=True)
class HalfCauchy:
    """A spread of |Cauchy(0, scale)|, as the image of a standard normal coordinate."""

    scale: float

    @staticmethod
    def transport(z: Numbers, scale: Numbers) -> Numbers:
        """Map the standard normal coordinate to the value."""
        return scale * jnp.tan(jnp.pi / 2 * jnp.clip(ndtr(z), 1e-15, 1 - 1e-12))


@dataclass(frozen=True)
class Hyperprior:
    """What is known of a population beforehand, in units of each parameter's own prior sd.

    `mean_sd` of mu; `spread` of tau, of the spread between one person's episodes and of that between causes; `apart`
    of that between groups that nobody charted; `effect_sd` of an entry of B [A: as large as an ordinary spread];
    `concentration` of LKJ.
    """

    mean_sd: float = 1.0
    spread: LogNormal | HalfCauchy = SPREAD
    apart: LogNormal = APART
    effect_sd: float = 0.3
    concentration: float = 2.0

    def spread_of(self, z: Batch) -> Any:
        """Return a spread from its coordinate."""
        return self.spread.transport(z, *astuple(self.spread))
