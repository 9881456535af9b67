"""A cohort that workers fitted, as its commands open it."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from .machine import prepare_jax

if TYPE_CHECKING:
    from ..model.spec import Model
    from ..scale.run import CohortRun

Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder that `fit --workers` wrote.")]


def open_run(run: str) -> "CohortRun":
    """Return the run of a cohort, with JAX ready for it."""
    prepare_jax()
    from ..scale.run import open_cohort

    return open_cohort(run)


def model_of(run: "CohortRun") -> "Model":
    """Return the model of a cohort; a file of the user's own must have been named before."""
    import xarray as xr

    from ..results.kept import model_again
    from .named import was_named

    if run.unfinished:
        raise InputError(run.unfinished)
    tree = xr.DataTree()
    tree.attrs = dict(run.manifest["provenance"])
    return model_again(tree, named=was_named)
