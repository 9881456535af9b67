"""measurements.csv: one row, one measured value."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..errors import Problem
from ..units import convert
from .names import did_you_mean
from .quantities import read_number, read_quantity
from .records import Measurement
from .tables import Columns, Row
from .times import Clock, read_duration, read_time
from .vocabulary import SPELLINGS, VARIABLES, canonical_name

COLUMNS = Columns(
    required=("patient", "time", "variable", "value", "unit"),
    optional=(
        *("episode", "lower_limit", "upper_limit", "censored"),
        *("time_sd", "extra_sd", "time_unit", "window", "comment"),
    ),
)
CENSORED = {"": 0, "none": 0, "below": -1, "above": 1}
COLLECTED = "urine"


def read_measurements(
    rows: Sequence[Row], clocks: Mapping[str, Clock | None], problems: list[Problem]
) -> dict[str, list[Measurement]]:
    """Return each patient's measurements in the order of the file."""
    charts: dict[str, list[Measurement]] = defaultdict(list)
    latest: dict[tuple[str, str], float] = {}
    taken: dict[tuple[str, str, float], Row] = {}
    for row in rows:
        time = read_time(row, "time", clocks, problems)
        variable = _variable(row, problems)
        if time is not None and variable is not None:
            _check_order(row, variable, time, latest, taken, problems)
        measurement = _measurement(row, time, variable, problems)
        if measurement:
            charts[row["patient"]].append(measurement)
    problems.extend(_several_episodes(rows))
    return charts


def _variable(row: Row, problems: list[Problem]) -> str | None:
    variable = canonical_name(row["variable"])
    if variable is None:
        remedy = did_you_mean(row["variable"], VARIABLES, SPELLINGS)
        problems.append(row.problem(f"unknown variable `{row['variable']}`", remedy))
    return variable


def _measurement(row: Row, time: float | None, variable: str | None, problems: list[Problem]) -> Measurement | None:
    before = len(problems)
    time_sd = read_duration(row, "time_sd", problems)
    window = read_duration(row, "window", problems)
    column, censoring = _censoring(row, problems)
    if variable is None:
        return None
    _check_window(row, variable, window, problems)
    value = read_quantity(row, column, row["unit"], name=variable, kind=VARIABLES[variable], problems=problems)
    if time is None or value is None or len(problems) > before:
        return None
    extra_sd = _extra_sd(row, variable, problems)
    return Measurement(time, variable, value, row.number, extra_sd, time_sd, window, censoring)


def _extra_sd(row: Row, variable: str, problems: list[Problem]) -> float:
    """Return the scatter that comes on top of the model's noise, in the variable's unit; 0 where the cell is empty."""
    number = read_number(row, "extra_sd", problems) if row["extra_sd"] else None
    if number is None:
        return 0.0
    kind = VARIABLES[variable]
    # a spread has no zero point, as a temperature has
    at_zero, at_number = (convert(x, row["unit"], kind.unit, variable=variable) for x in (0.0, number))
    if not 0 <= at_number - at_zero <= kind.high - kind.low:
        message = f"`extra_sd` is {row['extra_sd']} `{row['unit']}`"
        problems.append(row.problem(message, "write a spread of 0 or more, in the unit of the value"))
    return at_number - at_zero


def _censoring(row: Row, problems: list[Problem]) -> tuple[str, int]:
    """Return the column that holds the number to use, and on which side of it the truth lies."""
    censored = CENSORED.get(row["censored"].lower())
    if censored is None:
        remedy = "write `below` where the true value is below `value`, `above`, or nothing"
        problems.append(row.problem(f"`censored` is `{row['censored']}`", remedy))
    beyond = [
        (column, side)
        for column, side in (("lower_limit", -1), ("upper_limit", 1))
        if row[column] and _reaches(row, column, side, problems)
    ]
    sides = {side for _, side in beyond} | {censored or 0} - {0}
    if len(sides) > 1:
        message = "the value is censored on both sides"
        problems.append(row.problem(message, "correct `censored`, `lower_limit` or `upper_limit`"))
    return beyond[0] if beyond else ("value", censored or 0)


def _reaches(row: Row, column: str, side: int, problems: list[Problem]) -> bool:
    """Tell whether the value is at or beyond a reporting limit; both are in the row's unit."""
    unheard: list[Problem] = []  # what is wrong with the value is said where it is read
    limit, value = read_number(row, column, problems), read_number(row, "value", unheard)
    return limit is not None and value is not None and side * (value - limit) >= 0


def _check_window(row: Row, variable: str, window: float, problems: list[Problem]) -> None:
    if variable == COLLECTED and not row["window"]:
        remedy = "write under `window` over how many hours it was collected, or give `urine_rate`"
        problems.append(row.problem(f"`{COLLECTED}` has no `window`", remedy))
    elif variable == COLLECTED and window == 0:
        problems.append(row.problem(f"`window` is `{row['window']}`", "write a time above 0"))
    elif variable != COLLECTED and row["window"]:
        message = f"`{variable}` has a `window`, which only `{COLLECTED}` can have"
        problems.append(row.problem(message, "leave it empty"))


def _check_order(
    row: Row,
    variable: str,
    time: float,
    latest: dict[tuple[str, str], float],
    taken: dict[tuple[str, str, float], Row],
    problems: list[Problem],
) -> None:
    """Find a second value for the same time, and a time that goes back."""
    patient = row["patient"]
    first = taken.setdefault((patient, variable, time), row)
    if first is not row:
        message = f"patient `{patient}` has `{variable}` at {time:g} h here and in row {first.number}"
        problems.append(row.problem(message, "keep one of the two"))
        return
    before = latest.setdefault((patient, variable), time)
    if time < before:
        message = f"patient `{patient}` goes back from {before:g} h to {time:g} h in `{variable}`"
        problems.append(row.problem(message, "correct the time, or sort the rows by time"))
    latest[patient, variable] = time


def _several_episodes(rows: Sequence[Row]) -> Iterator[Problem]:
    """Yield the first row of each patient that starts a second episode."""
    episode: dict[str, str] = {}
    told: set[str] = set()
    for row in rows:
        patient, written = row["patient"], row["episode"]
        if not written or episode.setdefault(patient, written) == written or patient in told:
            continue
        told.add(patient)
        message = f"patient `{patient}` has a second episode `{written}` after `{episode[patient]}`"
        remedy = (
            f"several episodes are not supported: name the second one as a patient, `{patient}_{written}`, "
            "and write who it is as `person` in patients.csv for both"
        )
        yield row.problem(message, remedy)
