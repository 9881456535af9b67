"""measurements.csv: one row, one measured value."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..errors import Problem
from ..units import convert
from . import grades
from .assays import ASSAYS
from .grades import GRADES, NOT_A_QUANTITY, graded_name
from .known import read_known
from .names import did_you_mean, plain
from .quantities import read_number
from .records import Measurement
from .tables import Columns, Row
from .times import Clock, read_duration, read_time
from .vocabulary import SPELLINGS, VARIABLES, canonical_name

COLUMNS = Columns(
    required=("patient", "time", "variable", "value", "unit"),
    optional=(
        *("episode", "lower_limit", "upper_limit", "censored"),
        *("time_sd", "extra_sd", "time_unit", "window", "assay", "comment"),
    ),
)
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
    graded = graded_name(row["variable"])
    variable = GRADES[graded].variable if graded else canonical_name(row["variable"])
    if variable is None:
        written = row["variable"]
        nearest = did_you_mean(written, [*VARIABLES, *GRADES], {**SPELLINGS, **grades.SPELLINGS})
        remedy = NOT_A_QUANTITY.get(plain(written), nearest)
        problems.append(row.problem(f"unknown variable `{written}`", remedy))
    return variable


def _measurement(row: Row, time: float | None, variable: str | None, problems: list[Problem]) -> Measurement | None:
    before = len(problems)
    time_sd = read_duration(row, "time_sd", problems)
    window = read_duration(row, "window", problems)
    known = read_known(row, variable, problems)
    if variable is None:
        return None
    _check_window(row, variable, window, problems)
    _check_assay(row, variable, problems)
    if time is None or known is None or len(problems) > before:
        return None
    extra_sd = _extra_sd(row, variable, problems)
    rest = {"extra_sd": extra_sd, "time_sd": time_sd, "window": window, "assay": row["assay"]}
    return Measurement(time, variable, row=row.number, **known._asdict(), **rest)


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


def _check_window(row: Row, variable: str, window: float, problems: list[Problem]) -> None:
    if variable == COLLECTED and not row["window"]:
        remedy = "write under `window` over how many hours it was collected, or give `urine_rate`"
        problems.append(row.problem(f"`{COLLECTED}` has no `window`", remedy))
    elif variable == COLLECTED and window == 0:
        problems.append(row.problem(f"`window` is `{row['window']}`", "write a time above 0"))
    elif variable != COLLECTED and row["window"]:
        message = f"`{variable}` has a `window`, which only `{COLLECTED}` can have"
        problems.append(row.problem(message, "leave it empty"))


def _check_assay(row: Row, variable: str, problems: list[Problem]) -> None:
    if row["assay"] and variable not in ASSAYS:
        message = f"`{variable}` has an `assay`, and no offset between assays of it is known"
        problems.append(row.problem(message, f"leave it empty; known are {', '.join(f'`{name}`' for name in ASSAYS)}"))


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
