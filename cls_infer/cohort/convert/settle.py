"""What the reader of data sets would refuse is told where it stands in the original, or listed and left out."""

import re
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

from ...errors import InputError, Problem
from ..read import MEASUREMENTS, PATIENTS, THERAPY, read_cohort
from ..records import Cohort
from .draft import Draft, Left, Line
from .folder import write_tables

ROUNDS = 20
"""A table is read again after its impossible rows are out; each time fewer are left."""


def settle(draft: Draft, *, strict: bool) -> Cohort:
    """Bring the draft to what `cls-infer check` accepts, and return the cohort it holds.

    Rows that the format of a data set cannot hold are left out and listed: a second value of one time, therapy after
    the last measurement, patients in whom nothing was measured. What is impossible in itself, such as a haematocrit
    of 4, is a problem if `strict`, for the map is then likely to be wrong; else it is listed as well.

    Raises:
        InputError: nothing is left to convert; the reader's problems, by the original's rows, if `strict`.
    """
    order = {name: n for n, name in enumerate(dict.fromkeys(line["patient"] for line in _all_lines(draft)))}
    for lines, key in ((draft.measurements, "time"), (draft.therapy, "start")):
        lines.sort(key=lambda line: (order[line["patient"]], float(line[key])))
    for _ in range(ROUNDS):
        _drop_second_values(draft)
        _drop_unmeasured(draft)
        _drop_too_late(draft)
        if not draft.measurements:
            raise InputError([_nothing(draft)])
        try:
            return _read(draft)
        except InputError as error:
            if strict:
                raise InputError(_at_origin(draft, error)) from None
            _drop_refused(draft, error)
    raise InputError([_nothing(draft)])


def _all_lines(draft: Draft) -> list[Line]:
    return [*draft.patients, *draft.measurements, *draft.therapy]


def _nothing(draft: Draft) -> Problem:
    reasons = list(dict.fromkeys(one.reason for one in draft.left))[:5]
    told = f": {'; '.join(reasons)}" if reasons else ""
    where = draft.source.get("origin", "the input")
    return Problem(where, f"holds no measurement that can be converted{told}", remedy="see what the map says of it")


def _drop_second_values(draft: Draft) -> None:
    """Keep the first of several values of one patient, variable and time."""
    kept: dict[tuple[str, str, str], Line] = {}
    for line in draft.measurements:
        first = kept.setdefault((line["patient"], line["variable"], line["time"]), line)
        if first is not line:
            reason = "a second value of the same patient, variable and time; the first is kept"
            draft.left.append(Left(line.file, line.row, "value", f"{line['value']}, beside row {first.row}", reason))
    draft.measurements[:] = kept.values()


def _drop_unmeasured(draft: Draft) -> None:
    measured = {line["patient"] for line in draft.measurements}
    for lines in (draft.therapy, draft.patients):
        for line in lines:
            if line["patient"] not in measured:
                draft.leave(line, "patient", "nothing was measured in this patient")
        lines[:] = [line for line in lines if line["patient"] in measured]
    described = {line["patient"] for line in draft.patients}
    if draft.patients:
        lacking = dict.fromkeys(line["patient"] for line in draft.measurements if line["patient"] not in described)
        draft.patients += [Line({"patient": name}, "") for name in lacking]


def _drop_too_late(draft: Draft) -> None:
    last: dict[str, float] = {}
    for line in draft.measurements:
        last[line["patient"]] = max(last.get(line["patient"], -inf), float(line["time"]))
    for line in draft.therapy:
        if float(line["start"]) > last[line["patient"]]:
            draft.leave(line, "start", "starts after the patient's last measurement")
    draft.therapy[:] = [line for line in draft.therapy if float(line["start"]) <= last[line["patient"]]]


def _read(draft: Draft) -> Cohort:
    with TemporaryDirectory() as place:
        write_tables(draft, Path(place))
        return read_cohort(place)


def _lines_of(draft: Draft, problem: Problem) -> list[Line]:
    tables = {MEASUREMENTS: draft.measurements, THERAPY: draft.therapy, PATIENTS: draft.patients}
    return tables.get(Path(problem.where).name, [])


def _line_of(draft: Draft, problem: Problem) -> Line | None:
    """Return the row that a problem of the written tables is about; the header is row 1."""
    lines = _lines_of(draft, problem)
    return lines[problem.row - 2] if problem.row is not None and problem.row - 2 < len(lines) else None


def _message(draft: Draft, problem: Problem) -> str:
    """Return what a problem says, other rows it names being those of the original."""
    lines = _lines_of(draft, problem)
    return re.sub(r"\brow (\d+)", lambda found: f"row {lines[int(found[1]) - 2].row}", problem.message)


def _at_origin(draft: Draft, error: InputError) -> list[Problem]:
    found = [(problem, _line_of(draft, problem)) for problem in error.problems]
    told = [
        Problem(line.file, _message(draft, problem), line.row, problem.remedy) if line else problem
        for problem, line in found
    ]
    return list(dict.fromkeys(told))


def _drop_refused(draft: Draft, error: InputError) -> None:
    """List and leave out the rows that the reader refused; of a patient only the covariate that it is about."""
    refused = set()
    for problem in error.problems:
        line = _line_of(draft, problem)
        if line is None:
            raise error
        message = _message(draft, problem)
        covariate = next((name for name in line.cells if f"`{name}`" in problem.message), None)
        if Path(problem.where).name == PATIENTS and covariate:
            draft.leave(line, covariate, message)
            del line.cells[covariate]
            line.cells.pop(f"{covariate}_unit", None)
            continue
        if id(line) not in refused:
            draft.leave(line, "value" if line["value"] else "amount", message)
        refused.add(id(line))
    for lines in (draft.measurements, draft.therapy, draft.patients):
        lines[:] = [line for line in lines if id(line) not in refused]
