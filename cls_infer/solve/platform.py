"""On what kind of device JAX computes now, and how many cores there are for it."""

import os
from typing import Any

import jax


def devices() -> list[Any]:
    """Return the devices of the kind that new work goes to: that of the one chosen, else JAX's own choice."""
    chosen = jax.config.jax_default_device
    return jax.devices() if chosen is None else jax.devices(chosen.platform)


def platform() -> str:
    """Return `cpu`, `gpu` or what else JAX calls it."""
    return devices()[0].platform


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
