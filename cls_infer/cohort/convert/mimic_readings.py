"""Readings of MIMIC as rows of measurements.csv: one row a sample, one mean pressure at a time."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import isclose

from .draft import Draft, Left, Line, cells
from .mimic_records import Reading

COPIED_WITHIN = 12.0
"""A bedside value equal to one of the laboratory so many hours away or fewer is a copy of it [A]."""
ROUNDED_WITHIN = 1.0
"""One that is it rounded to a whole number is a copy within this time [h] [A]."""
BESIDE = 0.5
"""A cuff's pressure so close to an artery's is left out [h] [A]."""


def take_readings(readings: Sequence[Reading], draft: Draft) -> None:
    """Add the readings to the draft; copies of a sample, and cuffs beside an artery, are listed."""
    of: dict[tuple[str, str], list[Reading]] = defaultdict(list)
    for one in readings:
        of[one.stay, one.known.name].append(one)
    for alike in of.values():
        kept = [one for one in alike if one.known.role not in ("copy", "cuff", "covariate")]
        arteries = [one.time for one in kept if one.known.role == "arterial"]
        for one in alike:
            if one.known.role == "copy":
                original = _copied(one, kept)
                if original is None:
                    kept.append(one)
                else:
                    _leave(one, "a copy: one sample of the laboratory", draft, kept=original.row)
            elif one.known.role == "cuff":
                if any(abs(one.time - time) <= BESIDE for time in arteries):
                    _leave(one, "the pressure in an artery is charted beside it", draft)
                else:
                    kept.append(one)
        draft.measurements += (_line(one) for one in kept)


def _copied(one: Reading, among: Sequence[Reading]) -> Reading | None:
    """Return the reading, the nearest in time, of which a bedside value is a copy."""
    whole = float(one.value).is_integer()
    near = [
        other
        for other in among
        if other.unit == one.unit
        and (
            (abs(other.time - one.time) <= COPIED_WITHIN and isclose(other.value, one.value, rel_tol=1e-9))
            or (abs(other.time - one.time) <= ROUNDED_WITHIN and whole and abs(other.value - one.value) <= 0.5)
        )
    ]
    return min(near, key=lambda other: abs(other.time - one.time), default=None)


def covariates(readings: Sequence[Reading]) -> Iterator[Reading]:
    """Yield the first weight, and the first height, of each stay."""
    seen = set()
    for one in sorted(readings, key=lambda one: one.time):
        if (one.known.role == "covariate" or one.known.name == "weight") and (one.stay, one.known.name) not in seen:
            seen.add((one.stay, one.known.name))
            yield one


def _leave(one: Reading, reason: str, draft: Draft, *, kept: int | None = None) -> None:
    pointer = f", that of row {kept}" if kept else ""
    draft.left.append(Left(one.file, one.row, one.known.label, f"{one.value:g} {one.unit}{pointer}", reason))


def _line(one: Reading) -> Line:
    written = cells(patient=one.stay, time=one.time, variable=one.known.name, value=one.value, unit=one.unit)
    comment = one.known.label if one.known.role in ("copy", "arterial", "cuff") else ""
    return Line(written | cells(extra_sd=one.known.extra_sd, comment=comment), one.file, one.row)
