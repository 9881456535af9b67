"""What every test runs under: float64, strict shapes, kept compilations, repeatable examples."""

import os
from pathlib import Path

import jax
import pytest
from hypothesis import settings

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

# compiled programs are kept between runs; those quicker to compile than to read back are not
jax.config.update("jax_compilation_cache_dir", str(Path(__file__).parents[1] / ".cache" / "jax"))
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.5)

# no deadline: the first example compiles
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


def pytest_collection_modifyitems(items):
    """Give each process whole models or whole files: their tests share fixtures and compiled programs."""
    for item in items:
        callspec = getattr(item, "callspec", None)
        model = callspec.params.get("model") if callspec else None
        item.add_marker(pytest.mark.xdist_group(model if isinstance(model, str) else str(item.path)))
