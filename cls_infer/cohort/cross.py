"""What does not fit between tables: patients one of them lacks, therapy after the last measurement."""

from collections.abc import Iterator, Mapping
from math import inf
from pathlib import Path

from ..errors import Problem
from .tables import Row, Table
from .times import Clock, read_time


def cross_problems(
    measured: Table, given: Table | None, known: Table | None, clocks: Mapping[str, Clock | None]
) -> Iterator[Problem]:
    """Yield what does not fit between the tables; what is absent from one read in part proves nothing."""
    if not measured.complete:
        return
    for table in (given, known):
        yield from _not_measured(table, measured) if table else ()
    if known and known.complete:
        yield from _no_covariates(measured, known)
    if given:
        yield from _too_late(measured, given, clocks)


def _first_rows(table: Table) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    for row in table.rows:
        rows.setdefault(row["patient"], row)
    return rows


def _not_measured(table: Table, measured: Table) -> Iterator[Problem]:
    names = _first_rows(measured)
    for patient, row in _first_rows(table).items():
        if patient not in names:
            message = f"patient `{patient}` has no row in {Path(measured.path).name}"
            yield row.problem(message, "add the measurements, correct the name or remove the patient")


def _no_covariates(measured: Table, known: Table) -> Iterator[Problem]:
    names = _first_rows(known)
    for patient, row in _first_rows(measured).items():
        if patient not in names:
            message = f"patient `{patient}` has no row in {Path(known.path).name}"
            yield row.problem(message, "add one, with empty cells where nothing is known, or correct the name")


def _too_late(measured: Table, given: Table, clocks: Mapping[str, Clock | None]) -> Iterator[Problem]:
    """Yield therapy that starts after the patient's last measurement; unreadable times were told before."""
    last: dict[str, float] = {}
    for row in measured.rows:
        time = read_time(row, "time", clocks, [])
        last[row["patient"]] = max(last.get(row["patient"], -inf), inf if time is None else time)
    for row in given.rows:
        start = read_time(row, "start", clocks, [])
        if start is not None and start > last.get(row["patient"], inf):
            patient = row["patient"]
            message = (
                f"starts at {start:g} h, after the last measurement of patient `{patient}` at "
                f"{last[patient]:g} h: it can neither inform the fit nor be checked by it"
            )
            yield row.problem(message, "correct the time, add later measurements or leave the row out")
