"""Urine as MIMIC charts it, volumes found at a time, as volumes collected since the time before."""

from collections import defaultdict
from collections.abc import Sequence

from .draft import Draft, Left, Line, cells
from .mimic_records import Given

LONGEST = 24.0
"""A collection longer than this [h] is more likely a gap in the chart [A]."""


def take_urine(found: Sequence[Given], draft: Draft) -> None:
    """Add what each stay passed: at each time all of it, less the irrigant since the time before.

    The first volume of a stay was collected since nobody knows when, and is listed.
    """
    of: dict[str, list[Given]] = defaultdict(list)
    for one in found:
        of[one.stay].append(one)
    for each in of.values():
        _take(sorted(each, key=lambda one: one.start), draft)


def _take(found: Sequence[Given], draft: Draft) -> None:
    """Add what one stay passed, in order of time."""
    previous: float | None = None
    irrigated: list[Given] = []
    times = list(dict.fromkeys(one.start for one in found))
    for time in times:
        now = [one for one in found if one.start == time]
        irrigated += [one for one in now if one.known.role == "irrigant"]
        out = [one for one in now if one.known.role == "urine"]
        if not out:
            continue
        volume = sum(one.amount for one in out) - sum(one.amount for one in irrigated)
        reason = _why_not(previous, time, volume)
        if reason:
            for one in (*out, *irrigated):
                draft.left.append(Left(one.file, one.row, one.known.label, f"{one.amount:g} {one.unit}", reason))
        else:
            assert previous is not None
            written = cells(patient=out[0].stay, time=time, variable="urine", value=volume, unit=out[0].unit)
            draft.measurements.append(Line(written | cells(window=time - previous), out[0].file, out[0].row))
        previous, irrigated = time, []
    for one in irrigated:
        draft.left.append(Left(one.file, one.row, one.known.label, f"{one.amount:g} {one.unit}", "no urine after it"))


def _why_not(previous: float | None, time: float, volume: float) -> str:
    if previous is None:
        return "the first urine of the stay, collected over an unknown time"
    if volume < 0:
        return "less came out than was used to irrigate"
    return "more than a day since the last urine: a gap in the chart" if time - previous > LONGEST else ""
