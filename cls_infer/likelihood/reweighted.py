"""Two stages: patients' draws under a known interim prior, weighed again under a population's law."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import logsumexp
from scipy.special import logsumexp as np_logsumexp

from .population import Law, Population


class Interim(NamedTuple):
    """Draws of every patient alone, however they were made: coordinates [episode, draw, parameter].

    `log_weight` [episode, draw] is of draws that are not alike, -inf where a patient has fewer; `log_prior`
    [episode, draw] is the log density of the interim prior at the draws, of these coordinates.
    """

    z: np.ndarray
    log_weight: np.ndarray
    log_prior: np.ndarray


def interim(z: np.ndarray, *, log_weight: np.ndarray | None = None, log_prior: np.ndarray | None = None) -> Interim:
    """Return interim draws z [episode, draw, parameter]; alike and under the standard normal where nothing is said."""
    equal = np.zeros(z.shape[:2]) if log_weight is None else log_weight
    standard = log_normal(np.eye(z.shape[2]), z) if log_prior is None else log_prior
    return Interim(np.asarray(z, float), equal - np_logsumexp(equal, axis=1, keepdims=True), standard)


def log_normal(root: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return the log density of Normal(0, root root') at deviations [..., parameter]."""
    flat = deviation.reshape(-1, deviation.shape[-1])
    whitened = np.linalg.solve(root, flat.T).T.reshape(deviation.shape)
    scale = np.sum(np.log(np.diag(root))) + 0.5 * deviation.shape[-1] * np.log(2 * np.pi)
    return -0.5 * np.sum(whitened**2, axis=-1) - scale


@dataclass(frozen=True, eq=False)
class Reweighted:
    r"""The likelihood of a population's law u, from its patients' interim draws. Nothing is solved.

    $$\log L(u) = \sum_e \log \sum_s w_{es}\, \frac{\text{Normal}(z_{es};\ c_e(u),\ \Sigma_e(u))}{\pi_e(z_{es})}$$

    with the interim prior $\pi_e$, up to a constant. What else multiplied the interim prior, as the healthy ranges
    do, is part of both and cancels.
    """

    population: Population
    draws: Interim

    def log_weights(self, law: Law) -> jax.Array:
        r"""Return the log weight of every draw under each choice of cause [episode, choice, draw].

        The law's exponent is a sum of products of the draws, computed once, with what the law makes of them:
        $-\tfrac12 z^T \Lambda z + (\Lambda c)^T z$. The gradient is then one more such product.
        """
        population, middle = self.population, jnp.asarray(self._middle)
        centres, log_share = population.centres(law)
        roots = population.roots(law)
        identity = jnp.broadcast_to(jnp.eye(len(population.parameters)), roots.shape)
        inverse = jax.scipy.linalg.solve_triangular(roots, identity, lower=True)
        precision = jnp.swapaxes(inverse, 1, 2) @ inverse
        away = centres - middle[:, None]  # [episode, choice, parameter]
        pull = jnp.einsum("eij,ecj->eci", precision, away)
        rows, columns = np.tril_indices(len(population.parameters))
        curved = np.where(rows == columns, 0.5, 1.0)[None] * precision[:, rows, columns]
        curved = jnp.broadcast_to(curved[:, None], (*away.shape[:2], len(rows)))
        exponent = jnp.einsum("ecf,efs->ecs", jnp.concatenate([-curved, pull], axis=2), self._products)
        scale = jnp.sum(jnp.log(jnp.diagonal(roots, axis1=1, axis2=2)), axis=1)
        level = log_share - 0.5 * jnp.sum(pull * away, axis=2) - scale[:, None]
        return exponent + (level[:, :, None] + self._known)

    @cached_property
    def _middle(self) -> np.ndarray:
        """Where each patient's draws lie [episode, parameter]: products about it keep their digits."""
        return np.einsum("es,esp->ep", np.exp(self.draws.log_weight), self.draws.z)

    @cached_property
    def _products(self) -> np.ndarray:
        """Every product of two coordinates of a draw, and every coordinate [episode, product, draw]."""
        z = np.moveaxis(self.draws.z - self._middle[:, None], 1, 2)
        rows, columns = np.tril_indices(z.shape[1])
        return np.concatenate([z[:, rows] * z[:, columns], z], axis=1)

    @cached_property
    def _known(self) -> np.ndarray:
        """What does not depend on the law [episode, 1, draw]."""
        constant = 0.5 * np.log(2 * np.pi) * len(self.population.parameters)
        return (self.draws.log_weight - self.draws.log_prior - constant)[:, None]

    def log_marginal(self, u: jax.Array) -> jax.Array:
        """Return each episode's log likelihood of the law [episode]."""
        return logsumexp(self.log_weights(self.population.law(u)), axis=(1, 2))

    def numpyro_model(self) -> Callable[[], None]:
        """Return the NumPyro model: standard normal coordinates `u` of the law and the patients' factor."""

        def model() -> None:
            u = numpyro.sample("u", dist.Normal(0.0, 1.0).expand([self.population.dimension]).to_event(1))
            numpyro.factor("patients", jnp.sum(self.log_marginal(u)))

        return model
