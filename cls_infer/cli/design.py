"""`cls-infer design`: which further measurement, and when, tells most of what."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from .inputs import all_of, check_match, read_data, read_model
from .machine import prepare_jax
from .options import Debug, Json, Quiet, names
from .talk import say, write_json, write_table

if TYPE_CHECKING:
    from ..results.design import Prospect, Question

HEADER = ("patient", "measure", "at [h]", "tells of", "now", "then", "shrinks")

Run = Annotated[str, typer.Argument(help="A run folder that a fit wrote; or, with --model, a data set before any fit.")]
ModelName = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME", help="The model for a data set; for a run, where its own model file was moved to."
    ),
]
Quantities = Annotated[
    list[str] | None, typer.Option("--quantity", metavar="A,B", help="Of what to tell; all parameters and the wall.")
]
Variables = Annotated[
    list[str] | None, typer.Option("--variable", metavar="A,B", help="What may be measured; all the model predicts.")
]
Patients = Annotated[list[str] | None, typer.Option("--patient", metavar="A,B", help="In whom; in everyone.")]
At = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="H,...", help="When; thirteen times, to half the chart beyond its last value."),
]
Series = Annotated[bool, typer.Option("--series", help="Measure a variable at all these times together.")]
Window = Annotated[float, typer.Option("--window", metavar="H", help="Over how long a collected volume is collected.")]
Points = Annotated[int, typer.Option("--points", metavar="N", help="Points of the posterior to average over.")]
Top = Annotated[int, typer.Option("--top", metavar="N", help="Lines printed; --json holds all.")]


def design(
    run: Run,
    model: ModelName = None,
    quantity: Quantities = None,
    variable: Variables = None,
    patient: Patients = None,
    at: At = None,
    series: Series = False,
    window: Window = 6.0,
    points: Points = 24,
    top: Top = 20,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print which further measurement is expected to tell most of each quantity, or by --quantity of one."""
    prepare_jax()
    from ..results.design import Question, best_of_each

    times, *_ = all_of(lambda: _hours(at), lambda: _check_counts(points, top))
    question = Question(times, names(quantity), names(variable), names(patient), series, window)
    before_fit = model is not None and not (Path(run) / "manifest.json").is_file()
    found = (_before_fit if before_fit else _of_run)(run, model, question, points, quiet)
    if as_json:
        write_json({"run": None if before_fit else run, "points": points, "prospects": [_as_json(p) for p in found]})
        return
    shown = best_of_each(found, by_variable=bool(question.quantities))[:top]
    write_table("what a further measurement is expected to tell", HEADER, map(_cells, shown))
    say("now and then: one standard deviation, were the model true and linear about the posterior", quiet=quiet)


def _of_run(run: str, model: str | None, question: "Question", points: int, quiet: bool) -> "list[Prospect]":
    from ..results.design import design_of_run
    from ..results.kept import model_again
    from ..results.store import open_fit
    from .named import was_named

    fit = open_fit(run)
    if not fit.verdict.ok:
        say(f"caution: the run's verdict is not met: {fit.verdict.unmet[0]}", quiet=quiet)
    return design_of_run(fit.tree, model_again(fit.tree, model, named=was_named), question, points=points)


def _before_fit(dataset: str, model: str | None, question: "Question", points: int, quiet: bool) -> "list[Prospect]":
    from ..results.design import design_before_fit

    assert model is not None  # else it is a run
    cohort, own = all_of(lambda: read_data(dataset), lambda: read_model(model))
    check_match(own, cohort)
    say("no fit yet: the mode is sought, and the spread about it taken for the posterior", quiet=quiet)
    return design_before_fit(own, cohort, question, points=points)


def _hours(given: Sequence[str] | None) -> tuple[float, ...] | None:
    """Return the times of --at [h], None where none are given.

    Raises:
        InputError: not a number.
    """
    if given is None:
        return None
    times, problems = [], []
    for word in names(given):
        try:
            times.append(float(word))
        except ValueError:
            problems.append(Problem("--at", f"`{word}` is no time", remedy="write hours, such as 24,48"))
    if problems:
        raise InputError(problems)
    return tuple(times)


def _check_counts(points: int, top: int) -> None:
    problems = [
        Problem(option, f"is {number}", remedy="write 1 or more")
        for option, number in (("--points", points), ("--top", top))
        if number < 1
    ]
    if problems:
        raise InputError(problems)


def _cells(one: "Prospect") -> tuple[str, ...]:
    from ..results.directions import spread

    unit = "log" if one.logarithmic else one.unit
    of = one.quantity if one.when is None else f"{one.quantity} at {one.when:g} h"
    times = ", ".join(f"{time:g}" for time in one.times)
    return (
        one.patient,
        one.variable,
        times,
        of,
        spread(one.sd_now, unit),
        spread(one.sd_then, unit),
        f"{one.shrinks:.0%}",
    )


def _as_json(one: "Prospect") -> dict[str, Any]:
    return {
        "patient": one.patient,
        "variable": one.variable,
        "times": one.times,
        "quantity": one.quantity,
        "when": one.when,
        "unit": one.unit,
        "logarithmic": one.logarithmic,
        "sd_now": one.sd_now,
        "sd_then": one.sd_then,
        "shrinks": one.shrinks,
    }
