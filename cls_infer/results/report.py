"""One self-contained page that says what a fit found, how far it may be believed and what it cannot tell."""

import json
from collections import Counter
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr
from jinja2 import Environment, StrictUndefined, Template

from .bands import curve
from .charted import label_of
from .diagnose import THRESHOLDS
from .directions import Direction
from .fitted import Fit
from .identify import WALL, identified
from .plots import Picture, density, measured, over_time
from .residuals import Residual, coverage, far_off, residuals, worst_first
from .summary import FIRST, HINTED, Row, not_told, prior_matters, summarise

MOST_PATIENTS = 12
"""A larger cohort shows its worst-fitting patients and says so; summary.csv holds all."""

LABELS = {
    "sigma": "Reflection coefficient σ",
    "LpS": "Filtration coefficient LpS",
    "K_f": "Filtration coefficient K_f",
    "PS": "Permeability-surface product PS",
    "TER": "Transcapillary escape rate",
    "transcapillary_escape_rate": "Transcapillary escape rate",
    "plasma_volume": "Plasma volume",
    "m_L": "Leak: number of large pores m_L",
    "K_L": "Large-pore conductance K_L",
}


def render(fit: Fit) -> str:
    """Return the page as HTML; it refers to nothing outside itself."""
    tree = fit.tree
    rows, found = summarise(tree), residuals(tree)
    shown, therapy = _shown(tree, found), tree["therapy"].to_dataset()
    template = _template()
    return template.render(
        attrs=tree.attrs,
        verdict=fit.verdict,
        thresholds=THRESHOLDS,
        seconds=fit.seconds,
        patients=[str(name) for name in tree["observed_data"].to_dataset()["patient"].values],
        shown=shown,
        counts=_counts(found),
        notes=json.loads(tree.attrs["notes"]),
        left_out=_left_out(tree),
        uncharted=int(np.isnan(therapy["amount"].values).sum()),
        events=therapy.sizes["event"],
        rows=_rows_of(rows, shown),
        hidden_rows=len(rows) - len(_rows_of(rows, shown)),
        not_told=[*not_told(rows), *prior_matters(rows)],
        combinations=[(patient, _combinations(tree, patient)) for patient in shown],
        densities=_densities(tree, rows, shown),
        fits=[(patient, _measured(tree, found, patient)) for patient in shown],
        coverage=coverage(found),
        inside=sum(one.covered for one in found),
        found=found,
        far=far_off(found),
        label_of=label_of,
        quantities=[(patient, _extremes(tree, patient), _over_time(tree, patient)) for patient in shown],
        solver=_solver(tree),
        provenance=_provenance(tree),
    )


def _template() -> Template:
    strict = {"autoescape": True, "undefined": StrictUndefined}
    environment = Environment(**strict, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"number": number, "percent": lambda share: f"{share:.0%}"}
    source = files(__package__).joinpath("report.html.j2")
    return environment.from_string(source.read_text(encoding="utf-8"))


def number(value: float | None) -> str:
    """Return a number as a reader wants it: three significant digits, no exponent where none is needed."""
    if value is None or not np.isfinite(value):
        return "–"
    if value == 0 or 1e-3 <= abs(value) < 1e5:
        digits = 0 if value == 0 else max(0, 2 - int(np.floor(np.log10(abs(value)))))
        return f"{value:.{digits}f}".replace("-", "−")
    return f"{value:.2e}".replace("-", "−")


def _shown(tree: xr.DataTree, found: list[Residual]) -> list[str]:
    """Return the patients that get pictures: all, or the worst-fitting of a large cohort."""
    patients = [str(name) for name in tree["observed_data"].to_dataset()["patient"].values]
    return patients if len(patients) <= MOST_PATIENTS else worst_first(found)[:MOST_PATIENTS]


def _rows_of(rows: list[Row], shown: list[str]) -> list[Row]:
    """Return the table's rows: what belongs to all patients, and to those shown."""
    endings = tuple(f"[{patient}]" for patient in shown)
    return [row for row in rows if "[" not in row.name or row.name.endswith(endings)]


