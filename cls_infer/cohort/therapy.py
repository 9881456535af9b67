"""therapy.csv: one row, one treatment or loss from start to end."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..errors import Problem
from ..units import UnitError, convert
from .items import ITEMS, SPELLINGS, Item, item_name
from .names import did_you_mean
from .quantities import read_number, read_quantity
from .records import Event
from .tables import Columns, Row
from .times import Clock, read_duration, read_time

COLUMNS = Columns(
    required=("patient", "start", "end", "item", "amount", "unit"),
    optional=(
        *("rate", "rate_unit", "amount_low", "amount_high", "amount_median", "amount_gsd"),
        *("end_sd", "time_unit", "comment"),
    ),
)
RANGE, CENTRE = ("amount_low", "amount_high"), ("amount_median", "amount_gsd")
AGREE = 0.05
"""A charted amount and rate may differ by this share, for rounding."""


def read_therapy(
    rows: Sequence[Row], clocks: Mapping[str, Clock | None], problems: list[Problem]
) -> dict[str, list[Event]]:
    """Return each patient's therapy in order of start."""
    therapy: dict[str, list[Event]] = defaultdict(list)
    rows = [replace(row, cells={**row.cells, "item": item_name(row["item"])}) for row in rows]
    for row in rows:
        start, end = (read_time(row, column, clocks, problems) for column in ("start", "end"))
        item = _item(row, problems)
        if start is not None and end is not None and end < start:
            problems.append(row.problem(f"ends at {end:g} h, before its start at {start:g} h", "swap the two"))
            continue
        if item is None:
            continue
        event = _event(row, item, start, end, problems)
        if event:
            therapy[row["patient"]].append(event)
    for patient, events in therapy.items():
        events.sort(key=lambda event: (event.start, event.row))
        _check_levels(patient, events, rows, problems)
    return therapy


def _item(row: Row, problems: list[Problem]) -> Item | None:
    if row["item"] not in ITEMS:
        problems.append(row.problem(f"unknown item `{row['item']}`", did_you_mean(row["item"], ITEMS, SPELLINGS)))
    return ITEMS.get(row["item"])


def _event(row: Row, item: Item, start: float | None, end: float | None, problems: list[Problem]) -> Event | None:
    before = len(problems)
    hours = None if start is None or end is None else end - start
    if hours == 0 and (item.kind != "volume" or row["rate"]):
        remedy = "write as its end how long it acts" if item.kind == "dose" else "write how long it lasted"
        problems.append(row.problem("starts and ends at the same time", remedy))
        return None
    amount, belief = None, {}
    if row["amount"] or row["rate"]:
        _check_nothing_in(row, (*RANGE, *CENTRE), problems)
        amount = _charted(row, item, hours, problems)
    else:
        belief = _uncharted(row, item, problems)
    end_sd = _end_sd(row, hours, problems)
    if len(problems) > before or start is None or end is None:
        return None
    by_rate = bool(row["rate"]) or item.kind == "level"
    return Event(row["item"], start, end, amount, row.number, **belief, end_sd=end_sd, by_rate=by_rate and end_sd > 0)


def _end_sd(row: Row, hours: float | None, problems: list[Problem]) -> float:
    """Return how uncertain the end is [h]; of what ran for that long, one number must be known to tell the rest."""
    end_sd = read_duration(row, "end_sd", problems)
    if end_sd <= 0 or hours is None:
        return 0.0
    wrong = ""
    if end_sd >= hours:
        wrong, remedy = f"is not below the {hours:g} h it ran", "write how many hours the end may be off"
    elif row["amount"] and row["rate"]:
        wrong, remedy = "is given beside `amount` and `rate`, which tell the end", "clear one of the three"
    elif not (row["amount"] or row["rate"]):
        wrong, remedy = "is given where the amount is unknown too", "chart the amount or the rate, or clear `end_sd`"
    if wrong:
        problems.append(row.problem(f"`end_sd` {row['end_sd']} {wrong}", remedy))
    return end_sd


def _check_nothing_in(row: Row, columns: Sequence[str], problems: list[Problem]) -> None:
    for column in columns:
        if row[column]:
            message = f"`{column}` is given beside another amount"
            problems.append(row.problem(message, f"clear `{column}`, or leave the other empty"))


