"""`cls-infer simulate`: one deterministic run of the reference adult."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from ..errors import InputError, Problem
from .inputs import all_of, read_model
from .options import Debug, Json, Quiet, assignments
from .talk import say, write_json

if TYPE_CHECKING:
    from ..cohort import Event
    from ..cohort.scenario import Scenario
    from ..solve.simulate import Simulation

MOST_ROWS = 100_000

ModelName = Annotated[str, typer.Argument(help="A shipped model, or the path of a model file.")]
Set = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Change a parameter; may be repeated.")
]
Hours = Annotated[float | None, typer.Option("--hours", metavar="H", help="How long to simulate [h]; 48 if not said.")]
Every = Annotated[float | None, typer.Option("--every", metavar="H", help="Distance of the printed times [h]; 1.")]
ScenarioName = Annotated[
    str | None,
    typer.Option(
        "--scenario", metavar="NAME", help="A shipped scenario or a TOML file: what happens, and what it shows."
    ),
]
Therapy = Annotated[
    str | None, typer.Option("--therapy", metavar="FILE", help="What is given: a therapy.csv of one patient.")
]


def simulate(
    model: ModelName,
    changes: Set = None,
    hours: Hours = None,
    every: Every = None,
    therapy: Therapy = None,
    scenario: ScenarioName = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Print one deterministic run of a model as CSV.

    Columns: time, every observable and every derived quantity, of the reference adult from health on.
    """
    (story, given, length, distance), loaded, changed = all_of(
        lambda: _course(scenario, therapy, hours, every),
        lambda: read_model(model),
        lambda: assignments(changes, "--set"),
    )
    changed = {**(story.changes if story else {}), **changed}
    from ..solve.simulate import simulate as run

    simulation = run(loaded, changes=changed, therapy=given, hours=length, every=distance)
    shown = _shown(story, loaded.name, simulation) if story and simulation.ok else []
    if as_json:
        write_json({"model": loaded.name, **_as_json(simulation), **({"shows": shown} if story else {})})
    elif simulation.ok:
        _write_csv(simulation)
        for row in shown:
            say(_in_words(row), quiet=quiet)
    if simulation.ok:
        return 0
    print(f"error: the model cannot be solved with these values: {simulation.status}", file=sys.stderr)
    say("\nhint: change less, or one parameter at a time, to find which of them it is", quiet=quiet)
    return 1


class _Course(NamedTuple):
    """What happens: the scenario, if there is one, all that is given, how long and how often to look [h]."""

    story: "Scenario | None"
    given: "tuple[Event, ...]"
    hours: float
    every: float


def _course(scenario: str | None, therapy: str | None, hours: float | None, every: float | None) -> _Course:
    """Return the scenario's course, with what the other options say in its place or on top of it."""
    from ..cohort.scenario import read_scenario

    story = read_scenario(scenario) if scenario is not None else None
    usual = (story.hours, story.every) if story else (48.0, 1.0)
    length, distance = (said if said is not None else other for said, other in zip((hours, every), usual, strict=True))
    more, _ = all_of(
        lambda: read_therapy_file(therapy, length) if therapy else (),
        lambda: _check_times(length, distance),
    )
    return _Course(story, (*(story.therapy if story else ()), *more), length, distance)


def _shown(story: "Scenario", model: str, simulation: "Simulation") -> list[dict[str, Any]]:
    """Return what the scenario should show beside what it shows; nothing for a model it was not made for."""
    from ..solve.shows import found

    if model not in story.models:
        return []
    return [
        {"what": str(s), "found": (value := found(s, simulation)), "low": s.low, "high": s.high, "source": s.source}
        | {"as_expected": s.low <= value <= s.high}
        for s in story.shows
    ]


def _in_words(row: dict[str, Any]) -> str:
    verdict = "as it should be" if row["as_expected"] else "NOT as it should be"
    return f"{row['what']}: {row['found']:.4g}, {row['low']:g} to {row['high']:g} expected ({row['source']}): {verdict}"


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
        if event.end_sd:
            found = f"`{event.item}` has an uncertain end"
            problems.append(Problem(name, found, event.row, "a simulation needs a known one: clear `end_sd`"))
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
