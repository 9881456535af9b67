"""A smooth stretch of time."""

import jax

from ..types import Scalar


def open_between(t: Scalar, start: Scalar, end: Scalar, width: Scalar) -> Scalar:
    """Return 1 between start and end [h] and 0 outside, both edges logistic over `width` [h]."""
    return jax.nn.sigmoid((t - start) / (width / 2)) * jax.nn.sigmoid((end - t) / (width / 2))
