"""A data set folder as a cohort: every problem of its tables at once, or every patient in canonical units."""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ..errors import InputError, Problem
from . import measurements, patients, therapy
from .colloid import colloid_notes, with_colloids
from .cross import cross_problems
from .grades import grade_notes
from .records import Cohort, Patient
from .same_time import Combined, combine
from .shipped import shipped_folder, shipped_names
from .tables import Columns, Row, Table, read_table
from .times import Clock, is_date_only, read_clocks

MEASUREMENTS, THERAPY, PATIENTS = "measurements.csv", "therapy.csv", "patients.csv"


def read_cohort(folder: Path | str) -> Cohort:
    """Return the cohort in `folder`: measurements.csv and, where there are any, therapy.csv and patients.csv.

    A shipped data set is found by its name, where there is no such folder.

    Raises:
        InputError: holds the problems of all three tables, each with its file, row and remedy.
    """
    folder = Path(folder)
    if not folder.exists() and str(folder) in shipped_names():
        folder = shipped_folder() / folder
    if not folder.is_dir():
        what = "is a file, not a folder" if folder.exists() else "is not there"
        raise InputError([Problem(str(folder), what, remedy=f"name a folder that holds `{MEASUREMENTS}`")])
    problems: list[Problem] = []
    measured = read_table(folder / MEASUREMENTS, measurements.COLUMNS, problems)
    given = _optional(folder / THERAPY, therapy.COLUMNS, problems)
    known = _optional(folder / PATIENTS, patients.COLUMNS, problems)
    return understand(Tables(measured, given, known), folder.resolve().name, problems)


class Tables(NamedTuple):
    """What there is of a cohort, as text; None where there is no such table."""

    measurements: Table
    therapy: Table | None
    patients: Table | None


def understand(tables: Tables, name: str, problems: list[Problem]) -> Cohort:
    """Return the cohort that the tables tell of.

    Args:
        tables: its tables, in which `problems` were found.
        name: what the cohort is called.
        problems: gains every problem of what the cells say.

    Raises:
        InputError: there are any, in the order of the tables and their rows.
    """
    measured, given, known = (None if table is None else _named(table, problems) for table in tables)
    assert measured is not None
    timed = [(row, ("time",)) for row in measured.rows]
    timed += [(row, ("start", "end")) for row in (given.rows if given else ())]
    clocks = read_clocks(timed, problems)
    charts = measurements.read_measurements(measured.rows, clocks, problems)
    treated = therapy.read_therapy(given.rows if given else (), clocks, problems)
    covariates = patients.read_patients(known.rows if known else (), clocks, problems)
    covariates = with_colloids(covariates, treated, given.path if given else THERAPY, problems)
    combined = {name: combine(name, measured.path, chart, problems) for name, chart in charts.items()}
    problems += cross_problems(measured, given, known, clocks)
    present = [table for table in (measured, given, known) if table]
    if problems:
        raise InputError(_in_order(problems, present))
    return Cohort(
        name=name,
        patients=tuple(
            Patient(name, covariates.get(name, {}), one.observed, tuple(treated.get(name, ())), _zero(clocks.get(name)))
            for name, one in combined.items()
        ),
        digest=_digest(present),
        notes=(
            *_notes(combined.values(), timed, Tables(measured, given, known)),
            *grade_notes(measured.rows),
            *colloid_notes(covariates, treated),
        ),
        set_aside=tuple(aside for one in combined.values() for aside in one.set_aside),
    )


def _zero(clock: Clock | None) -> str:
    return clock.zero.isoformat() if clock and clock.zero else ""


def _optional(path: Path, columns: Columns, problems: list[Problem]) -> Table | None:
    return read_table(path, columns, problems) if path.exists() else None


def _named(table: Table, problems: list[Problem]) -> Table:
    """Return the table without the rows that name no patient."""
    nameless = [row for row in table.rows if not row["patient"]]
    problems += [row.problem("`patient` is empty", "write the patient's name") for row in nameless]
    rows = tuple(row for row in table.rows if row["patient"])
    return Table(table.path, rows, table.complete and not nameless, table.content)


def _in_order(problems: Iterable[Problem], tables: list[Table]) -> list[Problem]:
    """Return the problems table by table, row by row."""
    place = {table.path: number for number, table in enumerate(tables)}
    return sorted(problems, key=lambda problem: (place[problem.where], problem.row or 0))


def _digest(tables: Iterable[Table]) -> str:
    """Return the SHA-256 of the tables: of each one's name, length and bytes."""
    digest = sha256()
    for table in tables:
        digest.update(f"{Path(table.path).name} {len(table.content)}\n".encode())
        digest.update(table.content)
    return digest.hexdigest()


def _notes(
    combined: Iterable[Combined],
    timed: Iterable[tuple[Row, tuple[str, ...]]],
    tables: Tables,
) -> Iterable[str]:
    """Yield what was done to the values, and what was taken for granted."""
    each = list(combined)
    if not tables.therapy:
        yield f"no `{THERAPY}`: the patients are taken as untreated"
    if not tables.patients:
        yield f"no `{PATIENTS}`: nothing is known of weight, sex and onset"
    if joined := sum(one.joined for one in each):
        yield f"`map` computed from `sbp` and `dbp` at {joined} times"
    if unpaired := sum(one.unpaired for one in each):
        yield f"{unpaired} `sbp` or `dbp` kept but not used: no uncensored partner at the same time"
    if aside := sum(len(one.set_aside) for one in each):
        yield f"{aside} rows of `{Path(tables.measurements.path).name}` set aside"
    if dates := sum(is_date_only(row[column]) for row, columns in timed for column in columns):
        yield f"{dates} dates without a time of day read as midnight; `time_sd` 6.93 says the hour is unknown"
