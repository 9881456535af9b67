"""eICU's own tables: laboratory, vital signs, fluids and infusions, in minutes from the beginning of each stay."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ..quantities import NUMBER
from ..tables import Row
from .draft import Left, number
from .mimic_files import find_table, read_rows
from .mimic_records import Chart, Given, Reading, Stay, known_items

ITEM_TABLE = "eicu_items.csv"
AROUND = 24.0
"""How long before a stay values of the laboratory are taken as the stay's [h], as of MIMIC."""

LAST = 1.0
"""The last row of an infusion is held for so long [h] [A]."""

EARLY = "lab|earlier"
VITALS = ("systemicmean", "cvp")
MEASURES = ("admissionweight", "admissionheight")
OFF = ("", "0", "off")


def is_eicu(folder: Path) -> bool:
    """Tell whether a folder holds eICU's tables."""
    path = find_table(folder, "patient")
    return path is not None and any("patientunitstayid" in row.cells for row in islice(read_rows(path, ()), 1))


def read_eicu(folder: Path, wanted: Callable[[str], bool]) -> Chart:
    """Return what eICU's tables say of the stays that are wanted; only `patient` must be there.

    Raises:
        InputError: a table cannot be read, or lacks a column.
    """
    path = find_table(folder, "patient")
    assert path
    chart = Chart(str(path), items=known_items(ITEM_TABLE))
    for row in read_rows(path, ("patientunitstayid", "uniquepid", "gender", "age")):
        _stay(row, chart, wanted)
    labs, infusions = _Labs(), _Infusions({one.stay: one.value for one in chart.readings if one.known.name == "weight"})
    readers = {"lab": labs, "vitalperiodic": _Vitals(), "intakeoutput": _fluid, "infusiondrug": infusions}
    for table, read in readers.items():
        found = find_table(folder, table)
        if found is None:
            chart.left.append(Left(str(folder), None, "", table, "this table is not there"))
            continue
        for row in read_rows(found, ("patientunitstayid",)):
            if wanted(row["patientunitstayid"]) and row["patientunitstayid"] in chart.stays:
                _take(read, row, chart)
    chart.readings += (reading for _, reading in labs.last.values())
    chart.given += (one for each in infusions.of.values() for one in _until_the_next(each))
    return chart


def _take(read: Callable[[Row, Chart], None], row: Row, chart: Chart) -> None:
    """Take a row; a time or number that is none is listed."""
    try:
        read(row, chart)
    except ValueError as error:
        chart.left.append(Left(row.path, row.number, "", "", f"cannot be read: {error}"))


def _stay(row: Row, chart: Chart, wanted: Callable[[str], bool]) -> None:
    name, age = row["patientunitstayid"], row["age"]
    if age and not NUMBER.fullmatch(age) and wanted(name):
        chart.left.append(Left(row.path, row.number, "age", age, "no number: ages above 89 are hidden"))
    chart.stays[name] = Stay(name, row["uniquepid"], row["gender"], age if NUMBER.fullmatch(age) else "", row.number)
    for column in MEASURES if wanted(name) else ():
        if NUMBER.fullmatch(row[column]):
            known = chart.items[f"patient|{column}"]
            chart.readings.append(Reading(name, 0.0, known, float(row[column]), known.unit, row.path, row.number))


class _Labs:
    """The laboratory: of a value that was revised, the last."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, str, str], tuple[float, Reading]] = {}

    def __call__(self, row: Row, chart: Chart) -> None:
        known = chart.meet(row.path, row.number, f"lab|{row['labname'].strip().lower()}")
        if known is None:
            return
        stay, time = row["patientunitstayid"], _hours(row, "labresultoffset")
        if time < -AROUND:
            chart.meet(row.path, row.number, EARLY)
            return
        unit = row["labmeasurenamesystem"] or known.unit
        reading = Reading(stay, time, known, _number(row, "labresult"), unit, row.path, row.number)
        key = stay, row["labname"], row["labresultoffset"]
        revised = float(row["labresultrevisedoffset"] or 0)
        before = self.last.get(key)
        if before:
            older = reading if revised < before[0] else before[1]
            words = f"{older.value:g} {older.unit}"
            chart.left.append(Left(older.file, older.row, known.label, words, "revised: another row of this sample"))
            if older is reading:
                return
        self.last[key] = revised, reading


class _Vitals:
    """Pressures charted every five minutes: the first of each hour."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str, int]] = set()

    def __call__(self, row: Row, chart: Chart) -> None:
        stay, time = row["patientunitstayid"], _hours(row, "observationoffset")
        for column in VITALS:
            if not row[column]:
                continue
            hour = stay, column, int(time // 1)
            known = chart.meet(row.path, row.number, f"vital|{'more ' if hour in self.seen else ''}{column}")
            self.seen.add(hour)
            if known:
                value = _number(row, column)
                chart.readings.append(Reading(stay, time, known, value, known.unit, row.path, row.number))


def _fluid(row: Row, chart: Chart) -> None:
    """Take a volume of the balance: its cell is called by what was given or came out; weights and counts are listed."""
    path = row["cellpath"].lower()
    side = next((side for side in ("intake", "output") if f"|{side} (ml)|" in path), "")
    item = f"{side}|{path.rpartition('|')[2].strip()}" if side else path.rpartition("i&o|")[2]
    known = chart.meet(row.path, row.number, item, volume=row["cellvaluenumeric"] if side else "")
    if known:
        time, volume = _hours(row, "intakeoutputoffset"), _number(row, "cellvaluenumeric")
        stay = row["patientunitstayid"]
        chart.given.append(Given(stay, time, time, known, volume, known.unit, row.path, row.number))


class _Infusions:
    """Drugs by their rate, a list a stay: each row begins one. `weights` are those on admission [kg]."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = weights
        self.of: dict[str, list[Given]] = defaultdict(list)

    def __call__(self, row: Row, chart: Chart) -> None:
        known = chart.meet(row.path, row.number, f"drug|{' '.join(row['drugname'].lower().split())}")
        if known is None:
            return
        stay, start = row["patientunitstayid"], _hours(row, "infusionoffset")
        rate = 0.0 if row["drugrate"].strip().lower() in OFF else _number(row, "drugrate")
        if known.unit == "ug/min" and rate:
            rate /= self._weight(row, stay)
        one = Given(stay, start, start + LAST, known, 0.0, "", row.path, row.number, number(rate), "ug/kg/min")
        self.of[stay].append(one)

    def _weight(self, row: Row, stay: str) -> float:
        """Return the weight over which a rate is taken [kg]: beside the rate, else on admission."""
        beside = float(row["patientweight"]) if NUMBER.fullmatch(row["patientweight"]) else 0.0
        weight = beside if beside > 0 else self.weights.get(stay, 0.0)
        if weight <= 0:
            raise ValueError("no weight over which to take the rate")
        return weight


def _until_the_next(levels: list[Given]) -> list[Given]:
    """Return infusions, each until the next row of the same; where one was off, nothing."""
    levels = sorted(levels, key=lambda one: one.start)
    ends = [*(one.start for one in levels[1:]), levels[-1].end]
    return [
        replace(one, end=end) for one, end in zip(levels, ends, strict=True) if float(one.rate) > 0 and end > one.start
    ]


def _hours(row: Row, column: str) -> float:
    return round(_number(row, column) / 60.0, 4)


def _number(row: Row, column: str) -> float:
    if not NUMBER.fullmatch(row[column]):
        raise ValueError(f"`{column}` `{row[column]}` is no number")
    return float(row[column])
