"""Therapy as rows of text that a reader edits, and back: read as a therapy.csv is, with the same words for mistakes."""

from collections.abc import Mapping, Sequence

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..cohort.tables import Row
from ..cohort.therapy import read_therapy
from ..cohort.times import read_clocks
from ..errors import InputError, Problem
from ..model.spec import Model

COLUMNS = ("start", "end", "item", "amount", "unit")
WHERE, ONE = "therapy", "the patient"

type Cells = Mapping[str, str]
"""One row as a reader sees it, by the names of `COLUMNS`."""


def cells_of(event: Event) -> dict[str, str]:
    """Return an event as a reader sees it; an amount that was never charted is empty."""
    amount = "" if event.amount is None else f"{event.amount:.6g}"
    start, end = (f"{hour:.6g}" for hour in (event.start, event.end))
    unit = ITEMS[event.item].unit if event.item in ITEMS else ""
    return {"start": start, "end": end, "item": event.item, "amount": amount, "unit": unit}


def events_of(rows: Sequence[Cells], charted: Sequence[Event]) -> tuple[Event, ...]:
    """Return what rows of text say. A row that reads like one of `charted` is that one, with all that is known of it.

    Raises:
        InputError: every problem of every row; an amount left out where none was estimated.
    """
    known = [(cells_of(event), event) for event in charted]
    events: dict[int, Event] = {}
    table: list[Row] = []
    problems: list[Problem] = []
    for number, cells in enumerate(rows, start=1):
        plain = {column: str(cells[column]).strip() for column in COLUMNS}
        same = next((place for place, (seen, _) in enumerate(known) if seen == plain), None)
        row = Row(WHERE, number, {"patient": ONE, **plain})
        if same is not None:
            events[number] = known.pop(same)[1]
            row = Row(WHERE, number, {"patient": ONE, **_in_full(events[number])})
        elif not plain["amount"]:
            message = f"`{plain['item']}` has no amount, and none was estimated for such a row"
            problems.append(row.problem(message, "write the amount"))
            continue
        table.append(row)
    clocks = read_clocks([(row, ("start", "end")) for row in table], problems)
    read = read_therapy(table, clocks, problems).get(ONE, [])
    if problems:
        raise InputError(problems)
    return tuple(events.get(event.row, event) for event in read)


def _in_full(event: Event) -> dict[str, str]:
    """Return a charted event as the reader of tables wants it, to the last digit."""
    numbers = {"start": event.start, "end": event.end, "amount": event.amount}
    numbers |= {"amount_low": event.low, "amount_high": event.high, "end_sd": event.end_sd or None}
    numbers |= {"amount_median": event.median, "amount_gsd": event.gsd}
    told = {column: repr(float(number)) for column, number in numbers.items() if number is not None}
    return {"item": event.item, "unit": ITEMS[event.item].unit, **told}


def items_of(model: Model) -> tuple[str, ...]:
    """Return the items that change something in a model."""
    return tuple(name for name, item in ITEMS.items() if set(item.per_unit) & set(model.channels))


def idle(model: Model, therapy: Sequence[Event]) -> tuple[str, ...]:
    """Return in words what is given and changes nothing in a model."""
    there = items_of(model)
    names = dict.fromkeys(event.item for event in therapy if event.item not in there)
    return tuple(f"`{name}` changes nothing here: `{model.name}` has no place for it" for name in names)
