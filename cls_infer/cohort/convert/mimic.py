"""MIMIC-IV as a data set: its own tables, or an extract of them."""

from collections.abc import Sequence
from pathlib import Path

from ...errors import InputError, Problem
from .draft import Draft
from .mimic_extract import is_extract, read_extract
from .mimic_readings import BESIDE, COPIED_WITHIN
from .mimic_tables import is_mimic, read_mimic
from .mimic_therapy import ACTS
from .stays import Read, convert_stays


def convert_mimic(folder: Path | str, *, stays: Sequence[str] = (), shortlist: bool = False) -> Draft:
    """Return the draft of a data set from tables of MIMIC-IV, or an extract of observations, events and stays.

    A stay is a patient; hours count from its beginning. Left out and listed are copies of one sample, a cuff's pressure
    beside an artery's, what flows in a filter's circuit, items that no data set holds, and what is impossible.

    Args:
        folder: the tables, plain or compressed.
        stays: those to convert; all if none is named.
        shortlist: of these only stays that may show a leak, as `convert_stays` says.

    Raises:
        InputError: no such tables, a table that cannot be read, a stay that is not there.
    """
    folder = Path(folder)
    draft = convert_stays(folder, _reader(folder), stays=stays, shortlist=shortlist)
    _say(folder, draft)
    return draft


def _reader(folder: Path) -> Read:
    if not folder.is_dir():
        raise InputError([Problem(str(folder), "is no folder", remedy="name the folder of the tables")])
    if is_mimic(folder):
        return read_mimic
    if is_extract(folder):
        return read_extract
    message = "holds neither `icustays.csv` nor an extract, `obs.csv` and `stays.csv`"
    raise InputError([Problem(str(folder), message, remedy="name the folder of MIMIC-IV's tables")])


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
