"""A therapy.csv for a run: what is given instead of what the chart says."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..errors import Problem
from .names import did_you_mean
from .records import Cohort, Event, Patient
from .tables import read_table
from .therapy import COLUMNS, read_therapy
from .times import Clock


def read_therapy_instead(path: Path | str, cohort: Cohort, problems: list[Problem]) -> dict[str, tuple[Event, ...]]:
    """Return the therapy of every patient that the table names.

    Its times are those of the chart: hours, or timestamps counted from the chart's zero. An amount or end that is
    not known must be one that the chart does not know either.

    Args:
        path: a table such as therapy.csv.
        cohort: the patients it may name.
        problems: gains everything that is wrong with the table.
    """
    rows = read_table(Path(path), COLUMNS, problems).rows
    patients = {patient.name: patient for patient in cohort.patients}
    for row in rows:
        if row["patient"] not in patients:
            message = f"the run has no patient `{row['patient']}`"
            problems.append(row.problem(message, did_you_mean(row["patient"], patients)))
    known = [row for row in rows if row["patient"] in patients]
    treated = read_therapy(known, {name: _clock(patient) for name, patient in patients.items()}, problems)
    for name, events in treated.items():
        problems += _unknowns(str(path), patients[name], events)
    return {name: tuple(_as_charted(event, patients[name]) for event in events) for name, events in treated.items()}


def _clock(patient: Patient) -> Clock:
    if not patient.zero:
        return Clock("number")
    zero = datetime.fromisoformat(patient.zero)
    return Clock("timestamp with a zone" if zero.tzinfo else "timestamp", zero)


def _unknowns(where: str, patient: Patient, events: Sequence[Event]) -> list[Problem]:
    charted = {replace(event, row=0) for event in patient.therapy}
    new = [event for event in events if replace(event, row=0) not in charted]
    lacking = [(event, "amount", "write the amount") for event in new if event.amount is None]
    lacking += [(event, "certain end", "write `end` alone") for event in new if event.end_sd]
    return [
        Problem(where, f"`{event.item}` has no {what}, and the fit estimated none for such a row", event.row, remedy)
        for event, what, remedy in lacking
    ]


def _as_charted(event: Event, patient: Patient) -> Event:
    """Return the chart's own event where the two are the same but for the row they stand in."""
    return next((one for one in patient.therapy if replace(one, row=0) == replace(event, row=0)), event)
