"""`cls-infer calibrate`: is what a fit says as sure as it claims, of patients like these?"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..inference.settings import Settings
from .asked import CalibrationRequest
from .calibrating import carry_out
from .fitting import NOT_MET
from .options import Correlated, Covariate, Debug, Hierarchical, Json, PerPatient, Quiet, Shared, names
from .talk import say, write_json, write_lines, write_table

if TYPE_CHECKING:
    from ..results.calibration import Calibration, Ranked

HEADER = ("quantity", "p", "p of all", "in 50 %", "in 90 %", "ranks")

Model = Annotated[str, typer.Argument(help="A shipped model, or the path of a model file.")]
Like = Annotated[
    str, typer.Option("--like", metavar="DATASET", help="Whose times, therapy, gaps and limits the patients have.")
]
Fits = Annotated[
    int, typer.Option("--fits", metavar="N", help="Patients, or cohorts, simulated from the prior and fitted.")
]
Draws = Annotated[int, typer.Option("--draws", metavar="N", help="Draws of each fit that its truth is ranked among.")]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="auto|importance|hmc|nuts|laplace|two-stage",
        help="How to sample each fit, as `fit` does.",
    ),
]
Fix = Annotated[list[str] | None, typer.Option("--fix", metavar="NAME=VALUE", help="Hold a parameter, in truth too.")]
MostNuts = Annotated[
    int,
    typer.Option(
        "--most-nuts",
        metavar="N",
        help="Fits that may go on to NUTS, where weighing gives no certificate; minutes each.",
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of every truth, chart and fit.")]
Out = Annotated[
    str | None,
    typer.Option(
        "--out",
        metavar="FOLDER",
        help="Write ranks, pictures and a manifest there, and what is done meanwhile; else nothing.",
    ),
]


def calibrate(
    model: Model,
    like: Like,
    fits: Fits = 200,
    draws: Draws = 99,
    method: Method = "auto",
    per_patient: PerPatient = None,
    shared: Shared = None,
    hierarchical: Hierarchical = None,
    covariate: Covariate = None,
    correlated: Correlated = False,
    fix: Fix = None,
    most_nuts: MostNuts = 20,
    seed: Seed = Settings.seed,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Simulate patients from the prior, fit each, and see whether truths take every rank in their posteriors.

    Where anything is shared or pooled in part, whole cohorts are simulated, and each is a fit.
    """
    request = CalibrationRequest(
        model=model,
        dataset=like,
        fits=fits,
        draws=draws,
        per_patient=names(per_patient),
        shared=names(shared),
        hierarchical=names(hierarchical),
        covariates=names(covariate),
        correlated=correlated,
        fix=names(fix),
        most_nuts=most_nuts,
        settings=Settings(method=method, seed=seed),
        out=out,
    )
    found = carry_out(request, quiet=quiet)
    return ended(found, Path(out) if out else None, as_json=as_json, quiet=quiet)


def ended(found: "Calibration", folder: Path | None, *, as_json: bool, quiet: bool) -> int:
    """Print a calibration and return the exit code: 0; 3 where the verdict is not met."""
    if as_json:
        from ..results.calibration_files import calibration_json

        write_json(calibration_json(found, folder))
    else:
        _print(found, folder, quiet=quiet)
    return 0 if found.verdict.ok else NOT_MET


def _print(found: "Calibration", folder: Path | None, *, quiet: bool) -> None:
    numbers = found.verdict.numbers
    write_table(
        f"ranks of {numbers['ranked']} truths, each among {found.draws} draws", HEADER, map(_row, found.quantities)
    )
    roads = ", ".join(f"{count} {road}" for road, count in numbers["roads"].items())
    write_lines(f"fits: {numbers['fits']} ({roads}); {found.seconds:.0f} s")
    lost = f"{numbers['unhealthy']} unhealthy, {numbers['failed']} not solved, {numbers['died']} died"
    write_lines(f"truths drawn: {numbers['truths']} ({lost} before the last measurement)")
    if found.constant:
        say(f"the same in every draw, and not ranked: {', '.join(found.constant)}", quiet=quiet)
    alone = f"{numbers['outside_alone']} of {numbers['quantities']}"
    say(f"{alone} would fail were each judged alone at 5 %; one in twenty does by chance", quiet=quiet)
    write_lines(*(["verdict: met"] if found.verdict.ok else [f"verdict: not met: {r}" for r in found.verdict.unmet]))
    if folder:
        write_lines(f"run: {folder}")


def _row(one: "Ranked") -> tuple[str | float, ...]:
    judged = "uniform" if one.uniform else one.reads
    return one.name, one.p, one.adjusted, f"{one.inside50:.0%}", f"{one.inside90:.0%}", judged
