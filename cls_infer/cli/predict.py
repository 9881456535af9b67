"""`cls-infer predict`: what a run says of the time ahead, under the therapy as charted or another one."""

import csv
import sys
from collections.abc import Iterable
from dataclasses import asdict
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import InputError, Problem
from ..printable import cell
from .inputs import all_of
from .machine import prepare_jax
from .options import Debug, Json, Quiet
from .talk import say, write_json

if TYPE_CHECKING:
    import xarray as xr

    from ..cohort import Event
    from ..results.predict import Prediction, Quantiles
    from ..results.scores import Score

HEADER = ("patient", "time [h]", "quantity", "band", "q05", "q25", "q50", "q75", "q95")

Run = Annotated[str, typer.Argument(help="A run folder that a fit wrote.")]
Therapy = Annotated[
    str | None,
    typer.Option("--therapy", metavar="FILE", help="What is given instead: a therapy.csv of the patients it names."),
]
From = Annotated[
    float | None,
    typer.Option("--from", metavar="H", help="First hour, where the therapy changes; each patient's last value seen."),
]
Hours = Annotated[
    float | None,
    typer.Option("--hours", metavar="H", help="How far beyond the last value seen [h]; 24, or to the last hidden one."),
]
Every = Annotated[float, typer.Option("--every", metavar="H", help="Distance of the printed times [h].")]
ModelFile = Annotated[
    str | None, typer.Option("--model", metavar="FILE", help="Where the run's own model file is, if it was moved.")
]


def predict(
    run: Run,
    therapy: Therapy = None,
    since: From = None,
    hours: Hours = None,
    every: Every = 1.0,
    model: ModelFile = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Print quantiles over time as CSV, and on stderr the scores of the measurements that `--until` hid."""
    prepare_jax()
    from ..results.kept import model_again
    from ..results.predict import predict as predicted
    from ..results.store import open_fit
    from .named import was_named

    fit = open_fit(run)
    own, given = all_of(lambda: model_again(fit.tree, model, named=was_named), lambda: _instead(therapy, fit.tree))
    found = predicted(fit.tree, own, therapy=given, since=since, hours=hours, every=every)
    if as_json:
        write_json({"run": run, "model": own.name, **_as_json(found)})
    else:
        _write_csv(found.rows)
    if not fit.verdict.ok:
        say(f"caution: the run's verdict is not met: {fit.verdict.unmet[0]}", quiet=quiet)
    for line in _lines(found):
        say(line, quiet=quiet)


def _instead(path: str | None, tree: "xr.DataTree") -> "dict[str, tuple[Event, ...]]":
    if path is None:
        return {}
    from ..cohort.what_if import read_therapy_instead
    from ..results.kept import whole_cohort

    problems: list[Problem] = []
    given = read_therapy_instead(path, whole_cohort(tree), problems)
    if problems:
        raise InputError(problems)
    return given


def _write_csv(rows: "Iterable[Quantiles]") -> None:
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(HEADER)
    for row in rows:
        numbers = [f"{number:.6g}" for number in row[5:]]
        out.writerow([cell(row.patient), f"{row.time:.10g}", f"{row.quantity} [{row.unit}]", row.band, *numbers])


def _lines(found: "Prediction") -> list[str]:
    """Return what is told beside the numbers."""
    from ..results.scores import FEW_DRAWS

    said = list(found.notes)
    said += [
        f"{number} of {found.draws} draws of `{name}` could not be solved and are left out"
        for name, number in found.failed.items()
        if number
    ]
    if found.scores is None:
        return said
    scores = found.scores
    for name, each in scores.by_variable():
        told = _summed(each)
        distance = "" if told["crps"] is None else f", CRPS {told['crps']:.3g} {told['unit']}"
        covered = f"{told['inside_50']} within 50 %, {told['inside_90']} within 90 %"
        said.append(f"{name}: {told['count']} hidden, {covered}, log density {told['log_density']:.2f}{distance}")
    for name, number in scores.by_patient.items():
        rests = scores.resting_on[name]
        few = f", which rests on {rests:.0f} draws: hardly known" if rests < FEW_DRAWS else ""
        said.append(f"`{name}`: log predictive density of all together {number:.2f}{few}")
    return [*said, f"leave-future-out elpd: {scores.elpd:.2f}"]


def _summed(each: "list[Score]") -> dict[str, Any]:
    """Return counts inside the bands, the mean CRPS and the summed log density of one variable's measurements."""
    distances = [one.crps for one in each if isfinite(one.crps)]
    return {
        "unit": each[0].unit,
        "count": len(each),
        "inside_50": sum(one.inside_50 for one in each),
        "inside_90": sum(one.inside_90 for one in each),
        "log_density": sum(one.log_density for one in each),
        "crps": sum(distances) / len(distances) if distances else None,
    }


def _as_json(found: "Prediction") -> dict[str, Any]:
    scores = found.scores
    told = scores and {
        "elpd": scores.elpd,
        "patients": {
            name: {"elpd": number, "resting_on": scores.resting_on[name]} for name, number in scores.by_patient.items()
        },
        "variables": {name: _summed(each) for name, each in scores.by_variable()},
        "measurements": [asdict(one) for one in scores.each],
    }
    rows = [row._asdict() for row in found.rows]
    return {"draws": found.draws, "failed": found.failed, "notes": found.notes, "quantiles": rows, "scores": told}
