"""JAX as the command line wants it: double precision, kept compilations, no harmless log lines."""

import os
from pathlib import Path

QUIET_LOG = "2"
"""Lines of XLA's log below an error stay off the screen; 3 would hide errors too."""


def prepare_jax() -> None:
    """Switch on float64 and choose where compiled programs are kept. Must run before JAX is imported."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", QUIET_LOG)
    _one_device_a_core()
    import jax

    jax.config.update("jax_enable_x64", True)
    if jax.config.jax_compilation_cache_dir is None and (folder := cache_folder()):
        jax.config.update("jax_compilation_cache_dir", str(folder))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)


def cache_folder() -> Path | None:
    """Return the folder for compiled programs in the user's cache, None where it cannot be written."""
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(base) if base else Path.home() / ".cache") / "cls_infer" / "jax"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # RuntimeError: no home
        return None
    return folder if os.access(folder, os.W_OK) else None


def _one_device_a_core() -> None:
    """Let JAX see every core (four at most) as a device of its own, so that chains run side by side."""
    flags = os.environ.get("XLA_FLAGS", "")
    if "xla_force_host_platform_device_count" not in flags:
        count = min(os.cpu_count() or 1, 4)
        os.environ["XLA_FLAGS"] = f"{flags} --xla_force_host_platform_device_count={count}".strip()
