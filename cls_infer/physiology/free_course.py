"""A leak of no prescribed course: a smooth random curve through knots."""

import jax.numpy as jnp
from jax import lax

from ..types import Scalar


def smooth_course(t: Scalar, knots: tuple[Scalar, ...], start: Scalar, spacing: Scalar, length: Scalar) -> Scalar:
    r"""Return a Gaussian process of mean 0 and variance 1 at time t [1], from independent standard normals.

    White noise z at equally spaced knots, convolved with a Gaussian and scaled to variance 1:

    $$g(t) = \frac{\sum_k \varphi_k z_k}{\sqrt{\sum_k \varphi_k^2}}, \qquad
      \varphi_k = \exp\Big[-\frac{(t - t_k)^2}{\ell^2}\Big], \qquad t_k = t_1 + (k-1)\,\Delta$$

    Between the first and last knot and for $\ell \ge \Delta$ its covariance is the squared exponential
    $\exp[-(t - s)^2 / 2\ell^2]$, so that $E[g'^2] = 1/\ell^2$. Smooth in t, linear in z. Far from the
    knots it stays at the value of the nearest one.

    Args:
        t: time [h].
        knots: z_k, standard normal [1].
        start: time t_1 of the first knot [h].
        spacing: time from knot to knot [h].
        length: length-scale l of the curve [h].

    Reference:
        Higdon (2002), Quantitative Methods for Current Environmental Issues, 37-56 [M]; the limit of many
        knots: Rasmussen & Williams (2006), Gaussian Processes for Machine Learning, 4.2.1 [M].
    """
    z = jnp.stack([jnp.asarray(knot, float) for knot in knots])
    exponents = -(((t - start - spacing * jnp.arange(len(knots))) / length) ** 2)
    # the largest cancels; without it every weight underflows far from the knots
    weights = jnp.exp(exponents - lax.stop_gradient(jnp.max(exponents)))
    return weights @ z / jnp.sqrt(weights @ weights)


def leak_about(level: Scalar, highest: Scalar, swing: Scalar) -> Scalar:
    r"""Return the leak $m_L \ge 1$ that lies `swing` log-units from its level, saturating at `highest` [1].

    $$m_L - 1 = \frac{x}{q + (1 - q)\,e^{-s}}, \qquad x = m - 1, \qquad q = \frac{m - 1}{m_{max} - 1}$$

    The level itself at s = 0, $x e^s$ while that is well below the highest: a logistic curve in s.

    Args:
        level: leak m at no swing [1], at least 1, below `highest`.
        highest: largest leak m_max [1].
        swing: s, of either sign [1].

    Reference:
        [A]; the logit link of a latent Gaussian process, Rasmussen & Williams (2006), 3.1 [M].
    """
    excess = level - 1
    filled = excess / (highest - 1)
    return 1 + excess / (filled + (1 - filled) * jnp.exp(-swing))
