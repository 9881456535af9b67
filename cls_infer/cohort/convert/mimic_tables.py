"""MIMIC-IV's own tables: charts, laboratory, inputs and outputs, counted from the beginning of each stay."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from ...errors import InputError
from ..quantities import NUMBER
from ..tables import Row
from .draft import Left, number
from .mimic_files import find_table, read_rows
from .mimic_records import Chart, Given, Known, Reading, Stay

BEFORE, AFTER = 24.0, 24.0
"""How long before a stay, and after its end, values of the laboratory are taken as the stay's [h]."""
REWRITTEN = "rewritten"
OUTSIDE = "of no stay: more than a day before or after"


def is_mimic(folder: Path) -> bool:
    """Tell whether a folder holds MIMIC-IV's tables."""
    return find_table(folder, "icustays") is not None


class _Clock:
    """When each stay began and ended, and whose it was."""

    def __init__(self, chart: Chart):
        self.chart = chart
        self.span: dict[str, tuple[datetime, datetime | None]] = {}
        self.of_subject: dict[str, list[str]] = {}

    def hours(self, stay: str, written: str) -> float:
        """Return a timestamp as hours since the stay began."""
        return round((datetime.fromisoformat(written) - self.span[stay][0]).total_seconds() / 3600.0, 4)

    def stay_at(self, subject: str, written: str) -> str:
        """Return the stay of a person to which a timestamp is nearest, empty if it is near none."""
        found = {}
        for stay in self.of_subject.get(subject, ()):
            intime, outtime = self.span[stay]
            hours, length = self.hours(stay, written), (outtime - intime).total_seconds() / 3600.0 if outtime else 0.0
            if -BEFORE <= hours <= length + AFTER:
                found[stay] = max(-hours, hours - length, 0.0)
        return min(found, key=lambda stay: found[stay], default="")


def read_mimic(folder: Path, wanted: Callable[[str], bool]) -> Chart:
    """Return what MIMIC-IV's tables say of the stays that are wanted; only `icustays` must be there.

    Values of the laboratory name a person and no stay: they are of the stay in which, or a day about which, they were
    taken. Each row is read once and kept only if its item is known.

    Raises:
        InputError: a table cannot be read, or lacks a column.
    """
    path = find_table(folder, "icustays")
    assert path
    chart = Chart(str(path))
    clock = _Clock(chart)
    people = _people(folder)
    for row in read_rows(path, ("subject_id", "stay_id", "intime")):
        _stay(row, people, clock, chart)
    labels = _labels(folder)
    for table, read in READERS.items():
        found = find_table(folder, table)
        if found is None:
            chart.left.append(Left(str(folder), None, "", table, "this table is not there"))
            continue
        for row in read_rows(found, ("subject_id", "itemid")):
            _take(read, row, wanted, labels, clock)
    return chart


def _take(read: Callable, row: Row, wanted: Callable[[str], bool], labels: Mapping[str, str], clock: _Clock) -> None:
    """Take a row of a stay that is wanted; a time or number that is none is listed."""
    item = row["itemid"]
    try:
        stay = row["stay_id"] or clock.stay_at(row["subject_id"], row["charttime"])
        if not stay and any(map(wanted, clock.of_subject.get(row["subject_id"], ()))):
            clock.chart.meet(row.path, row.number, OUTSIDE)
        if stay not in clock.span or not wanted(stay):
            return
        known = clock.chart.meet(row.path, row.number, item, labels.get(item, ""))
        if known:
            read(row, stay, known, clock)
    except ValueError as error:
        clock.chart.left.append(Left(row.path, row.number, "itemid", item, f"cannot be read: {error}"))


def _people(folder: Path) -> dict[str, Row]:
    path = find_table(folder, "patients")
    return {row["subject_id"]: row for row in read_rows(path, ("subject_id",))} if path else {}


def _labels(folder: Path) -> dict[str, str]:
    found = [path for name in ("d_items", "d_labitems") if (path := find_table(folder, name))]
    return {row["itemid"]: row["label"] for path in found for row in read_rows(path, ("itemid", "label"))}


def _stay(row: Row, people: dict[str, Row], clock: _Clock, chart: Chart) -> None:
    try:
        begins = datetime.fromisoformat(row["intime"])
        ends = datetime.fromisoformat(row["outtime"]) if row["outtime"] else None
    except ValueError:
        raise InputError([row.problem(f"`{row['intime']}` is no timestamp", "write 2130-01-31 14:30:00")]) from None
    person = people.get(row["subject_id"])
    age = ""
    if person and NUMBER.fullmatch(person["anchor_age"]) and NUMBER.fullmatch(person["anchor_year"]):
        age = number(float(person["anchor_age"]) + begins.year - float(person["anchor_year"]))
    name = row["stay_id"]
    clock.span[name] = begins, ends
    clock.of_subject.setdefault(row["subject_id"], []).append(name)
    chart.stays[name] = Stay(name, row["subject_id"], person["gender"] if person else "", age, row.number)


def _value(row: Row) -> float:
    written = row["valuenum"] or row["value"]
    if not NUMBER.fullmatch(written):
        raise ValueError(f"`{written}` is no number")
    return float(written)


def _lab(row: Row, stay: str, known: Known, clock: _Clock) -> None:
    time = clock.hours(stay, row["charttime"])
    unit = row["valueuom"] or known.unit
    clock.chart.readings.append(Reading(stay, time, known, _value(row), unit, row.path, row.number))


def _charted(row: Row, stay: str, known: Known, clock: _Clock) -> None:
    if known.role == "hourly":
        _output(row, stay, known, clock)
    else:
        _lab(row, stay, known, clock)


def _output(row: Row, stay: str, known: Known, clock: _Clock) -> None:
    time, unit = clock.hours(stay, row["charttime"]), row["valueuom"] or known.unit
    clock.chart.given.append(Given(stay, time, time, known, _value(row), unit, row.path, row.number))


def _input(row: Row, stay: str, known: Known, clock: _Clock) -> None:
    if row["statusdescription"].lower() == REWRITTEN:
        clock.chart.left.append(
            Left(row.path, row.number, "statusdescription", row["statusdescription"], "replaced by another row")
        )
        return
    start, end = (clock.hours(stay, row[column]) for column in ("starttime", "endtime"))
    amount = float(row["amount"])
    rate = {"rate": row["rate"], "rate_unit": row["rateuom"]}
    unit = row["amountuom"] or known.unit
    clock.chart.given.append(Given(stay, start, end, known, amount, unit, row.path, row.number, **rate))


READERS = {"labevents": _lab, "chartevents": _charted, "inputevents": _input, "outputevents": _output}
