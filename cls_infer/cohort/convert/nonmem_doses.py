"""Dose records as rows of therapy.csv: rates as durations, repeated doses one by one."""

from collections.abc import Iterator
from math import isclose

from ...errors import Problem
from ..items import ITEMS
from ..quantities import read_number
from ..tables import Row
from .draft import Left, Line, as_number, cells
from .nonmem_cells import given
from .words import Dosed

MOST_REPEATED = 10_000
MODELLED = {-1: "the rate", -2: "the duration"}


def dose_lines(
    row: Row, patient: str, dose: Dosed, hours: float, left: list[Left], problems: list[Problem]
) -> Iterator[Line]:
    """Yield the rows of one dose record, ADDL more of them II apart.

    Args:
        row: the record.
        patient: whose it is.
        dose: what the map says of it.
        hours: how long one unit of TIME is [h].
        left: takes what is not converted.
        problems: takes what is wrong with it.
    """
    if dose.skip:
        left.append(Left(row.path, row.number, "AMT", row["AMT"], dose.skip))
        return
    before = len(problems)
    start = read_number(row, "TIME", problems)
    repeated, interval = _repeated(row, problems)
    lasting = _lasting(row, dose, hours, problems)
    what = _what(row, dose, lasting, problems)
    if len(problems) > before or start is None or lasting is None:
        return
    for n in range(repeated + 1):
        at = (start + n * interval) * hours
        times = cells(patient=patient, start=at, end=at + lasting, item=dose.item)
        yield Line(times | what, row.path, row.number)


def _repeated(row: Row, problems: list[Problem]) -> tuple[int, float]:
    """Return how many more doses follow and how far apart [TIME]."""
    if given(row, "SS"):
        message = f"`SS` is `{row['SS']}`: a steady state of earlier doses, of which a data set knows nothing"
        problems.append(row.problem(message, "write the earlier doses as records of their own, and SS 0"))
    more = read_number(row, "ADDL", problems) if given(row, "ADDL") else 0.0
    interval = read_number(row, "II", problems) if given(row, "II") else 0.0
    if more is None or interval is None:
        return 0, 0.0
    if more != int(more) or not 0 <= more <= MOST_REPEATED:
        problems.append(row.problem(f"`ADDL` is `{row['ADDL']}`", f"write a whole number, at most {MOST_REPEATED}"))
    elif more and interval <= 0:
        problems.append(row.problem(f"`ADDL` is {row['ADDL']} and `II` is `{row['II'] or '.'}`", "write the interval"))
    return int(more), interval


def _lasting(row: Row, dose: Dosed, hours: float, problems: list[Problem]) -> float | None:
    """Return how long a dose lasts [h]: DUR, AMT over RATE, what the map says, or no time at all."""
    amount, rate, duration = (
        read_number(row, column, problems) if given(row, column) else 0.0 for column in ("AMT", "RATE", "DUR")
    )
    if amount is None or rate is None or duration is None:
        return None
    if rate in MODELLED:
        if dose.hours and dose.hours_sd:
            return dose.hours
        message = f"`RATE` is {row['RATE']}: {MODELLED[int(rate)]} is a parameter of the model"
        remedy = "say in the map how long such a dose lasts, `hours` and `hours_sd`, or write the rate"
        problems.append(row.problem(message, remedy))
        return None
    if rate < 0 or duration < 0:
        column = "RATE" if rate < 0 else "DUR"
        problems.append(row.problem(f"`{column}` is `{row[column]}`", "write 0 or more, -1 or -2"))
        return None
    if rate and duration and amount and not isclose(amount / rate, duration, rel_tol=0.01):
        message = f"`AMT` over `RATE` is {amount / rate:g}, `DUR` is {row['DUR']}"
        problems.append(row.problem(message, "write `.` for one of the two"))
    if duration:
        return duration * hours
    return amount / rate * hours if rate and amount else dose.hours


def _what(row: Row, dose: Dosed, lasting: float | None, problems: list[Problem]) -> dict[str, str]:
    """Return the cells that say how much: of a level its height, of all else the total."""
    item = ITEMS[dose.item]
    uncertain = cells(end_sd=dose.hours_sd) if as_number(row["RATE"]) in MODELLED else {}
    if item.kind != "volume" and lasting == 0:
        message = f"`{dose.item}` lasts no time at all: neither DUR nor RATE is there"
        problems.append(row.problem(message, "say in the map for how many `hours` such a dose acts"))
    if item.kind == "level":
        if not given(row, "RATE") or uncertain:
            problems.append(row.problem(f"no `RATE` says how high `{dose.item}` is", "write its height as RATE"))
        return cells(rate=row["RATE"], rate_unit=dose.rate_unit)
    if not given(row, "AMT"):
        problems.append(row.problem("`AMT` is empty or 0 in a dose", "write how much was given"))
    return cells(amount=row["AMT"], unit=dose.unit) | uncertain
