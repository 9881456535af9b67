"""A tidy extract of MIMIC: tables of observations, events and stays, times in hours since the stay began."""

from collections.abc import Callable
from pathlib import Path

from ..quantities import NUMBER
from ..tables import Row
from .draft import Left
from .mimic_files import find_table, read_rows
from .mimic_records import Chart, Given, Reading, Stay, named_item, named_variable

OBSERVATIONS, EVENTS, STAYS = "obs", "events", "stays"
USED = {"id", "subject_id", "sex", "age"}


def is_extract(folder: Path) -> bool:
    """Tell whether a folder holds an extract of this kind."""
    return find_table(folder, OBSERVATIONS) is not None and find_table(folder, STAYS) is not None


def read_extract(folder: Path, wanted: Callable[[str], bool]) -> Chart:
    """Return what an extract says of the stays that are wanted.

    What an item is, MIMIC's number or the extract's name tells; else it may be called as one of our variables or items,
    as in an extract of eICU. Columns: of observations `id,time_h,variable,value,unit`, of events
    `id,start_h,end_h,direction,fluid,volume_mL,itemid,label`, of stays `id,subject_id,sex,age`.

    Raises:
        InputError: a table cannot be read, or lacks a column.
    """
    stays, observations, events = (find_table(folder, name) for name in (STAYS, OBSERVATIONS, EVENTS))
    assert stays and observations
    chart = Chart(str(stays))
    for row in read_rows(stays, ("id", "subject_id", "sex", "age")):
        chart.stays[row["id"]] = Stay(row["id"], row["subject_id"], row["sex"], row["age"], row.number)
        if row.number == 2:
            reason = "a data set has nothing of the kind"
            chart.left += [Left(str(stays), None, name, "", reason) for name in row.cells if name not in USED]
    for row in read_rows(observations, ("id", "time_h", "variable", "value", "unit")):
        if wanted(row["id"]):
            _observed(row, chart)
    for row in read_rows(events, ("id", "start_h", "end_h", "fluid", "volume_mL", "itemid", "label")) if events else ():
        if wanted(row["id"]):
            _happened(row, chart)
    return chart


def _observed(row: Row, chart: Chart) -> None:
    known = chart.meet(row.path, row.number, row["variable"], ours=named_variable(row["variable"]))
    if known and _are_numbers(row, ("time_h", "value"), chart):
        time, value = float(row["time_h"]), float(row["value"])
        chart.readings.append(Reading(row["id"], time, known, value, row["unit"], row.path, row.number))


def _happened(row: Row, chart: Chart) -> None:
    label, ours = f"{row['label']} ({row['fluid']})", named_item(row["fluid"])
    known = chart.meet(row.path, row.number, row["itemid"], label, row["volume_mL"], ours)
    if known and _are_numbers(row, ("start_h", "end_h", "volume_mL"), chart):
        start, end, volume = (float(row[column]) for column in ("start_h", "end_h", "volume_mL"))
        chart.given.append(Given(row["id"], start, end, known, volume, "mL", row.path, row.number))


def _are_numbers(row: Row, columns: tuple[str, ...], chart: Chart) -> bool:
    wrong = [column for column in columns if not NUMBER.fullmatch(row[column])]
    chart.left += [Left(row.path, row.number, column, row[column], "not a number") for column in wrong[:1]]
    return not wrong
