"""`cls-infer report`: the page of a run, written again, alone or beside other runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from .compare import open_runs
from .options import Debug, Json, Quiet, names
from .talk import write_json, write_lines

if TYPE_CHECKING:
    from ..results.fitted import Fit

Run = Annotated[str, typer.Argument(help="A run folder that a fit wrote.")]
Against = Annotated[
    list[str] | None,
    typer.Option("--against", metavar="RUN", help="Another run of the same measurements to put beside it; repeatable."),
]
Pictured = Annotated[
    list[str] | None,
    typer.Option("--patient", metavar="A,B", help="Whose pictures to show; else all, or a large cohort's worst fits."),
]


def report(
    run: Run,
    against: Against = None,
    patient: Pictured = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write the report of a run again."""
    first, *others = (folder.rstrip("/") for folder in (run, *(against or ())))
    runs = open_runs([first, *others])
    from ..results.report import render
    from ..results.store import REPORT

    fit = runs.pop(first)
    shown = _known(fit, names(patient))
    path = Path(first) / REPORT
    _write(path, render(fit, against=_short(runs), patients=shown))
    if as_json:
        write_json({"run": first, "report": str(path), "against": others})
    else:
        write_lines(str(path))


def _write(path: Path, page: str) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        remedy = "copy the run to where you can write, and name it there"
        raise InputError([Problem(str(path), f"cannot be written: {error.strerror}", remedy=remedy)]) from None


def _short(runs: "dict[str, Fit]") -> "dict[str, Fit]":
    """Return the runs by the names of their folders, or by the whole paths where two are called alike."""
    short = [Path(name).name for name in runs]
    return dict(zip(short if len(set(short)) == len(runs) else runs, runs.values(), strict=True))


def _known(fit: "Fit", asked: tuple[str, ...]) -> tuple[str, ...]:
    """Return the patients asked for.

    Raises:
        InputError: the run does not hold one of them.
    """
    there = [str(name) for name in fit.tree["observed_data"].to_dataset()["patient"].values]
    problems = [
        Problem("--patient", f"the run holds no patient `{name}`", remedy=did_you_mean(name, there))
        for name in asked
        if name not in there
    ]
    if problems:
        raise InputError(problems)
    return tuple(dict.fromkeys(asked))
