"""The page: every section's numbers, words and pictures, put into its template."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from jinja2 import Environment, PackageLoader, StrictUndefined

from ...cohort.patients import COVARIATES
from ..bands import Band, curve
from ..belonging import belonging
from ..charted import label_of
from ..diagnose import THRESHOLDS
from ..directions import Direction
from ..fitted import Fit
from ..identify import Told, wall_and_all
from ..residuals import Residual, coverage, far_off, residuals, worst_first
from ..summary import Row, not_told, prior_matters
from .calibration import MOST as MOST_PLACES
from .calibration import by_variable, calibration, places
from .cohort import together
from .course import course, quantities, title_of
from .given import given_to
from .ink import number, percent, rules
from .misfit import misfits
from .origin import provenance, solver
from .parameters import density, moved
from .people import left_out, people, place_of
from .picture import Picture, drawing
from .ridge import ridge
from .sampler import chains, ranks, slowest
from .versus import versus
from .waterfall import waterfall

MOST_PATIENTS = 12
"""A larger cohort shows its worst-fitting patients and says so, unless patients are named."""

MOST_NAMED = 3
"""Patients whose uninformed parameters are named one by one."""

WORDS = ("learnt", "hinted", "not informed")

MOST_FAR = 40
"""Measurements far off that are listed."""


def render(fit: Fit, *, against: Mapping[str, Fit] | None = None, patients: Sequence[str] = ()) -> str:
    """Return the page as HTML; it refers to nothing outside itself and runs no script.

    Args:
        fit: what to show.
        against: other runs of the same measurements, by name.
        patients: who gets pictures; nobody named, all do, or the worst-fitting of a large cohort.

    Raises:
        InputError: another run was not fitted to the same measurements.
    """
    tree = fit.tree
    with drawing():
        beside = versus(fit, against or {})
    rows, found = fit.summary, residuals(tree)
    shown = list(patients) or _shown(tree, found)
    known, more = _parted(tree, rows, shown)
    with drawing():
        sections: dict[str, Any] = {
            **_verdict(fit, rows, shown),
            **_data(tree, found, rows, shown),
            "cohort": together(tree, rows),
            "belonging": belonging(tree),
            **_estimates(tree, known, shown, more=more),
            "courses": {name: _course(tree, name) for name in shown},
            **_met(tree, found),
            **_computed(tree, rows),
            "versus": beside,
        }
    return (
        _environment()
        .get_template("page.html.j2")
        .render(sections, fit=fit, attrs=tree.attrs, shown=shown, light=rules("light"), dark=rules("dark"))
    )


def _environment() -> Environment:
    strict = {"autoescape": True, "undefined": StrictUndefined}
    environment = Environment(loader=PackageLoader(__package__), **strict, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": number, "percent": percent, "label": label_of, "title_of": title_of}
    return environment


def _shown(tree: xr.DataTree, found: list[Residual]) -> list[str]:
    """Return the patients that get pictures: all, or the worst-fitting of a large cohort."""
    patients = [str(name) for name in tree["observed_data"].to_dataset()["patient"].values]
    return patients if len(patients) <= MOST_PATIENTS else worst_first(found)[:MOST_PATIENTS]


def _parted(tree: xr.DataTree, rows: list[Row], shown: list[str]) -> tuple[list[Row], int]:
    """Return the rows of the table, and how many belong to patients without pictures."""
    posterior = tree["posterior"].to_dataset()
    hidden = {str(name) for name in posterior["patient"].values} - set(shown)
    kept = [row for row in rows if "patient" not in posterior[row.variable].dims or place_of(row) not in hidden]
    return kept, len(rows) - len(kept)


def _verdict(fit: Fit, rows: list[Row], shown: list[str]) -> dict[str, Any]:
    told = {patient: wall_and_all(fit.tree, patient) for patient in shown}
    return {
        "verdict": fit.verdict,
        "thresholds": THRESHOLDS,
        **_told(rows),
        "combinations": {patient: _combinations(*both) for patient, both in told.items()},
        "ridges": {patient: ridge(fit.tree, patient, both) for patient, both in told.items()},
    }


def _told(rows: list[Row]) -> dict[str, Any]:
    """Return in words what the data did not tell; of many patients as a table, a row a parameter."""
    by_name: dict[str, list[Row]] = {}
    for row in rows:
        by_name.setdefault(row.variable, []).append(row)
    if all(len(same) == 1 for same in by_name.values()):
        rows = [replace(row, name=row.variable) for row in rows]  # whose it is goes without saying
    if max(map(len, by_name.values()), default=0) <= MOST_NAMED:
        return {"not_told": [*not_told(rows), *prior_matters(rows)], "told_table": []}
    alone = [same[0] for same in by_name.values() if len(same) == 1]
    table = [(name, _tally(same)) for name, same in by_name.items() if len(same) > 1]
    return {"not_told": [*not_told(alone), *prior_matters(alone)] if alone else [], "told_table": table}


def _tally(rows: list[Row]) -> dict[str, float]:
    """Return of how many patients a parameter was learnt, hinted at or not, and the median contraction."""
    counts = Counter(row.told for row in rows)
    return {**{word: counts[word] for word in WORDS}, "median": float(np.median([row.contraction for row in rows]))}


def _combinations(wall: Told, every: Told) -> list[tuple[str, tuple[Direction, ...]]]:
    """Return what is told of combinations of a patient's parameters, the wall's and all, under a heading each."""
    lists = [
        ("Of the wall, its leak and the plasma, whatever the rest is:", wall.known + wall.ridges),
        ("Of all parameters, best known:", every.known),
        ("Of all parameters, least known, though each of its factors was told something:", every.ridges),
    ]
    return [(heading, found) for heading, found in lists if found]


def _data(tree: xr.DataTree, found: list[Residual], rows: list[Row], shown: list[str]) -> dict[str, Any]:
    therapy, everybody = tree["therapy"].to_dataset(), people(tree, found, rows, shown)
    columns = dict.fromkeys(key for one in everybody for key in one.about)
    estimated = therapy["parameter"].values != ""
    return {
        "people": everybody,
        "columns": {key: _headed(key) for key in columns},
        "counts": _counts(found),
        "notes": json.loads(tree.attrs["notes"]),
        "left_out": left_out(tree),
        "uncharted": int(np.sum(estimated & np.isnan(therapy["amount"].values))),
        "open_ends": int(np.sum(estimated & (therapy["end_sd"].values > 0))),
        "events": therapy.sizes["event"],
    }


def _headed(column: str) -> str:
    """Return a covariate's name with its unit."""
    hours = {"onset": "h", "onset_sd": "h"}
    unit = COVARIATES[column].unit if column in COVARIATES else hours.get(column, "1")
    return column.replace("_", " ") + ("" if unit == "1" else f" [{unit}]")


