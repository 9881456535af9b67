"""`cls-infer check`: read a data set, and say all that is wrong with it or what was understood."""

from collections import Counter
from itertools import islice
from math import exp
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .inputs import all_of, check_match, read_data, read_model
from .options import Dataset, Debug, Json, Quiet
from .talk import write_json, write_lines, write_table

if TYPE_CHECKING:
    from ..cohort import Cohort, Event, Patient
    from ..model import Model

MOST_PATIENTS = 40
"""Patients in the printed table; --json holds all of them."""

ModelName = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Also say what this model can use of the data.")
]


def check(
    dataset: Dataset,
    model: ModelName = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Say all that is wrong with a data set, or what was read."""
    readers = [lambda: read_data(dataset), *([lambda: read_model(model)] if model else [])]
    cohort, *loaded = all_of(*readers)
    found = {"ok": True, **_what_was_read(cohort)}
    if loaded:
        check_match(loaded[0], cohort)
        found["model"] = _what_the_model_sees(loaded[0], cohort)
    if as_json:
        write_json(found)
    else:
        _print(found)


def _what_was_read(cohort: "Cohort") -> dict[str, Any]:
    return {
        "name": cohort.name,
        "digest": cohort.digest,
        "patients": {patient.name: _patient(patient) for patient in cohort.patients},
        "notes": list(cohort.notes),
        "set_aside": [vars(aside) for aside in cohort.set_aside],
    }


def _patient(patient: "Patient") -> dict[str, Any]:
    times = [m.time for m in patient.measurements]
    return {
        "covariates": patient.covariates,
        "measurements": dict(Counter(m.variable for m in patient.measurements)),
        "from": min(times, default=None),
        "to": max(times, default=None),
        "therapy": [
            {"item": e.item, "start": e.start, "end": e.end, "row": e.row, **_amount(e)} for e in patient.therapy
        ],
    }


def _amount(event: "Event") -> dict[str, Any]:
    from ..cohort import ITEMS

    belief = {"low": event.low, "high": event.high, "median": event.median, "gsd": event.gsd}
    uncharted = {name: number for name, number in belief.items() if number is not None}
    uncharted |= {"end": event.end, "end_sd": event.end_sd} if event.end_sd else {}
    return {"amount": event.amount, "unit": ITEMS[event.item].unit, **uncharted}


def _what_the_model_sees(model: "Model", cohort: "Cohort") -> dict[str, Any]:
    from ..likelihood.support import check_support
    from ..solve.plan import plan, usable, used
    from ..solve.route import uncharted

    check_support(model, cohort)
    laid_out = plan(model, cohort)
    return {
        "name": model.name,
        "unused": [vars(row) for row in laid_out.unused],
        "assays": [assay._asdict() for assay in laid_out.assays],
        "patients_without_measurements": [patient.name for patient in cohort.patients if not used(model, patient)],
        "amounts": [
            {
                "patient": patient.name,
                "item": event.item,
                "start": event.start,
                "row": event.row,
                **_amount(event),
            }
            for patient in cohort.patients
            for event in uncharted(usable(model, patient))
        ],
    }


def _print(found: dict[str, Any]) -> None:
    patients = found["patients"]
    write_table(
        f"{found['name']}: {len(patients)} patient{'s' if len(patients) != 1 else ''}, no problem",
        ("patient", "known", "measurements", "hours", "therapy"),
        [(name, *_columns(patient)) for name, patient in islice(patients.items(), MOST_PATIENTS)],
    )
    for note in found["notes"]:
        write_lines(f"note: {note}")
    for aside in found["set_aside"]:
        write_lines(f"set aside: row {aside['row']}, `{aside['variable']}` of `{aside['patient']}`: {aside['reason']}")
    if len(patients) > MOST_PATIENTS:
        write_lines(f"and {len(patients) - MOST_PATIENTS} patients more; --json lists all")
    if "model" not in found:
        return
    seen = found["model"]
    for amount in seen["amounts"]:
        what = f"row {amount['row']}, `{amount['item']}` of `{amount['patient']}`, {_belief(amount)}"
        write_lines(f"becomes a parameter: {what}")
    for assay in seen["assays"]:
        factor = f"a factor of about {exp(assay['sd']):.3g} either way"
        size = factor if assay["relative"] else f"about {assay['sd']:g} either way"
        write_lines(f"becomes a parameter: the offset of `{assay['name']}` in `{assay['variable']}`, {size}")
    for (patient, what, reason), numbers in _grouped(seen["unused"]).items():
        counted = f"row {numbers[0]}" if len(numbers) == 1 else f"rows {', '.join(map(str, numbers))}"
        write_lines(f"not used: `{what}` of `{patient}`, {counted}: {reason}")
    for name in seen["patients_without_measurements"]:
        write_lines(f"note: `{seen['name']}` predicts nothing that was measured in patient `{name}`")


def _grouped(unused: list[dict[str, Any]]) -> dict[tuple[str, str, str], list[int]]:
    """Return row numbers by patient, what the rows hold and why they are not used."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for row in unused:
        groups.setdefault((row["patient"], row["what"], row["reason"]), []).append(row["row"])
    return groups


def _columns(patient: dict[str, Any]) -> tuple[str, ...]:
    covariates = patient["covariates"].items()
    given = Counter(event["item"] for event in patient["therapy"])
    return (
        ", ".join(f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}" for name, value in covariates),
        ", ".join(f"{number} {variable}" for variable, number in patient["measurements"].items()),
        "" if patient["from"] is None else f"{patient['from']:g} to {patient['to']:g}",
        ", ".join(f"{number} {item}" for item, number in given.items()),
    )


def _belief(amount: dict[str, Any]) -> str:
    if "end_sd" in amount:
        return f"ends at about {amount['end']:g} h, give or take {amount['end_sd']:g} h"
    if "median" in amount:
        return f"about {amount['median']:g} {amount['unit']}, within a factor of {amount['gsd']:g}"
    return f"{amount['low']:g} to {amount['high']:g} {amount['unit']}"
