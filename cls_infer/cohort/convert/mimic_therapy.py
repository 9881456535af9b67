"""What MIMIC's patients were given and lost as rows of therapy.csv."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .draft import Draft, Left, Line, cells
from .mimic_records import Given

ACTS = 2.0
"""A bolus of furosemide acts for so long [h]; physiology.md 5.4 says one to four [A]."""
HOUR = 1.0


def take_therapy(given: Sequence[Given], draft: Draft) -> None:
    """Add therapy to the draft: volumes with what they are mixed with, levels that end where the next one starts."""
    levels: dict[tuple[str, str], list[Given]] = defaultdict(list)
    for one in given:
        if one.known.role == "level":
            levels[one.stay, one.known.name].append(one)
        else:
            draft.therapy += _lines(one)
    for held in levels.values():
        draft.therapy += _held(sorted(held, key=lambda one: one.start), draft)


def _lines(one: Given) -> Iterator[Line]:
    """Yield a volume, and what the rest of it is; a dose for as long as it acts; an hourly one for the hour before."""
    known = one.known
    start, end = one.start, one.end
    if known.role == "hourly":
        start = end - HOUR
    elif known.role == "dose":
        end = max(end, start + ACTS)
    one = replace(one, start=start, end=end)
    yield _line(one, known.name, one.amount * known.factor)
    if known.rest:
        yield _line(one, known.rest, one.amount * (1.0 - known.factor))


def _line(one: Given, item: str, amount: float) -> Line:
    written = cells(patient=one.stay, start=one.start, end=one.end, item=item, amount=amount, unit=one.unit)
    return Line(written | cells(comment=one.known.label), one.file, one.row)


def _held(held: Sequence[Given], draft: Draft) -> Iterator[Line]:
    """Yield levels one after the other."""
    for one, following in zip(held, (*held[1:], None), strict=True):
        end = min(one.end, following.start) if following else one.end
        if end < one.end:
            reason = "overlaps the next row of this drug, and ends where that starts"
            draft.left.append(Left(one.file, one.row, "endtime", f"{one.end:g} h", reason))
        if end > one.start and one.rate:
            written = cells(patient=one.stay, start=one.start, end=end, item=one.known.name, rate=one.rate)
            yield Line(written | cells(rate_unit=one.rate_unit, comment=one.known.label), one.file, one.row)
        else:
            reason = "no time is left to it" if one.rate else "no rate says how high it was"
            draft.left.append(Left(one.file, one.row, one.known.label, f"{one.amount:g} {one.unit}", reason))
