"""Where sampling starts: the mode, sought from several dispersed points at once, and its Laplace covariance."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from ..errors import InputError, Problem
from ..likelihood.posterior import FAILED, Posterior
from .gauss_newton import Expansion
from .levenberg_marquardt import FIRST_DAMPING, damped_steps, kept, next_damping
from .programs import Programs
from .searches import STARTS, Searches, has_arrived, searches
from .unsolved import unsolved

type Report = Callable[[str], None]

WORTHWHILE = 1e-2
"""Gain of an iteration [nats] below which it was idle: a sampler starts no better from a mode known more exactly."""

PATIENCE = 3
"""Idle iterations in a row that end the search; a single one may only have been damped too little."""


@dataclass(frozen=True)
class Start:
    """The best mode found: z [dim], its covariance [dim, dim], and the log posterior every start reached.

    `look` is the compiled expansion of as many points as there were starts; `searches` is where each of them ended.
    """

    mode: np.ndarray
    covariance: np.ndarray
    log_posterior: np.ndarray
    iterations: int
    look: Callable[[jax.Array], Expansion]
    searches: Searches | None = None

    def expand(self, z: np.ndarray) -> Expansion:
        """Return the expansion of the log posterior about any number of points z [point, dim]."""
        batch = len(self.log_posterior)
        padded = np.concatenate([z, np.tile(self.mode, (-len(z) % batch, 1))])
        parts = [self.look(jnp.asarray(part)) for part in np.split(padded, len(padded) // batch)]
        return jax.tree.map(lambda *rows: jnp.concatenate(rows)[: len(z)], *parts)

    def dispersed(self, chains: int, seed: int) -> np.ndarray:
        """Return a starting point for each chain [chain, dim], drawn from the Laplace approximation."""
        rng = np.random.default_rng(seed)
        root = np.linalg.cholesky(self.covariance)
        return self.mode + rng.standard_normal((chains, len(self.mode))) @ root.T


def find_start(
    target: Posterior,
    *,
    seed: int,
    starts: int = STARTS,
    most_iterations: int = 60,
    report: Report = lambda _: None,
    programs: Programs | None = None,
) -> Start:
    """Return the mode by Levenberg-Marquardt from `starts` dispersed points, all in one batch.

    The first start is the prior's median, the others are draws from the prior at 0.7 of its spread. What
    `programs` holds of another patient is not compiled again.

    Raises:
        InputError: the prior's median cannot be solved; names patients, the measurement that is not reached and the
            parameter that mends it, where one does.
    """
    look = (programs or Programs()).expansion(target)
    rng = np.random.default_rng(seed)
    z = 0.7 * rng.standard_normal((starts, target.pooling.dimension))
    z[0] = 0.0
    report("compiling the search for the mode")
    at = look(jnp.asarray(z))
    dead = np.asarray(at.log_posterior) <= FAILED / 2
    if dead[0]:
        raise InputError(_of_median(target, at))
    if dead.any():
        z[dead] = 0.1 * rng.standard_normal((int(dead.sum()), z.shape[1]))
        at = look(jnp.asarray(z))
    damping = np.full(starts, FIRST_DAMPING)
    idle = 0
    for iteration in range(1, most_iterations + 1):
        step = damped_steps(np.asarray(at.gradient), np.asarray(at.curvature), damping)
        trial = look(jnp.asarray(z + step))
        gain = np.asarray(trial.log_posterior - at.log_posterior)
        better = gain > 0
        z[better] += step[better]
        at = kept(better, trial, at)
        damping = next_damping(damping, better)
        best = int(np.argmax(at.log_posterior))
        report(f"mode: iteration {iteration}, log posterior {float(at.log_posterior[best]):.2f}")
        idle = 0 if np.max(gain) > WORTHWHILE else idle + 1
        if idle == PATIENCE:
            break
    covariance = np.linalg.inv(np.asarray(at.curvature[best]))
    return Start(z[best], covariance, np.asarray(at.log_posterior), iteration, look, _ended(z, at))


def _ended(z: np.ndarray, at: Expansion) -> Searches:
    """Return where the searches of the one posterior ended, the best first."""
    order = np.argsort(-np.asarray(at.log_posterior))
    value, gradient, curvature = (np.asarray(a)[order] for a in (at.log_posterior, at.gradient, at.curvature))
    covariance = np.linalg.inv(curvature)
    arrived = has_arrived(value, gradient, covariance)
    return searches(*(a[None] for a in (z[order], value, covariance, arrived)))


def _of_median(target: Posterior, at: Expansion) -> list[Problem]:
    """Return what keeps patients from being solved at the prior's median, the first point of the expansion."""
    failing = np.flatnonzero(np.asarray(at.log_likelihood[0]) <= FAILED / 2)
    coordinates = np.asarray(target.pooling.coordinates(jnp.zeros(target.pooling.dimension)))
    return unsolved(target, failing.tolist(), coordinates[failing][:, None])
