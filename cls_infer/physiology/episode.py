"""The course of one episode of leak: prodrome, onset, plateau, recovery."""

import jax.numpy as jnp
from jax.nn import sigmoid

from ..types import Scalar
from .window import risen


def leak_drive(
    t: Scalar,
    onset: Scalar,
    duration: Scalar,
    w_on: Scalar,
    t_off: Scalar,
    e_p: Scalar,
    *,
    prodrome_lead: Scalar,
    prodrome_width: Scalar,
    merge: Scalar,
    w_corner: Scalar,
) -> Scalar:
    r"""Return the drive $E$ of the leak at time t [1]: 0 in health, 1 at the full attack.

    The number of large pores follows as $m_L = 1 + (M - 1) E$.

    $$E = [r + e \max(1 - r/\mu,\, 0)]\; e^{-s/t_{off}}, \qquad
      r = \mathrm{sigmoid}\frac{t - t_0}{w_{on}/2}, \qquad
      e = e_p\,\mathrm{sigmoid}\frac{t - t_0 + t_{lead}}{w_{lead}}$$

    with $s = \frac12 (x + \sqrt{x^2 + w^2})$, $x = t - t_0 - D$: the time since the leak began
    to close, its corner rounded over `w_corner`. With $\mu = 1$ prodrome and attack join as
    independent causes, $1 - (1 - r)(1 - e)$. With $\mu = e_p$ a completed prodrome gives the
    larger of the two, $\max(r, e_p)$. Both fade together.

    Args:
        t: time [h].
        onset: time t_0 of the half-risen attack [h].
        duration: time D from onset until the leak begins to close [h].
        w_on: width of the onset [h].
        t_off: time constant of the recovery [h].
        e_p: level of the prodrome [1].
        prodrome_lead: how long before the onset the prodrome is half risen [h].
        prodrome_width: width of the rise of the prodrome [h].
        merge: drive mu of the attack at which the prodrome has merged into it [1]; at 0 there is no prodrome.
        w_corner: rounding of the corner between plateau and recovery [h]; 0 is the hard corner.

    Reference:
        [A], phases and lengths from published attacks of the Clarkson syndrome [F].
    """
    attack = risen(t, onset, w_on)
    prodrome = e_p * sigmoid((t - onset + prodrome_lead) / prodrome_width)
    merges = merge > 0.0
    room = jnp.where(merges, jnp.maximum(1 - attack / jnp.where(merges, merge, 1.0), 0.0), 0.0)
    fade = jnp.exp(-_elapsed(t - onset - duration, w_corner) / t_off)
    return (attack + prodrome * room) * fade


def _elapsed(x: Scalar, width: Scalar) -> Scalar:
    """Return 0 before the corner at x = 0 and x after it, rounded over `width`.

    The slope at a hard corner is the mean of the two sides; the square root never sees 0,
    where its own slope is infinite.
    """
    square = x * x + width * width
    corner = square == 0.0
    return 0.5 * (x + jnp.where(corner, 0.0, jnp.sqrt(jnp.where(corner, 1.0, square))))
