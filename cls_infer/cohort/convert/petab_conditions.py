"""What the conditions of a PEtab problem set: therapy and covariates of the patients under each."""

from collections.abc import Iterator, Mapping

from ...errors import Problem
from ..items import ITEMS
from ..quantities import NUMBER, read_number
from ..tables import Row
from .draft import Draft, Left, Line, cells
from .petab_files import Files
from .words import Described, Dosed


def set_up(
    files: Files,
    patients: Mapping[str, str],
    hours: float,
    meaning: tuple[Mapping[str, Dosed], Mapping[str, Described]],
    draft: Draft,
    problems: list[Problem],
) -> None:
    """Add to the draft what the conditions say of their patients, and list what the map does not explain.

    Args:
        files: the problem's tables.
        patients: each patient's condition (format 1) or experiment (format 2).
        hours: how long one unit of time is [h].
        meaning: what the map says of therapy and of covariates.
        draft: takes both.
        problems: takes what is wrong with them.
    """
    therapy, covariates = meaning
    under: dict[str, list[tuple[str, float]]] = {}
    for patient, named in patients.items():
        for condition, begins in _conditions(files, named, draft, problems):
            under.setdefault(condition, []).append((patient, begins * hours))
    lines = {patient: Line({"patient": patient}, "") for patient in patients}
    for row, target, value in _settings(files):
        known = therapy.get(target) or covariates.get(target)
        if not known or known.skip:
            reason = known.skip if known else "the map says of no covariate or therapy that it is this"
            draft.left.append(Left(row.path, row.number, target, value, reason))
            continue
        for patient, begins in under.get(row["conditionId"], ()):
            if isinstance(known, Dosed):
                draft.therapy.append(_given(row, patient, value, known, begins, problems))
            else:
                written = known.values.get(value, value)
                lines[patient].cells.update(cells(**{known.covariate: written, f"{known.covariate}_unit": known.unit}))
    if any(len(line.cells) > 1 for line in lines.values()):
        draft.patients = list(lines.values())


def _conditions(files: Files, named: str, draft: Draft, problems: list[Problem]) -> Iterator[tuple[str, float]]:
    """Yield the conditions behind a name and when each begins: those of an experiment, else itself at 0."""
    periods = [row for row in files.rows("experiment") if row["experimentId"] == named]
    if not periods:
        yield named, 0.0
    for row in periods:
        if row["time"].lower() == "-inf":
            reason = "pre-equilibration: a model here starts from health"
            draft.left.append(Left(row.path, row.number, "time", row["time"], reason))
        else:
            yield row["conditionId"], read_number(row, "time", problems) or 0.0


def _settings(files: Files) -> Iterator[tuple[Row, str, str]]:
    """Yield what the conditions set: row, target and value; format 1 has a column for each target."""
    for row in files.rows("condition"):
        if "targetId" in row.cells:
            yield row, row["targetId"], row["targetValue"]
            continue
        for target, value in row.cells.items():
            if target not in ("conditionId", "conditionName") and value:
                yield row, target, value


def _given(row: Row, patient: str, value: str, what: Dosed, begins: float, problems: list[Problem]) -> Line:
    if not NUMBER.fullmatch(value):
        remedy = "write a number, or say in the map why to `skip` it"
        problems.append(row.problem(f"`{value}` is no amount of `{what.item}`", remedy))
    level = ITEMS[what.item].kind == "level"
    amount = cells(rate=value, rate_unit=what.rate_unit) if level else cells(amount=value, unit=what.unit)
    start = begins + what.start
    times = cells(patient=patient, start=start, end=start + what.hours, item=what.item)
    return Line(times | amount | cells(end_sd=what.hours_sd or None), row.path, row.number)
