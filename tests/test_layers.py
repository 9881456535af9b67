"""Imports point down the layers, one outside library belongs to one layer, and importing costs nothing."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    {"causes", "colloids", "display", "errors", "owned", "printable", "types", "units"},
    {"physiology"},
    {"model"},
    {"cohort"},
    {"solve"},
    {"likelihood"},
    {"inference"},
    {"results"},
    {"validation"},
    {"pages"},
    {"scale"},
    {"explore"},
    {"cli"},
)
HEIGHT = {name: height for height, names in enumerate(LAYERS) for name in names}
ENTRANCES = {"__init__", "__main__"}  # they open the house from above
HOME = {  # outside library -> the only layer that may name it
    "numpyro.sample": "likelihood",
    "numpyro.distributions": "likelihood",
    "numpyro.infer": "inference",
    "arviz": "results",
    "arviz_base": "results",
    "arviz_plots": "results",
    "arviz_stats": "results",
    "dask": "scale",
    "llvmlite": "solve",
    "distributed": "scale",
    "narwhals": "cohort",
    "tqdm": "results",
    "bokeh": "explore",
    "tomli_w": "explore",
    "tornado": "explore",
    "typer": "cli",
    "rich": "cli",
}
HEAVY = {
    "arviz",
    "bokeh",
    "dask",
    "distributed",
    "jax",
    "llvmlite",
    "matplotlib",
    "numpyro",
    "pandas",
    "pint",
    "scipy",
    "xarray",
    "zarr",
}


def layer(path: Path) -> str:
    """Return the layer a module of the package belongs to: its folder or its own name."""
    return path.relative_to(ROOT / "cls_infer").with_suffix("").parts[0]


MODULES = sorted((ROOT / "cls_infer").rglob("*.py"))
ROOMS = [path for path in MODULES if layer(path) not in ENTRANCES]
MODELS = sorted((ROOT / "models").glob("*.py"))


def absolute(node: ast.ImportFrom, path: Path) -> str:
    """Return the full dotted name that `from ... import` names in the module at `path`."""
    if not node.level:
        return node.module or ""
    package = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*package, *filter(None, [node.module])])


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and dotted name of everything imported anywhere in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{absolute(node, path)}.{alias.name}") for alias in node.names)


def uses(path: Path) -> Iterator[tuple[int, str]]:
    """Yield imports, and attributes reached through an imported name: `numpyro.infer.NUTS`."""
    yield from imports(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    renamed = {
        alias.asname: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.asname
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            first, dot, rest = ast.unparse(node).partition(".")
            yield node.lineno, renamed.get(first, first) + dot + rest


def within(name: str, package: str) -> bool:
    """Tell whether a dotted name is a package or something inside it."""
    return f"{name}.".startswith(f"{package}.")


def name_of(path: Path) -> str:
    """Return a path as the test report shows it."""
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ROOMS, ids=name_of)
def test_imports_point_down(path):
    here = layer(path)
    assert here in HEIGHT, f"`{here}` has no place among the layers"
    upward = [
        f"{name_of(path)}:{line} imports {name}"
        for line, name in imports(path)
        if within(name, "cls_infer")
        if HEIGHT.get(name.split(".")[1], len(LAYERS)) > HEIGHT[here]
    ]
    assert not upward, "\n".join(upward)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_an_outside_library_is_named_in_one_layer(path):
    strayed = [
        f"{name_of(path)}:{line} uses {name}; it belongs in {home}"
        for line, name in uses(path)
        for library, home in HOME.items()
        if within(name, library) and layer(path) != home
    ]
    assert not strayed, "\n".join(strayed)


@pytest.mark.parametrize("path", MODELS, ids=name_of)
def test_a_model_file_imports_model_and_physiology_alone(path):
    allowed = ("cls_infer.model", "cls_infer.physiology", "typing")  # typing is for its record of flows
    others = [
        f"{name_of(path)}:{line} imports {name}"
        for line, name in imports(path)
        if not any(within(name, package) for package in allowed)
    ]
    assert not others, "\n".join(others)


@pytest.mark.parametrize("module", ["cls_infer", "cls_infer.errors", "cls_infer.cli"])
def test_importing_loads_nothing_heavy(module):
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    heavy = HEAVY & set(loaded.split())
    assert not heavy
