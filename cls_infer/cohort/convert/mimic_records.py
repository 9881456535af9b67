"""What MIMIC's tables say, table by table alike: readings, what was given or lost, stays; and what each item is."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from ..items import ITEMS
from ..quantities import NUMBER
from ..vocabulary import VARIABLES, canonical_name
from .draft import Left

ITEM_TABLE = "mimic_items.csv"


@dataclass(frozen=True)
class Known:
    """What an item of MIMIC is; a row of mimic_items.csv.

    `role` is `lab` for a value that stands for itself, `copy` for one charted at the bedside, often that of the
    laboratory again, `arterial` and `cuff` for mean pressures, `covariate`; `volume`, `level`, `dose`, `hourly`
    (removed in the hour before) for therapy; `urine`, `irrigant`; or `left`, with the `reason`. Of a volume, `factor`
    is `name` and what remains is `rest`.
    """

    item: str
    label: str
    role: str
    name: str
    unit: str
    factor: float
    rest: str
    extra_sd: str
    reason: str
    source: str


@dataclass(frozen=True)
class Reading:
    """A value of one stay at a time [h]."""

    stay: str
    time: float
    known: Known
    value: float
    unit: str
    file: str
    row: int


@dataclass(frozen=True)
class Given:
    """What one stay was given, or lost, from `start` to `end` [h]; the rate where the table has one."""

    stay: str
    start: float
    end: float
    known: Known
    amount: float
    unit: str
    file: str
    row: int
    rate: str = ""
    rate_unit: str = ""


@dataclass(frozen=True)
class Stay:
    """One stay: whose, and what is known of the person."""

    name: str
    subject: str
    sex: str
    age: str
    row: int


@dataclass
class Uncounted:
    """An item of which nothing is taken: its first row, how many there are, and their volume [mL]."""

    label: str
    row: int
    rows: int = 0
    volume: float = 0.0


@dataclass
class Chart:
    """All that was read: stays by name, their readings and therapy, and what was not understood; `items` says what is
    what, MIMIC's unless another table is given."""

    file: str
    stays: dict[str, Stay] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    unknown: dict[tuple[str, str], Uncounted] = field(default_factory=dict)
    items: Mapping[str, Known] = field(default_factory=lambda: known_items())

    def meet(
        self, file: str, row: int, item: str, label: str = "", volume: str = "", ours: Known | None = None
    ) -> Known | None:
        """Return what an item is; one of which nothing is to be taken is counted, with its volume [mL].

        `ours` is what it is by the name an extract gives it, where the table of items does not hold it.
        """
        known = self.items.get(item, ours)
        if known and known.role != "left":
            return known
        one = self.unknown.setdefault((file, item), Uncounted(known.label if known else label, row))
        one.rows += 1
        one.volume += float(volume) if NUMBER.fullmatch(volume) else 0.0
        return None

    def uncounted(self) -> Iterable[Left]:
        """Return the items of which nothing was taken: the first row of each, and how many there are."""
        for (file, item), one in self.unknown.items():
            known = self.items.get(item)
            volume = f", {one.volume:g} mL in all" if one.volume else ""
            reason = known.reason if known else "no variable or item of a data set"
            yield Left(file, one.row, "item", f"{item} {one.label}".strip() + volume, reason, one.rows)


@cache
def known_items(table: str = ITEM_TABLE) -> dict[str, Known]:
    """Return the items of a table of the package: of mimic_items.csv by MIMIC's itemid, or the name in an extract."""
    text = (files(__package__) / table).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["item"]: Known(**{**row, "factor": float(row["factor"] or 1.0)}) for row in rows}


def named_variable(name: str) -> Known | None:
    """Return a reading that an extract calls by the name of one of our variables."""
    variable = canonical_name(name)
    return _ours(name, "lab", variable, VARIABLES[variable].unit) if variable else None


def named_item(name: str) -> Known | None:
    """Return a volume that an extract calls by the name of one of our items, or urine."""
    if name == "urine":
        return _ours(name, "urine", "urine", "mL")
    item = ITEMS.get(name)
    return _ours(name, "volume", name, "mL") if item and item.kind == "volume" else None


def _ours(written: str, role: str, name: str, unit: str) -> Known:
    return Known(written, written, role, name, unit, factor=1.0, rest="", extra_sd="", reason="", source="by its name")
