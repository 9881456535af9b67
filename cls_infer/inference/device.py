"""On which device a fit computes: the one asked for, or the one on which a gradient takes less time."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from time import perf_counter
from typing import Any

import jax
import numpy as np

from ..errors import InputError, Problem
from ..likelihood.posterior import Posterior
from .settings import Choice

TRIES = 3
"""The shortest of so many runs counts: what else the machine does only ever adds time."""

WORDS = {"cpu": "the processor", "gpu": "the GPU"}

type Clock = Callable[[Posterior, Any], float]
"""Seconds that a gradient of a target takes on a device, compiled."""


def found_devices() -> dict[str, Any]:
    """Return the first processor and, where JAX finds one, the first GPU."""
    found = {"cpu": jax.devices("cpu")[0]}
    with suppress(RuntimeError):  # so JAX says that there is none
        found["gpu"] = jax.devices("gpu")[0]
    return found


def check_device(wanted: str, found: Mapping[str, Any]) -> None:
    """Refuse a device that is not there.

    Raises:
        InputError: no such device, or none that JAX can use.
    """
    if wanted not in ("auto", *WORDS):
        remedy = "write `cpu`, `gpu`, or `auto` for the faster of the two"
        raise InputError([Problem("--device", f"there is no device `{wanted}`", remedy=remedy)])
    if wanted != "auto" and wanted not in found:
        remedy = "on a machine with an NVIDIA GPU install `cls_infer[cuda]`; anywhere else leave the option out"
        raise InputError([Problem("--device", "`gpu`: JAX finds no GPU here", remedy=remedy)])


def choose_device(
    wanted: str,
    target: Callable[[], Posterior],
    *,
    found: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
) -> Choice:
    """Return the device for a fit, and why.

    Args:
        wanted: `cpu`, `gpu`, or `auto` for the one on which a gradient of the fit takes less time.
        target: makes what is sampled; called only where there is a choice.
        found: the devices by name; those JAX finds unless given.
        clock: measures; `seconds_of_gradient` unless given.

    Raises:
        InputError: a device that is not there.
    """
    found = found_devices() if found is None else found
    check_device(wanted, found)
    if wanted != "auto":
        return Choice(found[wanted], f"{WORDS[wanted]}, as asked for")
    if "gpu" not in found:
        return Choice(None, "the processor; JAX finds no GPU")
    clock, made = clock or seconds_of_gradient, target()
    on_cpu = clock(made, found["cpu"])
    try:
        on_gpu = clock(made, found["gpu"])
    except jax.errors.JaxRuntimeError as error:
        first = str(error).strip().partition("\n")[0]
        return Choice(found["cpu"], f"the processor; the GPU cannot compute the fit's gradient: {first}")
    faster, slower = ("gpu", "cpu") if on_gpu < on_cpu else ("cpu", "gpu")
    took, other = sorted((on_cpu, on_gpu))
    compared = f"a gradient of the fit takes {1e3 * took:.3g} ms there, {1e3 * other:.3g} ms on {WORDS[slower]}"
    return Choice(found[faster], f"{WORDS[faster]}; {compared}")


def seconds_of_gradient(target: Posterior, device: Any) -> float:
    """Return the seconds that the log density and its gradient take on a device, without compiling."""
    with jax.default_device(device):
        anew = replace(target)  # what it has made for another device stays with that
        gradient = jax.jit(jax.value_and_grad(anew.log_factor))
        z = np.zeros(target.pooling.dimension)
        jax.block_until_ready(gradient(z))
        return min(_seconds(gradient, z) for _ in range(TRIES))


def _seconds(gradient: Callable, z: np.ndarray) -> float:
    begun = perf_counter()
    jax.block_until_ready(gradient(z))
    return perf_counter() - begun
