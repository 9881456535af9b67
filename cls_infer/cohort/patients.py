"""patients.csv: one row, one patient's covariates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..causes import CAUSES
from ..colloids import COLLOIDS
from ..errors import Problem
from .names import did_you_mean
from .quantities import read_number, read_quantity
from .tables import Columns, Row
from .times import Clock, read_time


@dataclass(frozen=True)
class Covariate:
    """A number about a patient: canonical `unit`, what is possible, and the unit where none is written."""

    unit: str
    low: float
    high: float
    written: str


COVARIATES: dict[str, Covariate] = {
    "weight": Covariate("kg", 0.3, 650, "kg"),
    "height": Covariate("m", 0.2, 2.8, "cm"),
    "age": Covariate("year", 0, 125, "year"),
    "baseline_hematocrit": Covariate("1", 0.15, 0.70, "1"),
    "baseline_albumin": Covariate("g/L", 10, 65, "g/L"),
    "blood_flow": Covariate("L/h", 0, 60, "L/h"),
    "burnt_surface": Covariate("1", 0.01, 0.99, "1"),
}
ONSET_SD = Covariate("h", 0, 2000, "h")
SEX = {"male": "male", "m": "male", "female": "female", "f": "female"}
COLUMNS = Columns(
    required=("patient",),
    optional=(
        *COVARIATES,
        *(f"{name}_unit" for name in COVARIATES),
        *("sex", "onset", "onset_sd", "onset_gsd", "cause", "colloid", "person", "comment"),
    ),
)


def read_patients(
    rows: Sequence[Row], clocks: Mapping[str, Clock | None], problems: list[Problem]
) -> dict[str, dict[str, float | str]]:
    """Return each patient's covariates in canonical units; an empty cell is no covariate."""
    patients: dict[str, dict[str, float | str]] = {}
    first: dict[str, Row] = {}
    for row in rows:
        if row["patient"] in first:
            message = f"patient `{row['patient']}` is in row {first[row['patient']].number} too"
            problems.append(row.problem(message, "keep one row per patient"))
            continue
        first[row["patient"]] = row
        patients[row["patient"]] = {
            **_numbers(row, problems),
            **_onset(row, clocks, problems),
            **_words(row, problems),
        }
    return patients


def _numbers(row: Row, problems: list[Problem]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for name, covariate in COVARIATES.items():
        unit = row[f"{name}_unit"] or covariate.written
        if row[name]:
            value = read_quantity(row, name, unit, name=name, kind=covariate, problems=problems)
            numbers |= {} if value is None else {name: value}
    return numbers


def _onset(row: Row, clocks: Mapping[str, Clock | None], problems: list[Problem]) -> dict[str, float]:
    found: dict[str, float] = {}
    if row["onset"] and (onset := read_time(row, "onset", clocks, problems)) is not None:
        found["onset"] = onset
    if row["onset_sd"]:
        sd = read_quantity(row, "onset_sd", "h", name="onset_sd", kind=ONSET_SD, problems=problems)
        found |= {} if sd is None else {"onset_sd": sd}
    if row["onset_gsd"] and (gsd := read_number(row, "onset_gsd", problems)) is not None:
        found["onset_gsd"] = gsd
        if gsd <= 1:
            problems.append(row.problem(f"`onset_gsd` is {row['onset_gsd']}", "write a factor above 1, such as 1.6"))
        if found.get("onset", -1.0) >= 0:
            message = f"`onset_gsd` with an onset at {found['onset']:g} h"
            problems.append(row.problem(message, "it scales the time before 0 h: write `onset_sd`, in hours"))
    problems += _contradictions(row)
    return found


def _contradictions(row: Row) -> list[Problem]:
    spreads = [name for name in ("onset_sd", "onset_gsd") if row[name]]
    found = []
    if spreads and not row["onset"]:
        found.append(row.problem(f"`{spreads[0]}` without `onset`", f"write the onset, or clear `{spreads[0]}`"))
    if len(spreads) > 1:
        found.append(row.problem("`onset_sd` and `onset_gsd` for one onset", "keep one of them"))
    return found


def _words(row: Row, problems: list[Problem]) -> dict[str, str]:
    words = {}
    if cause := row["cause"].lower():
        if cause not in CAUSES:
            remedy = f"{did_you_mean(cause, CAUSES)}, or leave it out and say it in `comment`"
            problems.append(row.problem(f"`cause` is `{row['cause']}`", remedy))
        words["cause"] = cause
    if colloid := row["colloid"].lower():
        if colloid not in COLLOIDS:
            remedy = f"{did_you_mean(colloid, COLLOIDS)}, or leave it out: therapy.csv names what was given"
            problems.append(row.problem(f"`colloid` is `{row['colloid']}`", remedy))
        words["colloid"] = colloid
    if row["person"]:
        words["person"] = row["person"]
    if row["sex"]:
        sex = SEX.get(row["sex"].lower())
        if sex is None:
            problems.append(row.problem(f"`sex` is `{row['sex']}`", "write `male` or `female`, or nothing"))
        words |= {"sex": sex} if sex else {}
    return words
