"""The course of an injury that strikes at once and fades."""

import jax.numpy as jnp
from jax.nn import softplus

from ..types import Scalar
from .window import risen


def fading_injury(t: Scalar, t_0: Scalar, w: Scalar, tau: Scalar) -> Scalar:
    r"""Return what is there at time t of an effect that fades from the injury on [1].

    $$e = \mathrm{sigmoid}(x)\; e^{-s/\tau}, \qquad x = \frac{t - t_0}{w/2}, \qquad
      s = \frac w2 \mathrm{softplus}(x)$$

    Far beyond its edge $e = e^{-(t - t_0)/\tau}$.

    Args:
        t: time [h].
        t_0: time of the injury [h].
        w: width of the edge [h], above 0.
        tau: time constant [h].

    Reference:
        Exponential decay of each perturbation: burn models after Bert and Bowen [M], `physiology.md` 4.4; edge [A].
    """
    return risen(t, t_0, w) * jnp.exp(-(w / 2) * softplus((t - t_0) / (w / 2)) / tau)
