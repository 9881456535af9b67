"""`cls-infer cohort`: questions to a cohort that workers fitted."""

import csv
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from ..errors import InputError, Problem
from ..printable import cell
from .cohort_run import Run, model_of, open_run
from .convert import OutFile, free_file
from .inputs import all_of, fresh_run
from .options import Debug, Json, Quiet, names
from .population import population
from .talk import say, write_json, write_lines

cohort = typer.Typer(
    name="cohort",
    help="Ask a cohort that `fit --workers` fitted: patient by patient, ranked, in groups.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Quantity = Annotated[
    str,
    typer.Argument(metavar="QUANTITY", help="A parameter; or `largest TER`, `last V_p`, of any quantity over time."),
]
Quantities = Annotated[
    list[str] | None, typer.Argument(metavar="QUANTITY", help="Parameters, or `largest TER`; all parameters if none.")
]
At = Annotated[str, typer.Option("--at", metavar="P,P", help="Probabilities of the quantiles.")]
Above = Annotated[float, typer.Option("--above", metavar="X", help="The value, in the quantity's unit.")]
First = Annotated[int, typer.Option("--first", metavar="N", help="How probably a patient is among the first so many.")]
By = Annotated[str, typer.Option("--by", metavar="COLUMN", help="A column of patients.csv.")]
Parting = Annotated[float | None, typer.Option("--at", metavar="X", help="Where a column of numbers is parted.")]
Patient = Annotated[str, typer.Argument(metavar="PATIENT", help="A patient of the cohort.")]
OutRun = Annotated[str, typer.Option("--out", metavar="RUN", help="The run folder to write.")]


@cohort.command()
def quantiles(
    run: Run, quantity: Quantities = None, at: At = "0.05,0.5,0.95", as_json: Json = False, debug: Debug = False
) -> None:
    """Mean, standard deviation and quantiles of every patient."""
    opened, probabilities = all_of(lambda: open_run(run), lambda: _probabilities(at))
    from ..scale.questions import summaries

    header = ("patient", "quantity", "unit", "mean", "sd", *(f"q{p:g}" for p in probabilities))
    found = summaries(opened, tuple(quantity or ()), at=probabilities)
    rows = ((one.patient, one.quantity, one.unit, one.mean, one.sd, *one.quantiles) for one in found)
    _tell(header, rows, as_json=as_json)


@cohort.command()
def exceed(run: Run, quantity: Quantity, above: Above, as_json: Json = False, debug: Debug = False) -> None:
    """How probably a quantity of each patient lies above a value."""
    from ..scale.questions import exceedances

    rows = ((one.patient, one.probability) for one in exceedances(open_run(run), quantity, above=above))
    _tell(("patient", "probability"), rows, as_json=as_json)


@cohort.command()
def rank(run: Run, quantity: Quantity, first: First = 10, as_json: Json = False, debug: Debug = False) -> None:
    """Patients by a quantity, the largest first, and how sure their ranks are."""
    from ..scale.questions import ranks

    found = [asdict(one) for one in ranks(open_run(run), quantity, first=first)]
    _tell(tuple(found[0]), (tuple(one.values()) for one in found), as_json=as_json)


@cohort.command()
def contrast(
    run: Run, quantity: Quantity, by: By, at: Parting = None, as_json: Json = False, debug: Debug = False
) -> None:
    """Mean of a quantity in groups of patients, and how far they lie from the first group."""
    from ..scale.contrasts import contrasts

    found = [asdict(one) for one in contrasts(open_run(run), quantity, by=by, at=at)]
    _tell(tuple(found[0]), (tuple(one.values()) for one in found), as_json=as_json)


@cohort.command()
def verdicts(run: Run, as_json: Json = False, debug: Debug = False) -> None:
    """What speaks for every patient's draws, and who could not be fitted."""
    from ..scale.questions import judgements

    header, rows = judgements(open_run(run))
    _tell(header, rows, as_json=as_json)


@cohort.command()
def export(run: Run, out: OutFile, quantity: Quantities = None, as_json: Json = False, debug: Debug = False) -> None:
    """Write the draws as a tidy table: patient, quantity, unit, draw, value."""
    path, opened = all_of(lambda: free_file(out), lambda: open_run(run))
    from ..scale.questions import tidy

    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("patient", "quantity", "unit", "draw", "value"))
        for patient, *others in tidy(opened, tuple(quantity or ())):
            writer.writerow((cell(patient), *others))
            count += 1
    if as_json:
        write_json({"run": run, "out": out, "rows": count})
    else:
        write_lines(out)


@cohort.command()
def pick(
    run: Run, patient: Patient, out: OutRun, as_json: Json = False, quiet: Quiet = False, debug: Debug = False
) -> None:
    """Make a run of one patient, for `report`, `predict`, `compare` and `design`."""
    folder, opened = all_of(lambda: fresh_run(out, name=patient), lambda: open_run(run))
    from ..results.store import save
    from ..scale.pick import pick as picked

    say("predicting and judging the patient's draws", quiet=quiet)
    fit = save(picked(opened, patient, model_of(opened)), folder)
    if as_json:
        write_json({"run": str(fit.folder), "patient": patient})
    else:
        write_lines(str(fit.folder))


cohort.command()(population)


def _probabilities(written: str) -> tuple[float, ...]:
    try:
        return tuple(float(word) for word in names([written]))
    except ValueError:
        remedy = "write numbers, such as `--at 0.05,0.5,0.95`"
        raise InputError([Problem("--at", f"`{written}` is no list of probabilities", remedy=remedy)]) from None


def _tell(header: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool) -> None:
    """Write rows as CSV to stdout, one after another; or all as one JSON object."""
    if as_json:
        write_json({"rows": [dict(zip(header, row, strict=True)) for row in rows]})
        return
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([cell(one) if isinstance(one, str) else one for one in row])
