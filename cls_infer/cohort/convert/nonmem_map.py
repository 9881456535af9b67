"""What event records mean: the codes of observations and doses as the map explains them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import Problem
from ..names import did_you_mean
from ..tables import Row
from .draft import as_number
from .nonmem_cells import flag, given
from .nonmem_file import Records
from .words import Described, Dosed, Observed, described, dosed, observed, plain_code, unit_of_time, unsaid

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
ANY = "any"
"""The code of all observations or doses where no column tells them apart."""


@dataclass(frozen=True)
class Map:
    """What the records mean."""

    hours: float
    observations_by: str
    doses_by: str
    observations: dict[str, Observed]
    doses: dict[str, Dosed]
    covariates: dict[str, Described]


def read_meaning(where: str, said: dict[str, Any], records: Records, problems: list[Problem]) -> Map:
    """Return what the map says of these records; what is wrong with it goes to `problems`."""
    by = {}
    for part, usual in (("observations_by", ("DVID", "CMT")), ("doses_by", ("CMT",))):
        asked = str(said.get(part, "")).upper()
        if asked and asked not in records.columns:
            remedy = did_you_mean(asked, records.columns)
            problems.append(Problem(where, f"`{part}` is `{said[part]}`, no column of the file", remedy=remedy))
        by[part] = asked or next((name for name in usual if name in records.columns), ANY)
    hours = unit_of_time(where, said, problems)
    covariates = {name.upper(): table for name, table in said.get("covariates", {}).items()}
    for name in sorted(set(covariates) - set(records.columns)):
        remedy = did_you_mean(name, records.columns)
        problems.append(Problem(where, f"`[covariates.{name}]` is no column of the file", remedy=remedy))
    return Map(
        hours,
        **by,
        observations=observed(f"{where}, [observations]", said.get("observations", {}), problems),
        doses=dosed(f"{where}, [doses]", said.get("doses", {}), problems),
        covariates=described(f"{where}, [covariates]", covariates, problems),
    )


def kind_of(row: Row, problems: list[Problem]) -> int | None:
    """Return the EVID of a record; where there is none a dose is what has an amount or a rate, as NM-TRAN decides."""
    if row["EVID"]:
        return flag(row, "EVID", (OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE), problems)
    if any(given(row, column) for column in ("AMT", "RATE", "DUR", "ADDL", "II", "SS")):
        return DOSE
    return OTHER if given(row, "MDV") and not row["DV"] else OBSERVATION


def code_of(row: Row, column: str) -> str:
    """Return the code of a record, ANY where no column holds codes."""
    return plain_code(row[column] or "0") if column != ANY else ANY


def check_codes(path: Path, records: Records, read: Map, problems: list[Problem]) -> None:
    """Find codes of observations and doses that the map does not explain, all of them at once."""
    observations: dict[str, list[float]] = {}
    doses: dict[str, list[float]] = {}
    for row in records.rows:
        kind = kind_of(row, [])
        if kind == OBSERVATION and row["DV"] and not given(row, "MDV"):
            observations.setdefault(code_of(row, read.observations_by), []).append(as_number(row["DV"]))
        elif kind in (DOSE, RESET_AND_DOSE):
            doses.setdefault(code_of(row, read.doses_by), []).append(as_number(row["AMT"]))
    variable, item = '{ variable = "hematocrit", unit = "%" }', '{ item = "ringer", unit = "mL" }'
    for part, by, found, known, example in (
        ("observations", read.observations_by, observations, read.observations, variable),
        ("doses", read.doses_by, doses, read.doses, item),
    ):
        lacking = {code: values for code, values in found.items() if code not in known}
        if lacking and not any(f"[{part}]" in problem.where for problem in problems):
            of = f"the code `{ANY}`, all {part}," if by == ANY else f"{by} of {part}"
            problems.append(unsaid(str(path), part, of, lacking, known, example))
