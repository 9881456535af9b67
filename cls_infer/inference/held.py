"""What the lanes of a posterior move through: z, or in the place of some deviations each patient's own coordinate.

Chains know nothing of it: they ask for slopes where they stand, and what stands between asks for them in z.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..likelihood.centring import from_centred, to_centred
from ..likelihood.pooling import Pooling
from .apart import Slope
from .centring import carried, choose_centred, in_words
from .hamiltonian import Asking
from .interweave import Interweaving
from .modes import Modes


@dataclass(frozen=True)
class Centring:
    """The ways between z and c of a population's posteriors, compiled once for all of them."""

    pooling: Pooling

    @cached_property
    def back(self) -> Callable[..., Any]:
        """Return z [lane, dim] from c [lane, dim] and `centred` [pooled]."""
        return jax.jit(jax.vmap(lambda c, centred: from_centred(self.pooling, c, centred)[0], (0, None)))

    @cached_property
    def pulled(self) -> Callable[..., Any]:
        """Return log |dz/dc| [lane] and the gradient of log p(z(c)) |dz/dc| [lane, dim] at c [lane, dim], from that of
        log p(z) [lane, dim] and `centred` [pooled]."""

        def at(c: jax.Array, centred: jax.Array, gradient: jax.Array) -> tuple[jax.Array, jax.Array]:
            (_, log_slope), pull = jax.vjp(lambda c: from_centred(self.pooling, c, centred), c)
            return log_slope, pull((gradient, jnp.ones(())))[0]

        return jax.jit(jax.vmap(at, (0, None, 0)))

    @cached_property
    def there(self) -> Callable[..., Any]:
        """Return c [lane, dim] from z [lane, dim] and `centred` [pooled]."""
        return jax.jit(jax.vmap(lambda z, centred: to_centred(self.pooling, z, centred), (0, None)))

    @cached_property
    def law(self) -> Interweaving:
        """Moves of the law between transitions."""
        return Interweaving(self.pooling)

    def held(self, modes: Modes, which: int) -> "Held":
        """Return what the lanes of a posterior of these modes move through."""
        centred, share = choose_centred(self.pooling, modes.covariance[which, 0])
        root = self.law.root(modes.points[which, 0])
        return Held(self, centred, in_words(self.pooling, centred, share), root)


@dataclass(frozen=True)
class Held:
    """One posterior's points c, which hold z_i in place of eta_i where `centred` [pooled]; `told` says so in words.
    `root` [law, law] is that of the steps that the law takes by itself."""

    ways: Centring
    centred: np.ndarray
    told: str
    root: np.ndarray

    def z(self, c: np.ndarray) -> np.ndarray:
        """Return z [lane, dim] of c [lane, dim]."""
        return np.asarray(self.ways.back(c, self.centred)) if self.centred.any() else c

    def with_law_moved(self, c: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return c [lane, dim] after a walk of the law in which every patient stays where it is."""
        z = self.ways.law.moved(self.z(c), self.root, rng)
        return np.asarray(self.ways.there(z, self.centred)) if self.centred.any() else z

    def modes(self, modes: Modes, which: int) -> Modes:
        """Return the modes of the posterior alone, where the lanes see them."""
        z, pooling = modes.points[which], self.ways.pooling
        if not self.centred.any():
            return Modes(
                *(a[which : which + 1] for a in (modes.points, modes.log_posterior, modes.covariance, modes.arrived))
            )
        c = np.asarray(self.ways.there(z, self.centred))
        covariance = np.stack(
            [carried(pooling, *both, self.centred) for both in zip(z, modes.covariance[which], strict=True)]
        )
        log_slope = np.asarray(self.ways.pulled(c, self.centred, np.zeros_like(c))[0])
        log_posterior = modes.log_posterior[which] + log_slope
        return Modes(c[None], log_posterior[None], covariance[None], modes.arrived[which][None])

    def through[T](self, asking: Asking[T]) -> Asking[T]:
        """Return the coroutine that asks in z for what another asks in c."""
        if not self.centred.any():
            return (yield from asking)
        try:
            c = next(asking)
            while True:
                value, gradient = yield self.z(c)
                log_slope, pulled = self.ways.pulled(c, self.centred, gradient)
                c = asking.send(Slope(value + np.asarray(log_slope), np.asarray(pulled)))
        except StopIteration as end:
            return end.value
