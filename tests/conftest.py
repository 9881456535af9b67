"""What every test runs under: float64, strict shapes, kept compilations, repeatable examples."""

import os
import re
from importlib import import_module
from pathlib import Path

import jax
from hypothesis import settings
from jaxtyping import install_import_hook
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
WITHOUT_ARRAYS = {"cls_infer.solve.machine", "cls_infer.solve.fused"}
"""A million calls a model, none annotated with a shape: to check them took longer than the work. Their types are
checked without running them, by pyright."""


def with_arrays() -> list[str]:
    """Return the modules of the package, but for those without arrays."""
    places = [*(ROOT / "cls_infer").iterdir(), *(ROOT / "cls_infer" / "solve").iterdir()]
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in places if not path.name.startswith("_")]
    return [name for name in names if name not in {"cls_infer.solve", *WITHOUT_ARRAYS}]


os.environ.pop("COLUMNS", None)  # tables are as wide as they need to be

# every annotated type and shape is checked
install_import_hook(with_arrays(), "typechecker.check")

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")

# compiled programs are kept between runs, and machine code of shipped models is looked up by its sources: no test
# plants anything in what it is written from
import_module("cls_infer.solve.machine.known").keep_in(ROOT / ".cache" / "jax")

# no deadline: the first example compiles
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")


TOGETHER = ("tests/scale/",)
"""Folders whose files share a fixture that takes longer than their tests."""

FIRST = (
    "tests/scale/",
    "tests/test_docs.py",
    "tests/inference/test_hamiltonian.py",
    "tests/cli/test_explore.py",
    "tests/results/test_streamed.py",
    "tests/cli/test_resume.py",
    "tests/inference/test_certified.py",
)
"""What takes more than a minute, the longest first: begun last, one process would be at it when the others are done."""


class Together(LoadScopeScheduling):
    """Give each process whole models, or else whole files: their tests share fixtures and compiled programs.

    By marks, as `--dist loadgroup` has it, they are not kept together: xdist 3.8 writes the marks where pytest 9.2 no
    longer looks.
    """

    models = frozenset(path.stem for path in (ROOT / "models").glob("*.py"))

    def _split_scope(self, nodeid: str) -> str:
        place, _, test = nodeid.partition("::")
        of_models = self.models.intersection(re.split(r"[\[\]-]", test))
        folders = [folder for folder in TOGETHER if place.startswith(folder)]
        return next(iter([*sorted(of_models), *folders, place]))

    def _assign_work_unit(self, node) -> None:
        for scope in FIRST:
            if scope in self.workqueue:
                self.workqueue.move_to_end(scope, last=False)
                break
        super()._assign_work_unit(node)


def pytest_xdist_make_scheduler(config, log):
    return Together(config, log)
