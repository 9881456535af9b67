"""MIMIC-IV as a data set: its own tables, or an extract of them."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import InputError, Problem
from ..names import did_you_mean
from .draft import Draft, Line, cells
from .mimic_extract import is_extract, read_extract
from .mimic_readings import BESIDE, COPIED_WITHIN, covariates, take_readings
from .mimic_records import Chart, Stay
from .mimic_tables import is_mimic, read_mimic
from .mimic_therapy import ACTS, take_therapy
from .mimic_urine import take_urine

FEWEST = {"hematocrit": 3, "albumin": 2}
"""A stay on the shortlist has so many values of the laboratory, and neither red cells nor bleeding."""
CONFOUND = ("red_cells", "bleeding")
SEX = {"m": "male", "f": "female"}
URINE = ("urine", "irrigant")


def convert_mimic(folder: Path | str, *, stays: Sequence[str] = (), shortlist: bool = False) -> Draft:
    """Return the draft of a data set from tables of MIMIC-IV, or an extract of observations, events and stays.

    A stay is a patient; hours count from its beginning. Left out and listed are copies of one sample, a cuff's pressure
    beside an artery's, what flows in a filter's circuit, items that no data set holds, and what is impossible.

    Args:
        folder: the tables, plain or compressed.
        stays: those to convert; all if none is named.
        shortlist: of these only stays that may show a leak: enough of FEWEST, and nothing that CONFOUNDs haematocrit.

    Raises:
        InputError: no such tables, a table that cannot be read, a stay that is not there.
    """
    folder = Path(folder)
    read = _reader(folder)
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
    _say(folder, draft)
    return draft


def _reader(folder: Path) -> Callable[[Path, Callable[[str], bool]], Chart]:
    if not folder.is_dir():
        raise InputError([Problem(str(folder), "is no folder", remedy="name the folder of the tables")])
    if is_mimic(folder):
        return read_mimic
    if is_extract(folder):
        return read_extract
    message = "holds neither `icustays.csv` nor an extract, `obs.csv` and `stays.csv`"
    raise InputError([Problem(str(folder), message, remedy="name the folder of MIMIC-IV's tables")])


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


def _say(folder: Path, draft: Draft) -> None:
    draft.source = {
        "title": f"Intensive-care stays from {folder.name}",
        "origin": f"MIMIC-IV tables in {folder.name}",
        "reference": "doi 10.13026/dp1f-ex47 for the demo; doi 10.13026/6mm1-ek67 for MIMIC-IV",
        "licence": "The demo: Open Database Licence 1.0, attribution to MIMIC-IV, in a folder of its own. MIMIC-IV: "
        "PhysioNet's credentialed licence, not to be passed on.",
    }
    draft.converted = {
        "times": "Hours since the stay began.",
        "items": "As mimic_items.csv of the package says; what it does not hold is in not_converted.csv.",
        "urine": "Volume since the time before, irrigant taken off.",
    }
    draft.assumed = {
        "copies": f"A bedside value equal to one of the laboratory within {COPIED_WITHIN:g} h is the same sample.",
        "pressure": f"A cuff within {BESIDE:g} h of an arterial pressure is left out.",
        "red_cells": "A bag holds 0.55 cells; the rest is taken as saline.",
        "carriers": "Fluid in which drugs are diluted counts; where its kind is not said, as `crystalloid`.",
        "furosemide": f"A bolus acts for {ACTS:g} h.",
    }
