"""eICU's collaborative research database as a data set; tried on made-up tables alone."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import InputError, Problem
from .draft import Draft
from .eicu_tables import LAST, is_eicu, read_eicu
from .mimic_urine import LONGEST
from .stays import convert_stays


def convert_eicu(folder: Path | str, *, stays: Sequence[str] = (), shortlist: bool = False) -> Draft:
    """Return the draft of a data set from eICU's tables.

    A unit stay is a patient; hours count from its beginning. Cells and drugs that the table of items does not hold are
    listed, with their volumes.

    Args:
        folder: the tables, plain or compressed.
        stays: those to convert, by `patientunitstayid`; all if none is named.
        shortlist: of these only stays that may show a leak, as `convert_stays` says.

    Raises:
        InputError: no such tables, a table that cannot be read, a stay that is not there.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError([Problem(str(folder), "is no folder", remedy="name the folder of the tables")])
    if not is_eicu(folder):
        message = "holds no `patient.csv` with `patientunitstayid`"
        raise InputError([Problem(str(folder), message, remedy="name the folder of eICU's tables")])
    draft = convert_stays(folder, read_eicu, stays=stays, shortlist=shortlist)
    draft.source = {
        "title": f"Intensive-care stays from {folder.name}",
        "origin": f"eICU tables in {folder.name}",
        "reference": "doi 10.13026/C2WM1R for the eICU Collaborative Research Database",
        "licence": "PhysioNet's credentialed licence, not to be passed on; the demo: Open Database Licence 1.0.",
    }
    draft.converted = {
        "times": "Hours since the unit stay began.",
        "items": "As eicu_items.csv of the package says; what it does not hold is in not_converted.csv.",
        "pressures": "The first of each hour.",
        "laboratory": "Of a revised value, the last.",
        "urine": f"Volume since the time before; a gap of more than {LONGEST:g} h is listed.",
    }
    draft.assumed = {
        "fluids": "A volume of the balance was given over the hour before it is charted.",
        "red_cells": "A bag holds 0.55 cells; the rest is taken as saline.",
        "carriers": "Fluid in which drugs are diluted counts, as `crystalloid`.",
        "norepinephrine": f"A rate holds until the next row, the last one for {LAST:g} h.",
    }
    return draft
