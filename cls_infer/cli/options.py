"""The words of the command line that several commands share."""

from collections.abc import Iterable
from math import isfinite
from typing import Annotated

import typer

from ..errors import InputError, Problem

Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no talk on stderr.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an unexpected failure.")]
Dataset = Annotated[str, typer.Argument(help="A folder of tables, or a shipped data set.")]
Out = Annotated[str | None, typer.Option("--out", metavar="RUN", help="Run folder to write; a fresh one in runs/.")]

NAMES = "A,B"
PerPatient = Annotated[
    list[str] | None,
    typer.Option("--per-patient", metavar=NAMES, help="Parameters each patient has for itself."),
]
Shared = Annotated[
    list[str] | None,
    typer.Option("--shared", metavar=NAMES, help="Parameters with one value for all patients."),
]
Hierarchical = Annotated[
    list[str] | None, typer.Option("--hierarchical", metavar=NAMES, help="Parameters pooled in part.")
]
Covariate = Annotated[
    list[str] | None,
    typer.Option("--covariate", metavar=NAMES, help="Columns of patients.csv that move what is pooled in part."),
]
Correlated = Annotated[bool, typer.Option("--correlated", help="What is pooled in part varies together.")]


def option_of(setting: str) -> str:
    """Return how an option is called that holds a setting."""
    return f"--{setting.replace('_', '-')}"


def names(given: Iterable[str] | None) -> tuple[str, ...]:
    """Return the names of an option that may be repeated and hold commas."""
    return tuple(name.strip() for words in given or () for name in words.split(",") if name.strip())


def assignments(given: Iterable[str] | None, option: str) -> dict[str, float]:
    """Return what `name=value` options set.

    Raises:
        InputError: not of that form, not a number, or a name set twice.
    """
    values: dict[str, float] = {}
    problems: list[Problem] = []
    for text in names(given):
        name, equals, number = (part.strip() for part in text.partition("="))
        try:
            value = float(number)
        except ValueError:
            value = float("nan")
        if not equals or not name or not isfinite(value):
            problems.append(Problem(option, f"`{text}` sets nothing", remedy=f"write `{option} name=1.5`"))
        elif name in values:
            problems.append(Problem(option, f"`{name}` is set twice", remedy="keep one of the two"))
        else:
            values[name] = value
    if problems:
        raise InputError(problems)
    return values
