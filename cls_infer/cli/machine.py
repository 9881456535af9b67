"""JAX as the command line wants it: double precision, kept compilations, no harmless log lines."""

import os
from pathlib import Path

from ..owned import private_folder

QUIET_LOG = "2"
"""Lines of XLA's log below an error stay off the screen; 3 would hide errors too."""


def prepare_jax() -> None:
    """Switch on float64 and choose where compiled programs are kept. Must run before JAX is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", QUIET_LOG)
    _a_device_a_chain()
    import jax

    from ..solve.machine.known import keep_in

    jax.config.update("jax_enable_x64", True)
    if jax.config.jax_compilation_cache_dir is None and (folder := cache_folder()):
        keep_in(folder)


def cache_folder(name: str = "jax") -> Path | None:
    """Return a folder in the user's cache, None where it cannot be written or somebody else could write to it.

    What lies in it is run: compiled programs, and machine code. So it is this user's alone, `cls_infer` above it too.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        above = (Path(base) if base else Path.home() / ".cache") / "cls_infer"
        private = private_folder(above) and private_folder(above / name)
    except (OSError, RuntimeError):  # RuntimeError: no home
        return None
    return above / name if private and os.access(above / name, os.W_OK) else None


DEVICES = 4
"""Devices that JAX sees on a CPU, one for each chain of a usual fit, however few the cores: a chain alone runs
programs without a lane axis, three times as fast as two together, and waits for no other's longer tree."""


def _a_device_a_chain() -> None:
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_force_host_platform_device_count" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={DEVICES}".strip()
