"""Stage two of a cohort of any size: the population of patients whom workers fitted apart, from the cohort's store."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import xarray as xr

from ..inference.settings import Settings
from ..inference.two_stage import two_stage
from ..likelihood.population import population
from ..model.spec import Model
from ..results.kept import check_digest
from ..results.population_fit import PopulationFit, conclude_population
from ..results.provenance import Attributes, provenance
from .again import redraw_of
from .gather import Gathered, gather
from .run import CohortRun

type Report = Callable[[str], None]

ROUNDS = 3
"""How often thin patients are drawn again."""

LAW = Settings(draws=1000)


def fit_population(
    run: CohortRun,
    model: Model,
    *,
    hierarchical: Sequence[str],
    covariates: Sequence[str] = (),
    correlated: bool = False,
    mixture: int = 0,
    settings: Settings = LAW,
    kept: int | None = None,
    rounds: int = ROUNDS,
    command: str = "",
    report: Report = lambda _: None,
) -> PopulationFit:
    """Return the posterior of the population that a cohort's patients are taken from.

    Workers drew every patient alone, under the model's priors; here those draws are weighed under the law of the
    population, whose numbers NUTS samples. No patient is solved again, but for those whose draws are too thin. The
    cohort's store is read a shard at a time. Memory is that of `kept` draws of the parameters of every patient, as
    `gather.bytes_held` counts it, and does not grow with the draws or the parameters that the store holds. The same
    draws give the same result whatever the shards they lie in.

    Args:
        run: a finished cohort, as `open_cohort` returns it.
        model: the one that it was fitted with.
        hierarchical: parameters that follow the population's law.
        covariates: what of the chart moves them.
        correlated: whether they vary together.
        mixture: so many groups that nobody charted; 0 for none.
        settings: chains, warmup, draws, seed and target acceptance of the law.
        kept: draws of each patient that are weighed; None for as many as `gather.usual` says.
        rounds: how often thin patients are drawn again, 0 for never.
        command: what the user typed, for the provenance.
        report: is told what is done, and who is drawn again.

    Raises:
        InputError: an unfinished cohort, another model, what `gather` and `population` refuse.
    """
    if run.manifest:
        tree = xr.DataTree()
        tree.attrs = dict(run.manifest["provenance"])
        check_digest(tree, model)
    names = tuple(hierarchical)
    report("reading the patients' draws")
    found = gather(run, model, names, kept=kept)
    asked = {"covariates": tuple(covariates), "correlated": correlated, "mixture": mixture}
    people = population(found.cohort, names, **asked)
    report(f"weighing {found.draws.z.shape[1]} draws of each of {len(people.episodes)} patients under their population")
    count = found.draws.z.shape[1]
    redraw = redraw_of(run, model, names, draws=count, seed=settings.seed) if rounds else None
    law = two_stage(people, found.draws, settings, redraw=redraw, rounds=rounds, report=report)
    made = _provenance(run, model, found, settings, command)
    return conclude_population(law, found.slots, found.stage_one, provenance=made)


def _provenance(run: CohortRun, model: Model, found: Gathered, settings: Settings, command: str) -> Attributes:
    """Return where a population comes from: its own sampling, and the cohort's run."""
    origin = run.manifest["provenance"]
    said = {"command": command, "hidden": int(origin["hidden_measurements"]), "until": origin.get("until")}
    solved = replace(settings, rtol=origin["rtol"], solver=origin["solver"])
    return {
        **provenance(model, found.cohort, solved, **said),
        "method": f"two-stage after {origin['method']}",
        "kept": found.draws.z.shape[1],
        "stage_one": str(run.folder),
        "stage_one_seed": origin["seed"],
        "stage_one_created": origin["created"],
    }
