"""What a patient was given or lost, item by item, with what the fit estimated of it where nobody charted it."""

from dataclasses import dataclass

import numpy as np
import xarray as xr

from ...cohort.items import ITEMS
from .forest import Interval, interval
from .ink import number
from .picture import shortened

LONGEST = 30
"""Letters of an item's name."""


@dataclass(frozen=True)
class Given:
    """All entries of one item [event], whose `amount` is NaN where it was not charted, and whose `end` is uncertain by
    `end_sd` [h]; by place of the entry the draws of each estimated amount, and of each estimated end [h]."""

    item: str
    start: np.ndarray
    end: np.ndarray
    amount: np.ndarray
    end_sd: np.ndarray
    amounts: dict[int, np.ndarray]
    ends: dict[int, np.ndarray]

    @property
    def label(self) -> str:
        """What the item is called, capitalised and without explanations."""
        label = ITEMS[self.item].label.partition(":")[0].partition(";")[0]
        label = label if len(label) <= LONGEST else label.partition(", ")[0]
        return shortened(label[0].upper() + label[1:], LONGEST)

    @property
    def unit(self) -> str:
        """The unit of amounts after a space, nothing for a pure number."""
        unit = ITEMS[self.item].unit
        return "" if unit == "1" else f" {unit}"

    @property
    def words(self) -> str:
        """What was given, how much is charted in all, of how many entries the amount is not."""
        unknown, count = np.isnan(self.amount), len(self.amount)
        rated = np.array([at in self.amounts for at in range(count)]) & ~unknown
        known = self.amount[~unknown & ~rated]
        said = [f"{_charted(known, self._level)}{self.unit}"] if known.size else []
        said += [f"{unknown.sum()} of {count} not charted" if known.size else "not charted"] if unknown.any() else []
        return f"{self.label}: {', '.join(said) or 'at a charted rate'}"

    @property
    def estimated(self) -> str:
        """Median and 90 % interval of what was estimated, volumes in all, of several levels medians; empty of most."""
        said = [self._amounts_in_words()] if self.amounts else []
        said += [f"to {_told(one)} h" for one in self.ends.values()] if len(self.ends) == 1 else []
        said += [f"{len(self.ends)} ends"] if len(self.ends) > 1 else []
        return f"estimated {', '.join(said)}" if said else ""

    @property
    def entries(self) -> list["Estimate"]:
        """Each entry of which something was estimated."""
        places = sorted({*self.amounts, *self.ends})
        return [
            Estimate(
                self.label,
                self.unit.strip(),
                float(self.start[at]),
                float(self.end[at]),
                float(self.end_sd[at]),
                interval("amount", self.amounts[at]) if at in self.amounts else None,
                interval("end", self.ends[at]) if at in self.ends else None,
            )
            for at in places
        ]

    @property
    def _level(self) -> bool:
        return ITEMS[self.item].kind == "level"

    def _amounts_in_words(self) -> str:
        draws = list(self.amounts.values())
        if len(draws) == 1:
            return f"{_told(draws[0])}{self.unit}"
        if self._level:
            return f"medians {_charted(np.median(draws, axis=1), True)}{self.unit}"
        return f"{_told(np.sum(draws, axis=0))}{self.unit} in all"


@dataclass(frozen=True)
class Estimate:
    """One entry of which something was estimated: from `start` to the stated `end`, give or take `end_sd` [h]; what
    the amount [unit] and the end [h] are, None where charted."""

    label: str
    unit: str
    start: float
    stated: float
    end_sd: float
    amount: Interval | None
    end: Interval | None


def given_to(tree: xr.DataTree, patient: str) -> list[Given]:
    """Return what a patient was given or lost, by item in order of its first entry."""
    table = tree["therapy"].to_dataset()
    table = table.isel(event=np.flatnonzero((table["patient"] == patient).values))
    posterior = tree["posterior"].to_dataset().sel(patient=patient)
    items = dict.fromkeys(str(name) for name in table["item"].values[np.argsort(table["start"].values)])
    return [_given(name, table.isel(event=np.flatnonzero((table["item"] == name).values)), posterior) for name in items]


def _given(item: str, table: xr.Dataset, posterior: xr.Dataset) -> Given:
    columns = {name: table[name].values for name in ("start", "end", "amount", "end_sd")}
    amounts, ends = {}, {}
    for place, name in enumerate(table["parameter"].values):
        if not name:
            continue
        draws, entry = posterior[name].values.ravel(), table.isel(event=place)
        if entry["end_sd"] == 0:
            amounts[place] = draws
            continue
        ends[place] = float(entry["start"]) + draws
        if entry["by_rate"] and ITEMS[item].kind != "level":  # what was given grows with the time it ran
            amounts[place] = float(entry["amount"] / (entry["end"] - entry["start"])) * draws
    return Given(item, **columns, amounts=amounts, ends=ends)


def _charted(known: np.ndarray, level: bool) -> str:
    if not level:
        return number(known.sum())
    return " to ".join(dict.fromkeys((number(known.min()), number(known.max()))))


def _told(draws: np.ndarray) -> str:
    _, low, middle, high = interval("", draws)
    return f"{number(middle)} ({number(low)} to {number(high)})"
