"""A measurement at an uncertain time: the times that stand for it, and the moments of a prediction over them."""

from math import sqrt

import jax
import numpy as np

WEIGHTS = np.array([2 / 3, 1 / 6, 1 / 6])
"""Weights of three-point Gauss-Hermite quadrature: the stated time, the node before it, the node after it."""

DECIMALS = 2
"""The distance of the nodes is rounded to 0.01 h: 12.003 h, that of a sample drawn at any hour of its day, becomes
12 h, and neighbouring days share a stop. A time known to ten seconds counts as known exactly."""


def node_times(time: float, time_sd: float) -> np.ndarray:
    r"""Return the times [node] that stand for $t \sim \mathrm{Normal}$(`time`, `time_sd`), all in h.

    They are $t$ and $t \mp \sqrt 3\,\tau$ with the standard deviation $\tau$; all three the same where it is 0.
    """
    offset = round(sqrt(3) * time_sd, DECIMALS)
    return np.array([time, time - offset, time + offset])


def moments(at_nodes: jax.Array) -> tuple[jax.Array, jax.Array]:
    r"""Return mean and variance [...] over an uncertain time, from predictions at its nodes [..., node].

    $$\mu = \sum_k w_k\,m(t_k), \qquad v = \sum_k w_k\,(m(t_k) - \mu)^2$$

    The mean is exact for polynomials in time up to degree 5, the variance up to degree 2: a straight line keeps
    its value and has $v = (\dot m\,\tau)^2$. Where all nodes are one time the mean is exactly the prediction there
    and the variance, with its gradient, exactly 0.
    """
    stated = at_nodes[..., :1]
    shift = (at_nodes - stated) @ WEIGHTS
    mean = stated[..., 0] + shift
    return mean, (at_nodes - mean[..., None]) ** 2 @ WEIGHTS
