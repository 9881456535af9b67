"""What several values of one patient and time mean together: pressures, and two readings of one sample."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot

from ..errors import Problem
from .records import Measurement, SetAside

FORM_FACTOR_SD = 0.04
"""Mean pressure lies at 0.33 to 0.40 of the pulse pressure above diastolic; its spread between people [A]."""


@dataclass(frozen=True)
class Combined:
    """One patient's observations, the rows left out with the reason, and how many pressures were joined."""

    observed: tuple[Measurement, ...]
    set_aside: tuple[SetAside, ...]
    joined: int
    unpaired: int


def combine(patient: str, path: str, measured: Sequence[Measurement], problems: list[Problem]) -> Combined:
    """Return what is left of a patient's rows once those of one time are read together.

    sbp and dbp become map, unless map itself is charted. Haematocrit and haemoglobin of one sample are one
    observation, since the analyser derives one from the other: haematocrit is kept, unless it alone is no number but a
    limit or interval.
    """
    by_time: dict[float, dict[str, Measurement]] = {}
    for measurement in measured:
        by_time.setdefault(measurement.time, {})[measurement.variable] = measurement
    observed: list[Measurement] = []
    set_aside: list[SetAside] = []
    joined = unpaired = 0
    for _, found in sorted(by_time.items()):
        if "hematocrit" in found and "hemoglobin" in found:
            bounded = found["hematocrit"].censoring and not found["hemoglobin"].censoring
            kept, other = ("hemoglobin", "hematocrit") if bounded else ("hematocrit", "hemoglobin")
            reason = f"one sample with the {kept} of row {found[kept].row}, from which it is not independent"
            set_aside.append(_aside(patient, found.pop(other), reason))
        pair = [found[name] for name in ("sbp", "dbp") if name in found]
        if len(pair) == 2 and "map" in found:
            reason = f"the map of row {found['map'].row} is charted for the same time"
            set_aside.extend(_aside(patient, found.pop(one.variable), reason) for one in pair)
        elif len(pair) == 2 and not any(one.censoring for one in pair):
            found = {name: one for name, one in found.items() if one not in pair}
            joined += 1
            if (pressure := mean_pressure(pair[0], pair[1], path, problems)) is not None:
                found["map"] = pressure
        else:
            unpaired += len(pair)
        observed.extend(sorted(found.values(), key=lambda one: one.row))
    return Combined(tuple(observed), tuple(set_aside), joined, unpaired)


def mean_pressure(sbp: Measurement, dbp: Measurement, path: str, problems: list[Problem]) -> Measurement | None:
    """Return the mean arterial pressure of one reading, a third of the pulse pressure above diastolic."""
    pulse = sbp.value - dbp.value
    if pulse <= 0:
        message = f"`sbp` {sbp.value:g} mmHg is not above the `dbp` {dbp.value:g} mmHg of row {dbp.row}"
        problems.append(Problem(path, message, sbp.row, "correct one of the two, or swap them"))
        return None
    return Measurement(
        sbp.time,
        "map",
        dbp.value + pulse / 3,
        sbp.row,
        extra_sd=hypot(FORM_FACTOR_SD * pulse, sbp.extra_sd / 3, 2 * dbp.extra_sd / 3),
        time_sd=max(sbp.time_sd, dbp.time_sd),
    )


def _aside(patient: str, measurement: Measurement, reason: str) -> SetAside:
    return SetAside(patient, measurement.row, measurement.variable, reason)
