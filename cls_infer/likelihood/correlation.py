"""Correlation matrices from standard normal coordinates: the LKJ distribution as a map, like every other prior."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import betaincinv, betaln, ndtr

from ..types import Batch

REACH, STEP = 8.0, 0.05
"""Knots of the map lie so far out, and so far apart: the cubic through them errs by under 1e-8."""


def pairs(size: int) -> list[tuple[int, int]]:
    """Return the places (row, column) below the diagonal, in the order of the coordinates."""
    return [(row, column) for row in range(size) for column in range(row)]


def correlation_root(z: Batch, size: int, concentration: float) -> jax.Array:
    r"""Return the Cholesky factor [size, size] of a correlation matrix; z ~ Normal(0, 1) makes it LKJ.

    Each coordinate gives a partial correlation $r_{ij}$ of parameters i and j given those before j,

    $$\tfrac{1 + r_{ij}}{2} \sim \text{Beta}(b_j, b_j), \qquad b_j = \eta + \tfrac{d - 2 - j}{2}, \qquad
    L_{ij} = r_{ij} \prod_{m<j} \sqrt{1 - r_{im}^2}$$

    Args:
        z: coordinates [pair], rows of the lower triangle one after another.
        size: number of parameters d.
        concentration: eta; 1 is uniform over correlation matrices, larger draws them to the identity.

    Reference:
        Lewandowski, Kurowicka, Joe (2009), J Multivar Anal 100:1989-2001.
    """
    places = pairs(size)
    partial = {
        (row, column): jnp.tanh(_arctanh_of(z[number], concentration + (size - 2 - column) / 2))
        for number, (row, column) in enumerate(places)
    }
    rows = []
    for row in range(size):
        left = jnp.asarray(1.0)
        entries = []
        for column in range(row):
            entries.append(partial[row, column] * left)
            left = left * jnp.sqrt(1 - partial[row, column] ** 2)
        rows.append(jnp.stack([*entries, left, *[jnp.zeros(())] * (size - row - 1)]))
    return jnp.stack(rows)


def _arctanh_of(z: jax.Array, b: float) -> jax.Array:
    """Return arctanh of the (-1, 1) Beta(b, b) variable whose standard normal coordinate is z."""
    value, slope = _knots(b)
    last = len(value) - 2
    place = jnp.clip(jnp.floor((z + REACH) / STEP).astype(int), 0, last)
    s = (z + REACH) / STEP - place
    inside = jnp.clip(s, 0.0, 1.0)
    here, there = jnp.asarray(value)[place], jnp.asarray(value)[place + 1]
    rise, later = STEP * jnp.asarray(slope)[place], STEP * jnp.asarray(slope)[place + 1]
    t = inside
    cubic = (
        (2 * t**3 - 3 * t**2 + 1) * here
        + (t**3 - 2 * t**2 + t) * rise
        + (3 * t**2 - 2 * t**3) * there
        + (t**3 - t**2) * later
    )
    return cubic + jnp.where(s < 0, s * rise, jnp.maximum(s - 1.0, 0.0) * later)


@cache
def _knots(b: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the map and its slope at the knots; the upper half mirrors the lower, which keeps its digits."""
    z = np.arange(-REACH, STEP / 2, STEP)
    p = betaincinv(b, b, ndtr(z))
    value = 0.5 * np.log(p / (1 - p))
    log_pdf_z = -0.5 * (z**2 + np.log(2 * np.pi))
    log_pdf_p = (b - 1) * (np.log(p) + np.log1p(-p)) - betaln(b, b)
    slope = 0.5 * np.exp(log_pdf_z - log_pdf_p) / (p * (1 - p))
    value[-1] = 0.0
    return np.concatenate([value, -value[-2::-1]]), np.concatenate([slope, slope[-2::-1]])
