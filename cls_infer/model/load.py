"""Find a model by name or by path; the file's name is the model's name."""

import difflib
import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path

from ..errors import InputError, Problem
from .spec import Model


def models_folder() -> Path:
    """Return where the shipped model files are: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    bundled = package / "_models"
    return bundled if bundled.is_dir() else package.parent / "models"


def available() -> list[str]:
    """Return the names of the shipped models."""
    return sorted(path.stem for path in models_folder().glob("*.py") if not path.stem.startswith("_"))


def load_model(name: str | Path) -> Model:
    """Return the model of this name, or of the file at this path. The file is run: a model is code.

    Raises:
        InputError: no such model, or the file does not define one; names what it found.
    """
    path = Path(name)
    return _from_file(path) if path.suffix == ".py" and path.is_file() else shipped_model(str(name))


def as_model(model: Model | str | Path) -> Model:
    """Return a model as it is, and one that is named by its name or path as `load_model` does.

    Raises:
        InputError: what `load_model` refuses.
    """
    return model if isinstance(model, Model) else load_model(model)


def shipped_model(name: str) -> Model:
    """Return the model of this name, never that of a file elsewhere: what data name is not run.

    Raises:
        InputError: there is none.
    """
    if name not in available():
        near = difflib.get_close_matches(name, available(), n=1)
        remedy = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(available())}"
        raise InputError([Problem("--model", f"there is no model `{name}`", remedy=remedy)])
    return _from_file(models_folder() / f"{name}.py")


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a model file, without running it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _from_file(path: Path) -> Model:
    module_spec = importlib.util.spec_from_file_location(f"cls_infer_model_{path.stem}", path)
    assert module_spec is not None and module_spec.loader is not None  # a .py file always has a loader
    module = importlib.util.module_from_spec(module_spec)
    try:
        module_spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(
            [Problem(str(path), f"the model file fails to run: {type(error).__name__}: {error}")]
        ) from error
    model = getattr(module, "model", None)
    if not isinstance(model, Model):
        raise InputError([Problem(str(path), "defines no `model`", remedy="end the file with `model = Model(...)`")])
    shipped, digest = path.parent == models_folder(), digest_of(path)
    found = replace(model, name=path.stem, digest=digest, file="" if shipped else str(path.resolve()))
    object.__setattr__(found, "origin", digest if shipped else "")  # frozen, and no copy has it
    return found
