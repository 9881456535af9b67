"""Who the patients are, what was measured of each, what was left out: a table that leads to each of them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from ..residuals import Residual
from ..summary import Row
from .ink import number

KEPT = 10
"""Numbers told of a patient without pictures: those the data told most of."""


@dataclass(frozen=True)
class Person:
    """One patient: `anchor` is where the page tells more; `about` what is known of it by column; `misfit` the root mean
    square of its standardised residuals, `covered` the share within the 90 % band, NaN without measurements."""

    name: str
    anchor: str
    pictured: bool
    about: dict[str, str]
    measurements: int
    first: float
    last: float
    entries: int
    covered: float
    misfit: float
    road: str
    khat: float
    rows: tuple[Row, ...]


def people(tree: xr.DataTree, found: Sequence[Residual], rows: Sequence[Row], shown: Sequence[str]) -> list[Person]:
    """Return every patient in the order of the chart."""
    about, events = _about(tree), [str(name) for name in tree["therapy"].to_dataset()["patient"].values]
    entries = {name: events.count(name) for name in set(events)}
    by_name: dict[str, list[Residual]] = {}
    for one in found:
        by_name.setdefault(one.patient, []).append(one)
    own = _own(rows)
    stats = tree["sample_stats"].to_dataset()
    table = zip(stats["patient"].values, stats["road"].values, stats["khat"].values, strict=True)
    return [
        Person(
            name=str(name),
            anchor=f"patient-{place + 1}",
            pictured=str(name) in shown,
            about=about.get(str(name), {}),
            **_met(by_name.get(str(name), [])),
            entries=entries.get(str(name), 0),
            road=str(road),
            khat=float(khat),
            rows=tuple(sorted(own.get(str(name), []), key=lambda row: -row.contraction)[:KEPT]),
        )
        for place, (name, road, khat) in enumerate(table)
    ]


def _met(here: list[Residual]) -> dict[str, float | int]:
    times, gaps = [one.time for one in here], [one.standardised for one in here]
    nothing = float("nan")
    return {
        "measurements": len(here),
        "first": min(times, default=nothing),
        "last": max(times, default=nothing),
        "covered": float(np.mean([one.covered for one in here])) if here else nothing,
        "misfit": float(np.sqrt(np.mean(np.square(gaps)))) if here else nothing,
    }


def _own(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        if place_of(row):
            found.setdefault(place_of(row), []).append(row)
    return found


def place_of(row: Row) -> str:
    """Return the patient or assay that a row's name names in brackets; nothing where it names none."""
    return row.name[len(row.variable) + 1 : -1]


def _about(tree: xr.DataTree) -> dict[str, dict[str, str]]:
    """Return what patients.csv said of each patient, by column; nothing of a run that did not keep its inputs."""
    if "inputs" not in tree.children:
        return {}
    patients = json.loads(tree["inputs"].attrs["patients"])
    return {
        one["name"]: {key: number(value) if isinstance(value, float | int) else str(value) for key, value in _said(one)}
        for one in patients
    }


def _said(one: dict) -> list[tuple[str, object]]:
    return [(key, value) for key, value in one.get("covariates", {}).items() if value is not None]


def left_out(tree: xr.DataTree) -> list[tuple[str, str, str, str]]:
    """Return what was not used and why, alike rows of one patient together: patient, what, reason, rows."""
    together: dict[tuple[str, str, str], list[int]] = {}
    for one in json.loads(tree.attrs["unused"]):
        together.setdefault((one["patient"], one["what"], one["reason"]), []).append(one["row"])
    for one in json.loads(tree.attrs["set_aside"]):
        together.setdefault((one["patient"], one["variable"], one["reason"]), []).append(one["row"])
    return [(*key, ", ".join(map(str, rows))) for key, rows in together.items()]
