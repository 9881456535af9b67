"""What every test runs under: float64, strict shapes, kept compilations, repeatable examples."""

import os
from pathlib import Path

import jax
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

ROOT = Path(__file__).parents[1]
WITHOUT_ARRAYS = {"cls_infer.solve.machine", "cls_infer.solve.fused"}
"""A million calls a model, none annotated with a shape: to check them took longer than the work. Their types are
checked without running them, by pyright."""


def with_arrays() -> list[str]:
    """Return the modules of the package, but for those without arrays."""
    places = [*(ROOT / "cls_infer").iterdir(), *(ROOT / "cls_infer" / "solve").iterdir()]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in places if not path.name.startswith("_")]
    return [name for name in names if name not in {"cls_infer.solve", *WITHOUT_ARRAYS}]


# every annotated type and shape is checked
install_import_hook(with_arrays(), "typechecker.check")

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
