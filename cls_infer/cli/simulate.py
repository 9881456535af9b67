"""`cls-infer simulate`: one deterministic run of the reference adult."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from .inputs import all_of, read_model
from .options import Debug, Json, Quiet, assignments
from .talk import say, write_json

if TYPE_CHECKING:
    from ..cohort import Event
    from ..solve.simulate import Simulation

MOST_ROWS = 100_000

ModelName = Annotated[str, typer.Argument(help="A shipped model, or the path of a model file.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a parameter; may be repeated.")
]
Hours = Annotated[float, typer.Option("--hours", metavar="H", help="How long to simulate [h].")]
Every = Annotated[float, typer.Option("--every", metavar="H", help="Distance of the printed times [h].")]
Therapy = Annotated[
    str | None, typer.Option("--therapy", metavar="FILE", help="What is given: a therapy.csv of one patient.")
]


def simulate(
    model: ModelName,
    changes: Set = None,
    hours: Hours = 48.0,
    every: Every = 1.0,
    therapy: Therapy = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Print one deterministic run of a model as CSV.

    Columns: time, every observable and every derived quantity, of the reference adult from health on.
    """
    loaded, changed, given, _ = all_of(
        lambda: read_model(model),
        lambda: assignments(changes, "--set"),
        lambda: read_therapy_file(therapy, hours) if therapy else (),
        lambda: _check_times(hours, every),
    )
    from ..solve.simulate import simulate as run

    simulation = run(loaded, changes=changed, therapy=given, hours=hours, every=every)
    if as_json:
        write_json({"model": loaded.name, **_as_json(simulation)})
    elif simulation.ok:
        _write_csv(simulation)
    if simulation.ok:
        return 0
    print(f"error: the model cannot be solved with these values: {simulation.status}", file=sys.stderr)
    say("\nhint: change less, or one parameter at a time, to find which of them it is", quiet=quiet)
    return 1


def _check_times(hours: float, every: float) -> None:
    problems = []
    for option, number in (("--hours", hours), ("--every", every)):
        if not 0 < number < float("inf"):
            problems.append(Problem(option, f"`{number:g}` is not a time above 0 h", remedy="write hours, such as 48"))
    if not problems and every > hours:
        problems.append(
            Problem("--every", f"`{every:g}` h is longer than the {hours:g} h asked for", remedy="shorten it")
        )
    elif not problems and hours / every > MOST_ROWS:
        problems.append(Problem("--every", f"`{every:g}` h makes more than {MOST_ROWS:,} rows", remedy="lengthen it"))
    if problems:
        raise InputError(problems)


def read_therapy_file(name: str, hours: float) -> "tuple[Event, ...]":
    """Return what is given to the one patient of a table such as therapy.csv, from time 0 to `hours`.

    Raises:
        InputError: every problem of the table; several patients; therapy outside the simulated time.
    """
    from ..cohort.tables import read_table
    from ..cohort.therapy import COLUMNS, read_therapy
    from ..cohort.times import read_clocks

    problems: list[Problem] = []
    rows = read_table(Path(name), COLUMNS, problems).rows
    clocks = read_clocks([(row, ("start", "end")) for row in rows], problems)
    by_patient = read_therapy(rows, clocks, problems)
    patients = dict.fromkeys(row["patient"] for row in rows)
    if len(patients) > 1:
        message = f"holds the patients {', '.join(f'`{patient}`' for patient in patients)}"
        problems.append(Problem(name, message, remedy="a simulation is of one; keep the rows of one"))
    events = tuple(event for given in by_patient.values() for event in given)
    for event in events:
        if event.start < 0 or event.start >= hours:
            message = f"`{event.item}` starts at {event.start:g} h, outside the simulated 0 to {hours:g} h"
            problems.append(Problem(name, message, event.row, "correct the time, or leave the row out"))
        if event.amount is None:
            problems.append(Problem(name, f"`{event.item}` has no amount", event.row, "a simulation needs one"))
    if problems:
        raise InputError(problems)
    return events


def _as_json(simulation: "Simulation") -> dict[str, Any]:
    columns = {name: {"unit": unit, "values": values} for name, (unit, values) in simulation.columns.items()}
    return {"status": simulation.status, "time": {"unit": "h", "values": simulation.time}, "columns": columns}


def _write_csv(simulation: "Simulation") -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["time [h]", *(f"{name} [{unit}]" for name, (unit, _) in simulation.columns.items())])
    values = [values.tolist() for _, values in simulation.columns.values()]
    for row in zip(simulation.time.tolist(), *values, strict=True):
        out.writerow([f"{number:.10g}" for number in row])
