"""A PEtab problem as a data set: its measurements, and what its conditions say of patients and therapy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import InputError, Problem
from ..names import did_you_mean
from ..quantities import NUMBER, read_number
from ..tables import Row
from ..vocabulary import VARIABLES, canonical_name
from .draft import Draft, Left, Line, as_number, cells
from .petab_conditions import set_up
from .petab_files import Files, read_files
from .words import Observed, described, dosed, observed, read_map, unit_of_time, unsaid

KEYS = {"time_unit", "patient", "observables", "therapy", "covariates", "noise"}
CONDITIONS = ("simulationConditionId", "experimentId")
TAKEN = ("observableId", "measurement", "time", "noiseParameters", *CONDITIONS)
NOISES = ("list", "extra_sd")


def convert_petab(place: Path | str, map_path: Path | str | None = None) -> Draft:
    """Return the draft of a data set from a PEtab problem, format 1 or 2: a YAML file, or a folder of its tables.

    An observable is what the map says, else the variable that its identifier or formula names, in the canonical unit.
    A condition is a patient; what the conditions table sets becomes therapy or covariates as the map says. Not taken,
    but listed, are models, priors, noise formulas, pre-equilibration, and times at infinity.

    Raises:
        InputError: every problem of files and map, among them each observable that nothing explains.
    """
    place = Path(place)
    said = read_map(map_path, KEYS)
    files = read_files(place)
    problems: list[Problem] = []
    where = str(map_path or place)
    observables = _observables(place, where, files, said, problems)
    therapy = dosed(f"{where}, [therapy]", said.get("therapy", {}), problems)
    covariates = described(f"{where}, [covariates]", said.get("covariates", {}), problems)
    hours, by = unit_of_time(where, said, problems), _patient_columns(where, files, said, problems)
    noise = _noise(where, said, problems)
    if problems:
        raise InputError(problems)
    draft = Draft()
    patients: dict[str, str] = {}
    for row in files.rows("measurement"):
        name = "_".join(row[column] for column in by if row[column])
        patients.setdefault(name, row[_condition_column(row)])
        _measure(row, name, observables, hours, noise, draft, problems)
    set_up(files, patients, hours, (therapy, covariates), draft, problems)
    draft.left += _unused(files, observables, by, noise)
    if problems:
        raise InputError(problems)
    draft.source = {
        "title": f"Converted from the PEtab problem {place.name}",
        "origin": f"PEtab tables in {place.name}",
        "licence": "That of the problem it was converted from.",
    }
    taken = [f"{name}: {one.variable} [{one.unit}]" for name, one in observables.items() if not one.skip]
    draft.converted["observables"] = "; ".join(taken)
    draft.converted["times"] = f"in {said.get('time_unit', 'h')}, written in hours."
    return draft


def _observables(
    place: Path, where: str, files: Files, said: dict[str, Any], problems: list[Problem]
) -> dict[str, Observed]:
    """Return what each observable is; one that names a variable of the vocabulary needs no map."""
    found = observed(f"{where}, [observables]", said.get("observables", {}), problems)
    formulas = {row["observableId"]: row["observableFormula"] for row in files.rows("observable")}
    measured = list(dict.fromkeys(row["observableId"] for row in files.rows("measurement")))
    for name in measured:
        variable = canonical_name(name) or canonical_name(formulas.get(name, ""))
        if name not in found and variable and variable != "urine":
            found[name] = Observed(variable, VARIABLES[variable].unit)
    unknown = {
        name: [as_number(row["measurement"]) for row in files.rows("measurement") if row["observableId"] == name]
        for name in measured
        if name not in found
    }
    if unknown and not problems:
        example = '{ variable = "hematocrit", unit = "1" }'
        problems.append(unsaid(str(place), "observables", "observableId", unknown, found, example))
    return found


def _noise(where: str, said: dict[str, Any], problems: list[Problem]) -> str:
    asked = str(said.get("noise", "list"))
    if asked not in NOISES:
        problems.append(Problem(where, f"`noise` is `{asked}`", remedy="write `list` or `extra_sd`"))
    return asked


def _patient_columns(where: str, files: Files, said: dict[str, Any], problems: list[Problem]) -> tuple[str, ...]:
    """Return the columns of the measurement table that tell one patient from another."""
    columns = files.tables["measurement"][0].columns
    usual = next((name for name in CONDITIONS if name in columns), CONDITIONS[0])
    asked = said.get("patient", usual)
    by = (asked,) if isinstance(asked, str) else tuple(asked)
    for name in by:
        if name not in columns:
            remedy = did_you_mean(name, columns)
            problems.append(Problem(where, f"the table of measurements has no column `{name}`", remedy=remedy))
    return by


def _condition_column(row: Row) -> str:
    return next((name for name in CONDITIONS if name in row.cells), CONDITIONS[0])


def _measure(
    row: Row,
    patient: str,
    observables: dict[str, Observed],
    hours: float,
    noise: str,
    draft: Draft,
    problems: list[Problem],
) -> None:
    """Add a row of the measurement table, or list it."""
    what = observables[row["observableId"]]
    if not patient:
        problems.append(row.problem("names no condition", "write its identifier"))
    if what.skip or not row["measurement"]:
        reason = what.skip or "no value"
        draft.left.append(Left(row.path, row.number, "observableId", row["observableId"], reason))
        return
    if row["time"].lower().lstrip("+") in ("inf", "infinity"):
        draft.left.append(Left(row.path, row.number, "time", row["time"], "a steady state has no time in a data set"))
        return
    time = read_number(row, "time", problems)
    read_number(row, "measurement", problems)
    if time is None:
        return
    own = row["noiseParameters"]
    extra = own if noise == "extra_sd" and NUMBER.fullmatch(own) else what.extra_sd
    if own and extra != own:
        reason = 'a model has its own noise; with `noise = "extra_sd"` in the map a number is scatter on top of it'
        draft.left.append(Left(row.path, row.number, "noiseParameters", own, reason))
    written = cells(patient=patient, time=time * hours, variable=what.variable, value=row["measurement"])
    written |= cells(unit=what.unit, window=what.window, assay=what.assay, extra_sd=extra)
    draft.measurements.append(Line(written, row.path, row.number))


def _unused(files: Files, observables: dict[str, Observed], by: tuple[str, ...], noise: str) -> Iterator[Left]:
    """Yield the columns and files of which nothing was taken."""
    for table in files.tables["measurement"]:
        for column in table.columns:
            filled = [row for row in table.rows if row[column]]
            if column not in (*TAKEN, *by) and filled:
                reason = "a data set has nothing of the kind"
                yield Left(str(table.path), filled[0].number, column, filled[0][column], reason, len(filled))
    for row in files.rows("observable"):
        for column in ("noiseFormula", "noiseDistribution", "observableTransformation"):
            usual = ("", "normal", "lin") + (("noiseParameter1_" + row["observableId"],) if noise == "extra_sd" else ())
            if row[column] not in usual and row["observableId"] in observables:
                yield Left(row.path, row.number, column, row[column], "the models here have their own noise")
    for row in files.rows("parameter"):
        yield Left(row.path, row.number, "parameterId", row["parameterId"], "the models here have their own priors")
    for path in files.unused:
        yield Left(str(path), None, "", path.name, "the models here are files of their own")
