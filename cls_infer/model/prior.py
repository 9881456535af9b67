"""Priors as plain records, each the image of a standard normal coordinate.

Every prior is a monotone map `value = transport(z)` of z ~ Normal(0, 1). Sampling, the search for the
mode and partial pooling all work on z: one scale for every parameter, no support to leave, and the
prior's own residual is z itself.
"""

from dataclasses import astuple, dataclass
from math import exp, log

import jax.numpy as jnp
from jax.scipy.special import ndtr, ndtri

from ..types import Numbers


@dataclass(frozen=True)
class Fixed:
    """A number the source holds constant; `int` values stay `int` so that powers stay multiplications."""

    number: float

    def __str__(self) -> str:
        return f"fixed {self.number:g}"


@dataclass(frozen=True)
class Normal:
    """value = mean + sd z."""

    mean: float
    sd: float

    @staticmethod
    def transport(z: Numbers, mean: Numbers, sd: Numbers) -> Numbers:
        """Map the standard normal coordinate to the value."""
        return mean + sd * z

    def coordinate(self, value: Numbers) -> Numbers:
        """Return the standard normal coordinate of a value."""
        return (value - self.mean) / self.sd

    @property
    def known(self) -> bool:
        """True when the prior has no spread: the value was measured outside the model."""
        return self.sd == 0

    def __str__(self) -> str:
        return f"normal({self.mean:g}, {self.sd:g})"


@dataclass(frozen=True)
class LogNormal:
    """value = shift + median exp(log_sd z)."""

    median: float
    log_sd: float
    shift: float = 0.0

    @staticmethod
    def transport(z: Numbers, median: Numbers, log_sd: Numbers, shift: Numbers) -> Numbers:
        """Map the standard normal coordinate to the value."""
        return shift + median * jnp.exp(log_sd * z)

    def coordinate(self, value: Numbers) -> Numbers:
        """Return the standard normal coordinate of a value; far below any where the prior has no mass."""
        return jnp.log(jnp.maximum((value - self.shift) / self.median, 1e-12)) / self.log_sd

    @property
    def known(self) -> bool:
        """True when the prior has no spread."""
        return self.log_sd == 0

    def __str__(self) -> str:
        shift = f"{self.shift:g} + " if self.shift else ""
        return f"{shift}lognormal({self.median:g}, {self.log_sd:g})"


@dataclass(frozen=True)
class TruncatedNormal:
    """Normal(mean, sd) restricted to (low, high), through its quantile function."""

    mean: float
    sd: float
    low: float
    high: float

    @staticmethod
    def transport(z: Numbers, mean: Numbers, sd: Numbers, low: Numbers, high: Numbers) -> Numbers:
        """Map the standard normal coordinate to the value."""
        below, above, share = ndtr(jnp.stack(jnp.broadcast_arrays((low - mean) / sd, (high - mean) / sd, z)))
        inside = below + (above - below) * jnp.clip(share, 1e-15, 1 - 1e-15)
        return mean + sd * ndtri(inside)

    @property
    def known(self) -> bool:
        """True when the prior has no spread."""
        return False

    def __str__(self) -> str:
        return f"normal({self.mean:g}, {self.sd:g}) in ({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class LogitNormal:
    """value = low + (high - low) sigmoid(location + scale z): a fraction of an interval."""

    location: float
    scale: float
    low: float = 0.0
    high: float = 1.0

    @staticmethod
    def transport(z: Numbers, location: Numbers, scale: Numbers, low: Numbers, high: Numbers) -> Numbers:
        """Map the standard normal coordinate to the value."""
        return low + (high - low) / (1 + jnp.exp(-(location + scale * z)))

    @property
    def known(self) -> bool:
        """True when the prior has no spread."""
        return self.scale == 0

    def __str__(self) -> str:
        median = self.low + (self.high - self.low) / (1 + exp(-self.location))
        return f"logit-normal({median:.3g}, {self.scale:g}) in ({self.low:g}, {self.high:g})"


@dataclass(frozen=True)
class Uncharted:
    """An amount nobody wrote down: lognormal(median, log_sd), or uniform on [low, high].

    `uniform` is 1 for the range and 0 for the lognormal, a number so that patients of one cohort may differ.
    """

    median: float
    log_sd: float
    low: float
    high: float
    uniform: float

    @staticmethod
    def transport(
        z: Numbers, median: Numbers, log_sd: Numbers, low: Numbers, high: Numbers, uniform: Numbers
    ) -> Numbers:
        """Map the standard normal coordinate to the value."""
        return jnp.where(uniform > 0, low + (high - low) * ndtr(z), median * jnp.exp(log_sd * z))

    @property
    def known(self) -> bool:
        """True when there is nothing to estimate: a place kept for the other patients of a cohort."""
        return self.uniform == 0 and self.log_sd == 0

    def __str__(self) -> str:
        if self.uniform:
            return f"uniform({self.low:g}, {self.high:g})"
        return f"lognormal({self.median:g}, {self.log_sd:g})"


type Spread = Normal | LogNormal | TruncatedNormal | LogitNormal | Uncharted
type Prior = Fixed | Spread


def fixed(number: float) -> Fixed:
    """Hold a parameter at the source's value."""
    return Fixed(number)


def normal(mean: float, sd: float) -> Normal:
    """Return a normal prior in the parameter's own unit."""
    return Normal(mean, sd)


def lognormal(median: float, log_sd: float, *, shift: float = 0.0) -> LogNormal:
    """Return a lognormal prior: `log_sd` is the standard deviation of log(value - shift)."""
    return LogNormal(median, log_sd, shift)


def lognormal_factor(median: float, factor: float) -> LogNormal:
    """Return a lognormal prior by its geometric standard deviation; a negative median gives negative values."""
    return LogNormal(median, log(factor))


def truncated_normal(mean: float, sd: float, low: float, high: float) -> TruncatedNormal:
    """Return a normal prior restricted to an interval."""
    return TruncatedNormal(mean, sd, low, high)


def logit_normal(median: float, scale: float, *, low: float = 0.0, high: float = 1.0) -> LogitNormal:
    """Return a prior for a fraction of (low, high), by its median and its spread in logits."""
    share = (median - low) / (high - low)
    return LogitNormal(log(share / (1 - share)), scale, low, high)


def value(prior: Prior, z: Numbers) -> Numbers:
    """Return the parameter's value at standard normal coordinate z."""
    if isinstance(prior, Fixed):
        return prior.number
    return prior.transport(z, *astuple(prior))
