"""A smooth stretch of time."""

import jax

from ..types import Scalar


def risen(t: Scalar, start: Scalar, width: Scalar) -> Scalar:
    """Return 0 before `start` [h] and 1 after it, the edge logistic over `width` [h]."""
    return jax.nn.sigmoid((t - start) / (width / 2))


def open_between(t: Scalar, start: Scalar, end: Scalar, width: Scalar) -> Scalar:
    """Return 1 between start and end [h] and 0 outside, both edges logistic over `width` [h]."""
    return risen(t, start, width) * risen(end, t, width)


def ramp_between(t: Scalar, start: Scalar, end: Scalar, ramp: Scalar, width: Scalar) -> Scalar:
    r"""Return how far something has come that rises from `start` and falls from `end` on, each over `ramp` [h].

    $$r(t - t_{start}) - r(t - t_{end}), \qquad
      r(x) = \frac{w}{2 T} \left[ \mathrm{softplus} \frac{x}{w/2} - \mathrm{softplus} \frac{x - T}{w/2} \right]$$

    with the ramp T [h] and the rounding w of its corners, `width` [h]. Up to 1 if the stretch is longer than
    the ramp; a shorter one turns back on the way.
    """

    def ramped(x: Scalar) -> Scalar:
        softness = width / 2
        return softness / ramp * (jax.nn.softplus(x / softness) - jax.nn.softplus((x - ramp) / softness))

    return ramped(t - start) - ramped(t - end)
