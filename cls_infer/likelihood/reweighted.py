"""Two stages: patients' draws under a known interim prior, weighed again under a population's law."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from jax.scipy.special import logsumexp

from ..types import Batch
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
    return Interim(np.asarray(z, float), equal - np.logaddexp.reduce(equal, axis=1, keepdims=True), standard)


def log_normal(root: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """Return the log density of Normal(0, root root') at deviations [..., parameter]."""
    flat = deviation.reshape(-1, deviation.shape[-1])
    whitened = np.linalg.solve(root, flat.T).T.reshape(deviation.shape)
    scale = np.sum(np.log(np.diag(root))) + 0.5 * deviation.shape[-1] * np.log(2 * np.pi)
    return -0.5 * np.sum(whitened**2, axis=-1) - scale


class Products(NamedTuple):
    """Interim draws made ready to be weighed, as arrays that a compiled program takes as they come.

    `middle` [episode, parameter] is where each patient's draws lie; `each` [episode, product, draw] holds every
    product of two coordinates about it, and every coordinate; `known` [episode, draw] what no law changes.
    """

    middle: np.ndarray
    each: np.ndarray
    known: np.ndarray


def products(draws: Interim) -> Products:
    """Return the draws made ready. About the middle of each patient's, products keep their digits."""
    middle = np.einsum("es,esp->ep", np.exp(draws.log_weight), draws.z)
    z = np.moveaxis(draws.z - middle[:, None], 1, 2)
    rows, columns = np.tril_indices(z.shape[1])
    known = draws.log_weight - draws.log_prior - 0.5 * np.log(2 * np.pi) * z.shape[1]
    return Products(middle, np.concatenate([z[:, rows] * z[:, columns], z], axis=1), known)


def log_weights(people: Population, draws: Products, law: Law) -> jax.Array:
    r"""Return the log weight of every draw under each choice of cause [episode, choice, draw].

    The law's exponent is a sum of products of the draws, computed once, with what the law makes of them:
    $-\tfrac12 z^T \Lambda z + (\Lambda c)^T z$. The gradient is then one more such product.
    """
    centres, log_share = people.centres(law)
    roots = people.roots(law)
    identity = jnp.broadcast_to(jnp.eye(len(people.parameters)), roots.shape)
    inverse = jax.scipy.linalg.solve_triangular(roots, identity, lower=True)
    precision = jnp.swapaxes(inverse, 1, 2) @ inverse
    away = centres - draws.middle[:, None]  # [episode, choice, parameter]
    pull = jnp.einsum("eij,ecj->eci", precision, away)
    rows, columns = np.tril_indices(len(people.parameters))
    curved = np.where(rows == columns, 0.5, 1.0)[None] * precision[:, rows, columns]
    curved = jnp.broadcast_to(curved[:, None], (*away.shape[:2], len(rows)))
    exponent = jnp.einsum("ecf,efs->ecs", jnp.concatenate([-curved, pull], axis=2), draws.each)
    scale = jnp.sum(jnp.log(jnp.diagonal(roots, axis1=1, axis2=2)), axis=1)
    level = log_share - 0.5 * jnp.sum(pull * away, axis=2) - scale[:, None]
    return exponent + (level[:, :, None] + draws.known[:, None])


def log_marginal(people: Population, draws: Products, u: Batch) -> jax.Array:
    r"""Return each episode's log likelihood of a population's law u [episode]. Nothing is solved.

    $$\log L_e(u) = \log \sum_s w_{es}\, \frac{\text{Normal}(z_{es};\ c_e(u),\ \Sigma_e(u))}{\pi_e(z_{es})}$$

    with the interim prior $\pi_e$, up to a constant. What else multiplied the interim prior, as the healthy ranges
    do, is part of both and cancels.
    """
    return logsumexp(log_weights(people, draws, people.law(u)), axis=(1, 2))


def population_model(people: Population) -> Callable[[Products], None]:
    """Return the NumPyro model: standard normal coordinates `u` of the law and the patients' factor."""

    def model(draws: Products) -> None:
        u = numpyro.sample("u", dist.Normal(0.0, 1.0).expand([people.dimension]).to_event(1))
        numpyro.factor("patients", jnp.sum(log_marginal(people, draws, u)))

    return model
