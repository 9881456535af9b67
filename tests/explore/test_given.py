"""Therapy as rows: what was charted stays what it was, what is typed is read as a table is."""

import pytest

from cls_infer.cohort.records import Event
from cls_infer.errors import InputError
from cls_infer.explore.given import cells_of, events_of

CHARTED = (
    Event("crystalloid", 0.0, 24.0, None, row=2, median=6.0, gsd=1.8),
    Event("ringer", 1 / 3, 2.0, 1 / 7, row=3),
    Event("norepinephrine", 0.0, 30.0, 0.1, row=4, end_sd=2.0, by_rate=True),
)


def rows(*changes):
    """The charted rows with some cells changed: (row, column, text)."""
    made = [dict(cells_of(event)) for event in CHARTED]
    for number, column, text in changes:
        made[number][column] = text
    return made


def test_rows_left_as_they_are_are_the_charted_events():
    assert sorted(events_of(rows(), CHARTED), key=CHARTED.index) == list(CHARTED)


def test_what_is_typed_is_read_with_its_unit():
    (found,) = events_of([{"start": "0.5", "end": "2", "item": "ringer", "amount": "750", "unit": "mL"}], CHARTED)
    assert found == Event("ringer", 0.5, 2.0, 0.75, row=1)


def test_an_edited_row_is_no_longer_the_charted_one():
    found = {event.item: event for event in events_of(rows((0, "amount", "4"), (1, "end", "3")), CHARTED)}
    assert (found["crystalloid"].amount, found["crystalloid"].median) == (4.0, None)
    assert found["ringer"].end == 3.0 and found["norepinephrine"] is CHARTED[2]


def test_every_mistake_is_told_with_its_row():
    wrong = rows((0, "start", "soon"), (1, "unit", "kg"), (1, "end", "-1"))
    wrong.append({"start": "1", "end": "2", "item": "wine", "amount": "1", "unit": "L"})
    wrong.append({"start": "1", "end": "2", "item": "norepinephrine", "amount": "1", "unit": "ug/kg/min"})
    with pytest.raises(InputError) as told:
        events_of(wrong, CHARTED)
    text = str(told.value)
    assert "row 1: `crystalloid` has no amount, and none was estimated for such a row" in text
    assert "row 2: ends at -1 h, before its start" in text and "row 4: unknown item `wine`" in text
    with pytest.raises(InputError, match="overlaps that of row"):
        events_of([*rows(), wrong[-1]], CHARTED)