def _counts(found: list[Residual]) -> list[tuple[str, int, float, float]]:
    """Return of each variable: how many measurements, first and last time."""
    counted = Counter(one.variable for one in found)
    times = {name: [one.time for one in found if one.variable == name] for name in counted}
    return [(name, count, min(times[name]), max(times[name])) for name, count in counted.items()]


def _left_out(tree: xr.DataTree) -> list[tuple[str, str, str, str]]:
    """Return what was not used and why, alike rows of one patient together: patient, what, reason, rows."""
    together: dict[tuple[str, str, str], list[int]] = {}
    for one in json.loads(tree.attrs["unused"]):
        together.setdefault((one["patient"], one["what"], one["reason"]), []).append(one["row"])
    for one in json.loads(tree.attrs["set_aside"]):
        together.setdefault((one["patient"], one["variable"], one["reason"]), []).append(one["row"])
    return [(*key, ", ".join(map(str, rows))) for key, rows in together.items()]


def _combinations(tree: xr.DataTree, patient: str) -> list[tuple[str, tuple[Direction, ...]]]:
    """Return what is told of combinations of a patient's parameters, under a heading each."""
    wall, every = identified(tree, patient=patient, names=WALL), identified(tree, patient=patient)
    lists = [
        ("Of the wall, its leak and the plasma, whatever the rest is:", wall.known + wall.ridges),
        ("Of all parameters, best known:", every.known),
        ("Of all parameters, least known, though each of its factors was told something:", every.ridges),
    ]
    return [(heading, found) for heading, found in lists if found]


def _densities(tree: xr.DataTree, rows: list[Row], shown: list[str]) -> list[Picture]:
    """Return densities of what the data informed and of what matters whether they did or not."""
    names = dict.fromkeys(
        row.variable for row in _rows_of(rows, shown) if row.contraction >= HINTED or row.variable in FIRST
    )
    return [density(tree, name, shown) for name in names]


def _measured(tree: xr.DataTree, found: list[Residual], patient: str) -> list[Picture]:
    variables = dict.fromkeys(one.variable for one in found if one.patient == patient)
    return [measured(tree, variable, patient) for variable in variables]


def _quantities(tree: xr.DataTree) -> list[str]:
    """Return the names of the quantities over time, the wall's first."""
    there = tree["trajectories"].to_dataset().data_vars
    derived = [str(name) for name, quantity in there.items() if quantity.attrs["kind"] == "derived"]
    return list(dict.fromkeys([*(name for name in LABELS if name in there), *derived]))


def _over_time(tree: xr.DataTree, patient: str) -> list[Picture]:
    return [over_time(tree, name, patient, _label(name)) for name in _quantities(tree)]


def _label(name: str) -> str:
    return LABELS.get(name) or label_of(name)


def _extremes(tree: xr.DataTree, patient: str) -> list[dict[str, Any]]:
    """Return of each quantity its value at the start, where its median strays farthest, and at the end."""
    table = []
    for name in _quantities(tree):
        band = curve(tree, name, patient)
        low, median, high = band.quantiles[[0, 2, 4]]
        far = 0 if np.isnan(median).all() else int(np.nanargmax(np.abs(median - median[0])))
        places = {"health": 0, "farthest": far, "last": -1}
        values = {place: (median[at], low[at], high[at]) for place, at in places.items()}
        unit = tree["trajectories"].to_dataset()[name].attrs["unit"]
        table.append({"label": _label(name), "unit": unit, "time": band.time[far], **values})
    return table


def _solver(tree: xr.DataTree) -> dict[str, Any]:
    solver = tree["solver"].to_dataset()
    counts = zip(solver["status"].values, solver["count"].sum("patient").values, strict=True)
    return {"counts": [(str(word), int(count)) for word, count in counts], "rtol": solver.attrs["rtol"]}


def _provenance(tree: xr.DataTree) -> list[tuple[str, Any]]:
    """Return the root's attributes as a reader may quote them, without the lists shown elsewhere."""
    elsewhere = ("notes", "unused", "set_aside")
    plain = {k: v for k, v in tree.attrs.items() if k not in elsewhere and not str(k).startswith("seconds_")}
    return [(str(name).replace("_", " "), value) for name, value in plain.items()]
