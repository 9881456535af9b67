"""On what kind of device JAX computes now."""

from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from jaxlib._jax import Device


def devices() -> "list[Device]":
    """Return the devices of the platform that new work goes to: the one chosen, else JAX's own choice."""
    chosen = jax.config.jax_default_device
    if chosen is None:
        return jax.devices()
    return jax.devices(chosen if isinstance(chosen, str) else chosen.platform)


def platform() -> str:
    """Return `cpu`, `gpu` or what else JAX calls it."""
    return devices()[0].platform
