"""`cls-infer fit`: the main job."""

from typing import TYPE_CHECKING, Annotated

import typer

from ..inference.settings import Settings
from .asked import Request
from .fitting import carry_out, finish, report_of, verdict_lines
from .options import (
    Correlated,
    Covariate,
    Dataset,
    Debug,
    Hierarchical,
    Json,
    Out,
    PerPatient,
    Quiet,
    Shared,
    names,
)
from .talk import write_lines, write_table
from .workers import ShardSize, Workers, finish_cohort

if TYPE_CHECKING:
    from ..results.fitted import Fit
    from ..scale.run import CohortRun

COLUMNS = {  # field of a summary row -> how the table heads it
    **{"unit": "unit", "mean": "mean", "sd": "sd", "q05": "5 %", "q50": "50 %", "q95": "95 %"},
    **{
        "prior_sd": "prior sd",
        "contraction": "contraction",
        "rhat": "R-hat",
        "ess_bulk": "ESS",
        "told": "told",
    },
}

ModelName = Annotated[
    str, typer.Option("--model", metavar="NAME", help="A shipped model, or the path of a model file.")
]
Method = Annotated[
    str,
    typer.Option(
        "--method",
        metavar="auto|hmc|nuts|importance|laplace|two-stage",
        help="How to sample; auto weighs draws of patients with few unknowns, and samples the others by HMC or NUTS.",
    ),
]
Mixture = Annotated[
    int,
    typer.Option(
        "--mixture", metavar="N", help="So many groups of patients, whom nobody told apart, each with its own centre."
    ),
]
Fix = Annotated[list[str] | None, typer.Option("--fix", metavar="NAME=VALUE", help="Hold a parameter at a value.")]
Chains = Annotated[int, typer.Option("--chains", metavar="N", help="Chains; two at least tell convergence.")]
Draws = Annotated[int, typer.Option("--draws", metavar="N", help="Draws kept of each chain, at least.")]
MostDraws = Annotated[
    int,
    typer.Option("--most-draws", metavar="N", help="Draws of each chain at most, where the verdict asks for more."),
]
Warmup = Annotated[int, typer.Option("--warmup", metavar="N", help="Draws that tune the sampler and are dropped.")]
TargetAccept = Annotated[
    float,
    typer.Option(
        "--target-accept",
        metavar="X",
        help="Mean acceptance that the steps are tuned for; nearer to 1 takes smaller steps, against divergences.",
    ),
]
Rtol = Annotated[
    float,
    typer.Option(
        "--rtol", metavar="X", help="Solver's relative error a step; tightened where it errs too much in nats."
    ),
]
Solver = Annotated[str, typer.Option("--solver", metavar="auto|tsit5|ros34pw2", help="By what method steps are taken.")]
Until = Annotated[float | None, typer.Option("--until", metavar="H", help="Hide the measurements after this hour.")]
Device = Annotated[
    str,
    typer.Option(
        "--device", metavar="auto|cpu|gpu", help="Where to compute; auto takes what a gradient takes less time on."
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of every random number of the fit.")]


def fit(
    dataset: Dataset,
    model: ModelName,
    method: Method = "auto",
    per_patient: PerPatient = None,
    shared: Shared = None,
    hierarchical: Hierarchical = None,
    covariate: Covariate = None,
    correlated: Correlated = False,
    mixture: Mixture = 0,
    fix: Fix = None,
    chains: Chains = Settings.chains,
    draws: Draws = Settings.draws,
    most_draws: MostDraws = Settings.most_draws,
    warmup: Warmup = Settings.warmup,
    target_accept: TargetAccept = Settings.target_accept,
    rtol: Rtol = Settings.rtol,
    solver: Solver = Settings.solver,
    until: Until = None,
    device: Device = "auto",
    seed: Seed = Settings.seed,
    workers: Workers = "",
    shard_size: ShardSize = 32,
    out: Out = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Fit a model to a data set and write a run folder."""

    request = Request(
        dataset=dataset,
        model=model,
        per_patient=names(per_patient),
        shared=names(shared),
        hierarchical=names(hierarchical),
        covariates=names(covariate),
        correlated=correlated,
        mixture=mixture,
        fix=names(fix),
        settings=Settings(
            chains=chains,
            draws=draws,
            most_draws=most_draws,
            warmup=warmup,
            seed=seed,
            target_accept=target_accept,
            rtol=rtol,
            solver=solver,
            method=method,
        ),
        until=until,
        device=device,
        workers=workers,
        shard_size=shard_size,
        out=out,
    )
    return ended(carry_out(request, quiet=quiet), as_json=as_json, quiet=quiet)


def ended(done: "Fit | CohortRun", *, as_json: bool, quiet: bool) -> int:
    """Print a fit, or a cohort that workers fitted, and return the exit code."""
    from ..results.fitted import Fit

    if isinstance(done, Fit):
        return finish(done, as_json=as_json, quiet=quiet, show=show)
    return finish_cohort(done, as_json=as_json)


def show(fitted: "Fit") -> None:
    """Print the summary table, of a mixture who belongs where, the verdict and where the run is."""
    from ..results.belonging import belonging

    rows = [(row.name, *(getattr(row, key) for key in COLUMNS)) for row in fitted.summary]
    write_table("posterior", ("parameter", *COLUMNS.values()), rows)
    if (found := belonging(fitted.tree)) is not None:
        header = ("patient", *(f"{found.kind} {name}" for name in found.groups))
        write_table("how probably of which", header, [(who, *each.values()) for who, each in found.of.items()])
    write_lines(*verdict_lines(fitted), f"run: {fitted.folder}", f"report: {report_of(fitted)}")