def _charted(row: Row, item: Item, hours: float | None, problems: list[Problem]) -> float | None:
    """Return the amount as charted, or as rate times duration; both may be there if they agree."""
    amount = _amount(row, "amount", item, problems) if row["amount"] else None
    if not row["rate"]:
        return amount
    from_rate = _from_rate(row, item, hours, problems)
    if amount is None or from_rate is None:
        return from_rate
    if abs(amount - from_rate) > AGREE * max(abs(amount), abs(from_rate)):
        message = f"`amount` is {amount:g} {item.unit}, `rate` makes it {from_rate:g} {item.unit}"
        problems.append(row.problem(message, "keep the right one and clear the other"))
    return amount


def _amount(row: Row, column: str, item: Item, problems: list[Problem]) -> float | None:
    return read_quantity(row, column, row["unit"], name=row["item"], kind=item, problems=problems)


def _from_rate(row: Row, item: Item, hours: float | None, problems: list[Problem]) -> float | None:
    """Return rate times duration; the rate of a level item is its level."""
    if item.kind == "level":
        return read_quantity(row, "rate", row["rate_unit"], name=row["item"], kind=item, problems=problems)
    number = read_number(row, "rate", problems)
    unit, name = row["rate_unit"], row["item"]
    try:
        if not unit:
            raise UnitError("`rate` has no `rate_unit`", "write one, such as `mL/h`")
        per_hour = convert(number or 0.0, unit, f"{item.unit}/h", variable=name)
    except UnitError as error:
        problems.append(row.problem(error.message, error.remedy))
        return None
    if number is None or hours is None:
        return None
    total = per_hour * hours
    if not item.low <= total <= item.high:
        message = f"`{name}` {row['rate']} `{unit}` over {hours:g} h is {total:g} {item.unit}"
        remedy = "correct the rate, its unit or the times"
        problems.append(row.problem(f"{message}, outside {item.low:g} to {item.high:g} {item.unit}", remedy))
    return total


def _uncharted(row: Row, item: Item, problems: list[Problem]) -> dict[str, float | None]:
    """Return what is believed of an amount that was never charted: a range, or a median and its spread."""
    given = [columns for columns in (RANGE, CENTRE) if all(row[column] for column in columns)]
    if len(given) != 1 or any(row[column] for column in {*RANGE, *CENTRE}.difference(*given)):
        remedy = (
            "write what is possible: `amount_low` and `amount_high`, or `amount_median` and `amount_gsd` "
            "(2 for: probably within a factor of 2)"
        )
        problems.append(row.problem("`amount` is empty", remedy))
        return {}
    if given == [RANGE]:
        low, high = (_amount(row, column, item, problems) for column in RANGE)
        if low is not None and high is not None and low >= high:
            message = f"`amount_low` {row['amount_low']} is not below `amount_high` {row['amount_high']}"
            problems.append(row.problem(message, "swap the two, or write the one amount under `amount`"))
        return {"low": low, "high": high}
    median, gsd = _amount(row, "amount_median", item, problems), read_number(row, "amount_gsd", problems)
    if median is not None and median <= 0:
        problems.append(row.problem(f"`amount_median` is {row['amount_median']}", "write one above 0"))
    if gsd is not None and gsd <= 1:
        problems.append(row.problem(f"`amount_gsd` is {row['amount_gsd']}", "write a factor above 1, such as 2"))
    return {"median": median, "gsd": gsd}


def _check_levels(patient: str, events: list[Event], rows: Sequence[Row], problems: list[Problem]) -> None:
    """Find two rows that hold the same level at once: which of them counts?"""
    path = rows[0].path
    running: dict[str, Event] = {}
    for event in events:
        if ITEMS[event.item].kind != "level":
            continue
        other = running.get(event.item)
        if other and event.start < other.end:
            message = f"`{event.item}` of patient `{patient}` overlaps that of row {other.row}"
            problems.append(Problem(path, message, event.row, "end the one where the other starts"))
        if not other or event.end > other.end:
            running[event.item] = event
