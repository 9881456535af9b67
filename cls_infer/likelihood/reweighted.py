"""Two stages: patients' draws under a known interim prior, weighed again under a population's law."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import logsumexp

from ..types import Batch
from .population import Law, Population


class Interim(NamedTuple):
    """Draws of every patient alone, however they were made: coordinates z [episode, draw, parameter].

    `log_weight` [episode, draw] is of draws that are not alike, -inf where a patient has fewer; the interim prior was
    Normal(`mean` [episode, parameter], `covariance` [episode, parameter, parameter]), times what is part of both.
    """

    z: np.ndarray
    log_weight: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray


def interim(z: np.ndarray, *, log_weight: np.ndarray | None = None) -> Interim:
    """Return draws z [episode, draw, parameter] made under the standard normal; alike where no weights are given."""
    episodes, draws, size = z.shape
    equal = np.zeros((episodes, draws)) if log_weight is None else log_weight
    normalised = equal - np.logaddexp.reduce(equal, axis=1, keepdims=True)
    return Interim(
        np.asarray(z, float), normalised, np.zeros((episodes, size)), np.tile(np.eye(size), (episodes, 1, 1))
    )


class Products(NamedTuple):
    """Interim draws made ready to be weighed, as arrays that a compiled program takes as they come.

    `middle` [episode, parameter] is where each patient's draws lie; `each` [episode, product, draw] holds every
    product of two coordinates about it, and every coordinate; `known` [episode, draw] what no law changes; `kernel`
    [episode, parameter, parameter] is the covariance that each draw stands for.
    """

    middle: np.ndarray
    each: np.ndarray
    known: np.ndarray
    kernel: np.ndarray


def products(draws: Interim) -> Products:
    r"""Return the draws made ready, each as a narrow normal in place of a point.

    Points would leave the likelihood of a law jagged where its spread is smaller than they are apart. A normal of
    covariance $H = h^2 V$ about a draw drawn in to the patient's mean by $\sqrt{1 - h^2}$ keeps mean and covariance
    V, and is exact where the patient's posterior is normal. Over the interim prior Normal(m, C) it is again normal,

    $$\frac{\text{Normal}(z; a, H)}{\text{Normal}(z; m, C)} \propto
    \frac{\text{Normal}(z;\ a + H D^{-1} (a - m),\ H + H D^{-1} H)}{\text{Normal}(a; m, D)}, \qquad D = C - H$$

    Reference:
        West (1993), J R Stat Soc B 55:409-422.
    """
    weight = np.exp(draws.log_weight)
    centre = np.einsum("es,esp->ep", weight, draws.z)[:, None]
    away = draws.z - centre
    width = bandwidth(1 / np.sum(weight**2, axis=1), away.shape[2])[:, None, None]
    kernel = width**2 * np.einsum("es,esp,esq->epq", weight, away, away)
    drawn_in = centre + np.sqrt(1 - width**2) * away
    left = draws.covariance - kernel
    beyond = drawn_in - draws.mean[:, None]
    pulled = np.linalg.solve(left, np.swapaxes(beyond, 1, 2))  # [episode, parameter, draw]
    z = np.swapaxes(drawn_in, 1, 2) + kernel @ pulled
    known = draws.log_weight + 0.5 * np.einsum("esp,eps->es", beyond, pulled)
    middle = np.einsum("es,eps->ep", weight, z)
    z -= middle[:, :, None]
    rows, columns = np.tril_indices(z.shape[1])
    each = np.concatenate([z[:, rows] * z[:, columns], z], axis=1)
    return Products(middle, each, known, kernel + kernel @ np.linalg.solve(left, kernel))


def bandwidth(effective: np.ndarray, size: int) -> np.ndarray:
    """Return the kernels' width in units of the draws' own sd: half of Silverman's rule, at most a half.

    Reference:
        Silverman (1986), Density Estimation for Statistics and Data Analysis, 4.15.
    """
    return np.minimum(0.5 * (4 / ((size + 2) * effective)) ** (1 / (size + 4)), 0.5)


def log_weights(people: Population, draws: Products, law: Law) -> jax.Array:
    r"""Return the log weight of every draw under each choice of cause [episode, choice, draw].

    The law's exponent is a sum of products of the draws, computed once, with what the law makes of them:
    $-\tfrac12 z^T \Lambda z + (\Lambda c)^T z$, with the precision $\Lambda$ of law and kernel together. The
    gradient is then one more such product.
    """
    centres, log_share = people.centres(law)
    law_roots = people.roots(law)
    roots = jnp.linalg.cholesky(law_roots @ jnp.swapaxes(law_roots, 1, 2) + draws.kernel)
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
