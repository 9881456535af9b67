"""Stays in intensive care as a data set, from whichever tables they were read."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import InputError, Problem
from ..names import did_you_mean
from .draft import Draft, Line, cells
from .mimic_readings import covariates, take_readings
from .mimic_records import Chart, Stay
from .mimic_therapy import take_therapy
from .mimic_urine import take_urine

FEWEST = {"hematocrit": 3, "albumin": 2}
"""A stay on the shortlist has so many values of the laboratory, and neither red cells nor bleeding."""
CONFOUND = ("red_cells", "bleeding")
SEX = {"m": "male", "f": "female"}
URINE = ("urine", "irrigant")

type Read = Callable[[Path, Callable[[str], bool]], Chart]


def convert_stays(folder: Path, read: Read, *, stays: Sequence[str], shortlist: bool) -> Draft:
    """Return the draft of a data set of which a stay is a patient, its hours counted from its beginning.

    Args:
        folder: the tables.
        read: reads them, for the stays that are wanted.
        stays: those to convert; all if none is named.
        shortlist: of these only stays that may show a leak: enough of FEWEST, and nothing that CONFOUNDs haematocrit.

    Raises:
        InputError: a stay that is not there, or none that the shortlist takes.
    """
    chart = read(folder, set(stays).__contains__ if stays else lambda _: True)
    _check_stays(chart, stays)
    chosen = list(dict.fromkeys(stays)) or list(chart.stays)
    if shortlist:
        chosen = _shortlist(chart, chosen)
        chart = read(folder, set(chosen).__contains__)  # what is listed is of the chosen stays
    if not chosen:
        message = "no stay has what the shortlist asks for"
        raise InputError([Problem(str(folder), message, remedy="leave `--shortlist` out, or name stays with `--stay`")])
    draft = Draft()
    take_readings(chart.readings, draft)
    take_urine([one for one in chart.given if one.known.role in URINE], draft)
    take_therapy([one for one in chart.given if one.known.role not in URINE], draft)
    draft.patients = _patients(chart, chosen)
    for one in covariates(chart.readings):
        line = next(line for line in draft.patients if line["patient"] == one.stay)
        line.cells.update(cells(**{one.known.name: one.value, f"{one.known.name}_unit": one.unit}))
    draft.left += [*chart.left, *chart.uncounted()]
    return draft


def _check_stays(chart: Chart, stays: Sequence[str]) -> None:
    problems = [
        Problem(chart.file, f"has no stay `{name}`", remedy=did_you_mean(name, chart.stays))
        for name in stays
        if name not in chart.stays
    ]
    if problems:
        raise InputError(problems)


def _shortlist(chart: Chart, chosen: Sequence[str]) -> list[str]:
    """Return the stays that may show a leak."""
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for one in chart.readings:
        if one.known.role == "lab":
            counted[one.stay][one.known.name] += 1
    confounded = {one.stay for one in chart.given if one.known.name in CONFOUND and one.amount > 0}
    return [
        stay
        for stay in chosen
        if stay not in confounded and all(counted[stay][name] >= fewest for name, fewest in FEWEST.items())
    ]


def _patients(chart: Chart, chosen: Sequence[str]) -> list[Line]:
    people = Counter(chart.stays[name].subject for name in chosen)
    return [_patient(chart.stays[name], chart.file, several=people[chart.stays[name].subject] > 1) for name in chosen]


def _patient(stay: Stay, file: str, *, several: bool) -> Line:
    sex = SEX.get(stay.sex.lower()[:1], "")
    written = cells(patient=stay.name, sex=sex, age=stay.age, person=stay.subject if several else "")
    return Line(written, file, stay.row)
