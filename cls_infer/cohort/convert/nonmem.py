"""NONMEM-style event records as a data set: one file of observations and doses, and a map that says what each is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from ...errors import InputError, Problem
from ..quantities import read_number
from ..tables import Row
from .draft import Draft, Left, Line, cells, number
from .nonmem_cells import given, limits
from .nonmem_doses import dose_lines
from .nonmem_file import Records, read_records
from .nonmem_header import RECORD
from .nonmem_map import (
    DOSE,
    OBSERVATION,
    OTHER,
    RESET,
    RESET_AND_DOSE,
    Map,
    check_codes,
    code_of,
    kind_of,
    read_meaning,
)
from .words import plain_code, read_map

KEYS = {
    *("time_unit", "ignore", "columns", "input", "observations_by", "doses_by"),
    *("observations", "doses", "covariates"),
}


@dataclass(frozen=True)
class Person:
    """One ID while its records are read: the TIME of the last one, and which episode it belongs to."""

    id: str
    time: float = -inf
    episode: int = 1

    @property
    def patient(self) -> str:
        """The name in the data set: each episode is a patient of its own."""
        return self.id if self.episode == 1 else f"{self.id}_{self.episode}"


def convert_nonmem(path: Path | str, map_path: Path | str | None = None) -> Draft:
    """Return the draft of a data set from a file of event records.

    Columns, in any order and case: ID TIME DV, and where there are any EVID AMT RATE DUR ADDL II SS CMT DVID MDV CENS
    LIMIT. A dose with ADDL and II becomes as many rows; a value with CENS 1 lies below DV (and above LIMIT), with
    CENS -1 above it; a reset (EVID 3, 4) begins another episode, a patient of its own of the same `person`.

    Raises:
        InputError: every problem of file and map, among them each code the map does not explain.
    """
    path = Path(path)
    said = read_map(map_path, KEYS)
    problems: list[Problem] = []
    ignore, listed = (_listed(said.get(key, [])) for key in ("ignore", "input"))
    records = read_records(path, ignore, said.get("columns"), listed)
    read = read_meaning(str(map_path or path), said, records, problems)
    check_codes(path, records, read, problems)
    if problems:
        raise InputError(problems)
    draft = Draft(left=list(records.left))
    _take(records, read, draft, problems)
    draft.left += _not_covariates(records, read)
    if problems:
        raise InputError(problems)
    draft.source = {
        "title": f"Converted from {path.name}",
        "origin": f"NONMEM-style event records in {path.name}",
        "licence": "That of the file it was converted from.",
    }
    draft.converted["times"] = f"TIME in {said.get('time_unit', 'h')}, written in hours."
    draft.converted["values"] = (
        "As they stood, with the units of the map; they are converted when the data set is read."
    )
    return draft


def _listed(said: object) -> list[str]:
    """Return the words of a list, or of one string as a control stream has it."""
    return said.split() if isinstance(said, str) else [str(word) for word in said] if isinstance(said, list) else []


def _take(records: Records, read: Map, draft: Draft, problems: list[Problem]) -> None:
    """Fill the draft record by record."""
    people: dict[str, Person] = {}
    for row in records.rows:
        person = _person(row, people, problems)
        kind, time = kind_of(row, problems), read_number(row, "TIME", problems)
        if person is None or kind is None or time is None:
            continue
        person = people[person.id] = _at(row, time, kind, person, problems)
        if kind == OBSERVATION:
            _observe(row, time * read.hours, person, read, draft, problems)
        elif kind in (DOSE, RESET_AND_DOSE):
            dose = read.doses[code_of(row, read.doses_by)]
            draft.therapy += dose_lines(row, person.patient, dose, read.hours, draft.left, problems)
        elif kind == OTHER:
            draft.left.append(Left(row.path, row.number, "EVID", row["EVID"], "neither an observation nor a dose"))
        _describe(row, person, read, draft, problems)


def _person(row: Row, people: dict[str, Person], problems: list[Problem]) -> Person | None:
    name = plain_code(row["ID"])
    if not name:
        problems.append(row.problem("`ID` is empty", "write whose record it is"))
        return None
    if name in people and next(reversed(people)) != name:
        message = f"`ID` {name} comes back after other records: NONMEM takes it for another individual"
        problems.append(row.problem(message, "put its records together, or give it another ID"))
        people[name] = people.pop(name)  # told once
    return people.setdefault(name, Person(name))


def _at(row: Row, time: float, kind: int, person: Person, problems: list[Problem]) -> Person:
    """Return the person at this record: in another episode after a reset, and later than before it."""
    if kind in (RESET, RESET_AND_DOSE) and person.time > -inf:
        return replace(person, time=time, episode=person.episode + 1)
    if time < person.time:
        message = f"`ID` {person.id} goes back from TIME {number(person.time)} to {number(time)}"
        problems.append(row.problem(message, "sort the records, or begin another episode with EVID 3 or 4"))
    return replace(person, time=time)


def _observe(row: Row, hours: float, person: Person, read: Map, draft: Draft, problems: list[Problem]) -> None:
    """Add what an observation record says."""
    if given(row, "MDV"):
        draft.left.append(Left(row.path, row.number, "DV", row["DV"], "MDV says that there is no value"))
        return
    if not row["DV"]:
        draft.left.append(Left(row.path, row.number, "DV", "", "no value"))
        return
    code = code_of(row, read.observations_by)
    what = read.observations[code]
    if what.skip:
        draft.left.append(Left(row.path, row.number, read.observations_by, code, what.skip))
        return
    window = what.window
    if window.upper() in row.cells:
        length = read_number(row, window.upper(), problems) or 0.0
        window = number(length * read.hours)
    written = cells(
        patient=person.patient, time=hours, variable=what.variable, unit=what.unit, window=window, assay=what.assay
    )
    written |= cells(extra_sd=what.extra_sd, **limits(row, draft.left, problems))
    draft.measurements.append(Line(written, row.path, row.number))


def _describe(row: Row, person: Person, read: Map, draft: Draft, problems: list[Problem]) -> None:
    """Take a patient's covariates from the first record that has each; a later change is listed."""
    mine = next((line for line in reversed(draft.patients) if line["patient"] == person.patient), None)
    if mine is None:
        mine = Line({"patient": person.patient}, row.path, row.number)
        draft.patients.append(mine)
    if person.episode > 1:
        for line in draft.patients:
            if line["patient"] in (person.id, person.patient):
                line.cells["person"] = person.id
    for column, what in read.covariates.items():
        value = what.values.get(plain_code(row[column]), row[column])
        if not value or what.skip:
            continue
        if what.values and plain_code(row[column]) not in what.values:
            known = ", ".join(f"`{code}`" for code in what.values)
            problems.append(
                row.problem(f"`{column}` is `{row[column]}`", f"say in the map what it is; it knows {known}")
            )
        elif what.covariate not in mine.cells:
            mine.cells.update(cells(**{what.covariate: value, f"{what.covariate}_unit": what.unit}))
        elif mine[what.covariate] != value:
            reason = f"a patient has one `{what.covariate}`: the first, {mine[what.covariate]}, is kept"
            draft.left.append(Left(row.path, row.number, column, row[column], reason))


def _not_covariates(records: Records, read: Map) -> Iterator[Left]:
    """Yield the columns of which nothing was taken."""
    used = {*RECORD, *read.covariates, read.observations_by, read.doses_by}
    used |= {what.window.upper() for what in read.observations.values()}
    for column in records.columns:
        filled = [row for row in records.rows if row[column]]
        if column not in used and filled:
            reason = "the map says of no covariate that it is this column"
            yield Left(filled[0].path, filled[0].number, column, filled[0][column], reason, len(filled))
    for column, what in read.covariates.items():
        filled = [row for row in records.rows if row[column]]
        if what.skip and filled:
            yield Left(filled[0].path, filled[0].number, column, filled[0][column], what.skip, len(filled))