def _counts(found: list[Residual]) -> list[tuple[str, int, float, float]]:
    """Return of each variable: how many measurements, first and last time."""
    counted = Counter(one.variable for one in found)
    times = {name: [one.time for one in found if one.variable == name] for name in counted}
    return [(name, count, min(times[name]), max(times[name])) for name, count in counted.items()]


def _estimates(tree: xr.DataTree, rows: list[Row], shown: list[str], *, more: int) -> dict[str, Any]:
    names = dict.fromkeys(row.variable for row in rows)
    return {
        "rows": rows,
        "more_rows": more,
        "moved": moved(rows, alone=tree["posterior"].sizes["patient"] == 1),
        "densities": [density(tree, name, shown) for name in names],
    }


def _met(tree: xr.DataTree, found: list[Residual]) -> dict[str, Any]:
    """Return how predictions meet the measurements."""
    spots, far = places(tree), far_off(found)
    return {
        "found": found,
        "coverage": coverage(found),
        "inside": sum(one.covered for one in found),
        "far": far[:MOST_FAR],
        "far_count": len(far),
        "met": by_variable(found),
        "misfits": misfits(found),
        "places": spots,
        "most_places": MOST_PLACES,
        "calibration": calibration(spots),
    }


def _computed(tree: xr.DataTree, rows: list[Row]) -> dict[str, Any]:
    """Return how the draws were made, and where the fit comes from."""
    drawn: list[Picture] = ranks(tree, rows)
    return {
        "chains": chains(tree),
        "slowest": slowest(rows),
        "ranks": drawn,
        "waterfall": waterfall(tree, most=MOST_PATIENTS),
        "solver": solver(tree),
        "provenance": provenance(tree),
    }


def _course(tree: xr.DataTree, patient: str) -> dict[str, Any]:
    """Return a patient's table of quantities, pictures, and what was estimated of the therapy."""
    bands = {name: curve(tree, name, patient) for name in quantities(tree)}
    given = given_to(tree, patient)
    return {
        "extremes": _extremes(tree, bands),
        "pictures": course(tree, patient, bands, given),
        "estimated": [one for row in given for one in row.entries],
    }


def _extremes(tree: xr.DataTree, bands: Mapping[str, Band]) -> list[dict[str, Any]]:
    """Return of each quantity its value at the start, where its median strays farthest, and at the end."""
    table = []
    for name, band in bands.items():
        low, median, high = band.quantiles[[0, 2, 4]]
        spots = {"health": 0, "farthest": band.farthest, "last": -1}
        values = {spot: (median[at], low[at], high[at]) for spot, at in spots.items()}
        unit = tree["trajectories"].to_dataset()[name].attrs["unit"]
        table.append({"label": title_of(name), "unit": unit, "time": band.time[band.farthest], **values})
    return table
