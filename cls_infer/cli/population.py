"""`cls-infer cohort population`: the population of a cohort that workers fitted."""

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InputError
from ..inference.settings import Settings, setting_problems
from .cohort_run import Run, model_of, open_run
from .fit import COLUMNS, Chains, Draws, Mixture, Seed, TargetAccept, Warmup
from .fitting import NOT_MET
from .inputs import all_of, fresh_run
from .options import Correlated, Covariate, Debug, Hierarchical, Json, Quiet, names, option_of
from .progress import watching
from .talk import write_json, write_lines, write_table

if TYPE_CHECKING:
    from ..results.population_fit import PopulationFit

Kept = Annotated[
    int | None, typer.Option("--kept", metavar="N", help="Draws of each patient that are weighed; 500 to 2000.")
]
OutFolder = Annotated[str, typer.Option("--out", metavar="FOLDER", help="The folder to write.")]


def population(
    run: Run,
    out: OutFolder,
    hierarchical: Hierarchical = None,
    covariate: Covariate = None,
    correlated: Correlated = False,
    mixture: Mixture = 0,
    kept: Kept = None,
    chains: Chains = Settings.chains,
    draws: Draws = 1000,
    warmup: Warmup = Settings.warmup,
    target_accept: TargetAccept = Settings.target_accept,
    seed: Seed = Settings.seed,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> int:
    """Weigh the patients' draws under a population, and write its mean, spread and effects."""
    settings = Settings(chains=chains, draws=draws, warmup=warmup, target_accept=target_accept, seed=seed)
    opened, folder, _ = all_of(lambda: open_run(run), lambda: fresh_run(out, name=""), lambda: _check(settings))
    model = model_of(opened)
    from ..results.population_fit import save_population
    from ..scale.population import fit_population

    with watching(quiet=quiet) as report:
        fit = fit_population(
            opened,
            model,
            hierarchical=names(hierarchical),
            covariates=names(covariate),
            correlated=correlated,
            mixture=mixture,
            settings=settings,
            kept=kept,
            command=shlex.join(["cls-infer", *sys.argv[1:]]),
            report=report,
        )
    return _ended(save_population(fit, folder), as_json=as_json)


def _check(settings: Settings) -> None:
    problems = list(setting_problems(settings, option_of))
    if problems:
        raise InputError(problems)


def _ended(fit: "PopulationFit", *, as_json: bool) -> int:
    """Print a population, and return the exit code: 0; 3 where the verdict is not met."""
    from ..results.population_fit import population_json

    if as_json:
        write_json(population_json(fit))
    else:
        rows = [(row.name, *(getattr(row, key) for key in COLUMNS)) for row in fit.summary]
        write_table("population", ("number", *COLUMNS.values()), rows)
        unmet = [f"verdict: not met: {words}" for words in fit.verdict.unmet]
        write_lines(f"patients: {fit.verdict.numbers['patients']}", *(unmet or ["verdict: met"]), f"run: {fit.folder}")
    return 0 if fit.verdict.ok else NOT_MET
