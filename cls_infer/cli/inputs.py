"""What the user brings, read together, so that every problem is told at once."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, Problem

if TYPE_CHECKING:
    from ..cohort import Cohort
    from ..model import Model


def all_of(*readers: Callable[[], Any]) -> list[Any]:
    """Return what each reader returns.

    Raises:
        InputError: holds the problems of all of them, not of the first alone.
    """
    read: list[Any] = []
    problems: list[Problem] = []
    for reader in readers:
        try:
            read.append(reader())
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return read


def read_data(name_or_path: str) -> "Cohort":
    """Return the cohort in a folder or of a shipped data set."""
    from ..cohort import read_cohort
    from ..cohort.shipped import dataset_folder

    return read_cohort(dataset_folder(name_or_path))


def read_model(name_or_path: str) -> "Model":
    """Return the model of this name or in this file, with JAX ready for it; the user has named it."""
    from .machine import prepare_jax

    prepare_jax()
    from ..model import load_model
    from .named import note

    model = load_model(name_or_path)
    if model.file:
        note(Path(model.file))
    return model


def check_match(model: "Model", cohort: "Cohort") -> None:
    """Refuse a data set that holds not one measurement the model predicts."""
    from ..solve.plan import used

    if any(used(model, patient) for patient in cohort.patients):
        return
    listed = ", ".join(f"`{name}`" for name in model.observables)
    message = f"no measurement that `{model.name}` predicts"
    raise InputError([Problem(cohort.name, message, remedy=f"it predicts {listed}")])


def fresh_run(out: str | None, *, name: str) -> Path:
    """Return the run folder to write: the one asked for, else the first free one in runs/.

    Raises:
        InputError: the folder asked for holds something already.
    """
    if out is None:
        folder = Path("runs") / name
        suffix = 2
        while folder.exists():
            folder = Path("runs") / f"{name}-{suffix}"
            suffix += 1
        return folder
    from ..results.store import check_free

    return check_free(out)
