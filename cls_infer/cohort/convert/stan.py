"""A cohort as the data of a Stan program, padded to one length, and back."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from ..items import ITEMS
from ..records import BETWEEN, Cohort, Event, Measurement, Patient, SetAside
from ..vocabulary import VARIABLES

AMOUNT, RANGE, LOGNORMAL = 1, 2, 3
"""`event_known`: the amount is charted; it lies between `event_low` and `event_high`; it is lognormal."""
MEASURED = ("time", "value", "extra_sd", "time_sd", "window")
GIVEN = ("start", "end", "amount", "low", "high", "median", "gsd", "end_sd")


def to_stan(cohort: Cohort) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the data, numbers alone as Stan wants them, and what the numbers stand for.

    Sizes are `n_patient`, `n_obs` and `n_event`, the largest of any patient, `n_variable`, `n_item`, `n_assay`,
    `n_covariate`, `n_word`. Arrays `obs_*` [n_patient, n_obs] hold measurements, `event_*` [n_patient, n_event]
    therapy, both in canonical units; `obs_mask` and `event_mask` are 1 where there is a row, and all is 0 where there
    is none. `obs_variable`, `event_item` and `obs_assay` count from 1 in the lists of the names, an assay of 0 is none.
    `obs_censoring` is -1 below `obs_value`, 1 above, 2 between it and `obs_upper`. `covariate` [n_patient, n_covariate]
    has its own mask; `word` [n_patient, n_word] holds places in lists of words, 0 for none.
    """
    patients = cohort.patients
    names: dict[str, Any] = {
        "name": cohort.name,
        "digest": cohort.digest,
        "notes": list(cohort.notes),
        "set_aside": [asdict(one) for one in cohort.set_aside],
        "patient": [{"name": patient.name, "zero": patient.zero} for patient in patients],
        "variable": _distinct(m.variable for p in patients for m in p.measurements),
        "item": _distinct(e.item for p in patients for e in p.therapy),
        "assay": _distinct(m.assay for p in patients for m in p.measurements if m.assay),
        "covariate": _distinct(k for p in patients for k, v in p.covariates.items() if not isinstance(v, str)),
    }
    words = _distinct(k for p in patients for k, v in p.covariates.items() if isinstance(v, str))
    names["word"] = {k: _distinct(p.covariates[k] for p in patients if k in p.covariates) for k in words}
    names["unit"] = {v: VARIABLES[v].unit for v in names["variable"]} | {i: ITEMS[i].unit for i in names["item"]}
    data = {
        **{f"n_{key}": len(names[key]) for key in ("patient", "variable", "item", "assay", "covariate", "word")},
        **_table("obs", [p.measurements for p in patients], _measurement_columns(names)),
        **_table("event", [p.therapy for p in patients], _event_columns(names)),
        "covariate": [[p.covariates.get(k, 0.0) for k in names["covariate"]] for p in patients],
        "covariate_mask": [[int(k in p.covariates) for k in names["covariate"]] for p in patients],
        "word": [[_place(p.covariates.get(k), known) for k, known in names["word"].items()] for p in patients],
    }
    return data, names


def from_stan(data: dict[str, Any], names: dict[str, Any]) -> Cohort:
    """Return the cohort that `to_stan` was given."""
    patients = tuple(
        Patient(
            who["name"],
            _covariates(data, names, n),
            tuple(_measurement(data, names, n, i) for i, there in enumerate(data["obs_mask"][n]) if there),
            tuple(_event(data, names, n, i) for i, there in enumerate(data["event_mask"][n]) if there),
            who["zero"],
        )
        for n, who in enumerate(names["patient"])
    )
    aside = tuple(SetAside(**one) for one in names["set_aside"])
    return Cohort(names["name"], patients, names["digest"], tuple(names["notes"]), aside)


def _distinct(found: Any) -> list[Any]:
    return list(dict.fromkeys(found))


def _place(name: Any, among: Sequence[Any]) -> int:
    """Return where in a list a name is, from 1; 0 if there is none."""
    return among.index(name) + 1 if name in among else 0


def _measurement_columns(names: dict[str, Any]) -> dict[str, Callable[[Measurement], float]]:
    return {
        **{column: lambda m, column=column: getattr(m, column) for column in (*MEASURED, "row", "censoring")},
        "upper": lambda m: m.upper or 0.0,
        "variable": lambda m: _place(m.variable, names["variable"]),
        "assay": lambda m: _place(m.assay, names["assay"]),
    }


def _event_columns(names: dict[str, Any]) -> dict[str, Callable[[Event], float]]:
    return {
        **{column: lambda e, column=column: getattr(e, column) or 0.0 for column in GIVEN},
        "row": lambda e: e.row,
        "by_rate": lambda e: int(e.by_rate),
        "item": lambda e: _place(e.item, names["item"]),
        "known": lambda e: AMOUNT if e.amount is not None else RANGE if e.low is not None else LOGNORMAL,
    }


def _table(prefix: str, each: Sequence[Sequence[Any]], columns: dict[str, Callable[[Any], float]]) -> dict[str, Any]:
    """Return the rows of all patients by column [n_patient, longest], padded with 0, and the mask."""
    longest = max(map(len, each), default=0)
    table: dict[str, Any] = {f"n_{prefix}": longest}
    table[f"{prefix}_mask"] = [[1] * len(rows) + [0] * (longest - len(rows)) for rows in each]
    for name, value in columns.items():
        table[f"{prefix}_{name}"] = [[*map(value, rows), *[0] * (longest - len(rows))] for rows in each]
    return table


def _covariates(data: dict[str, Any], names: dict[str, Any], n: int) -> dict[str, float | str]:
    numbers = zip(names["covariate"], data["covariate"][n], data["covariate_mask"][n], strict=True)
    words = zip(names["word"].items(), data["word"][n], strict=True)
    return {k: v for k, v, known in numbers if known} | {k: known[at - 1] for (k, known), at in words if at}


def _measurement(data: dict[str, Any], names: dict[str, Any], n: int, i: int) -> Measurement:
    row = {name: data[f"obs_{name}"][n][i] for name in (*MEASURED, "row", "censoring")}
    upper = data["obs_upper"][n][i] if row["censoring"] == BETWEEN else None
    assay = data["obs_assay"][n][i]
    return Measurement(
        **row,
        variable=names["variable"][data["obs_variable"][n][i] - 1],
        upper=upper,
        assay=names["assay"][assay - 1] if assay else "",
    )


def _event(data: dict[str, Any], names: dict[str, Any], n: int, i: int) -> Event:
    row = {name: data[f"event_{name}"][n][i] for name in (*GIVEN, "row")}
    known = data["event_known"][n][i]
    unknown = {AMOUNT: ("low", "high", "median", "gsd"), RANGE: ("amount", "median", "gsd")}
    row |= dict.fromkeys(unknown.get(known, ("amount", "low", "high")))
    item = names["item"][data["event_item"][n][i] - 1]
    return Event(**row, item=item, by_rate=bool(data["event_by_rate"][n][i]))
