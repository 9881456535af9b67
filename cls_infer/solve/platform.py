"""On what kind of device JAX computes now."""

from typing import Any

import jax


def devices() -> list[Any]:
    """Return the devices of the kind that new work goes to: that of the one chosen, else JAX's own choice."""
    chosen = jax.config.jax_default_device
    return jax.devices() if chosen is None else jax.devices(chosen.platform)


def platform() -> str:
    """Return `cpu`, `gpu` or what else JAX calls it."""
    return devices()[0].platform
