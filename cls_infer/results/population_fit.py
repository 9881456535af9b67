"""A population whose patients were fitted apart and are not held in memory: its numbers, the verdict, its folder."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import jax
import numpy as np
import xarray as xr

from ..errors import InputError, Problem
from ..inference.two_stage import TwoStage
from ..likelihood.pooling import Slot
from ..likelihood.population import Population
from .belonging import belonging
from .diagnose import Verdict, Worst, of_chains, unmet_by_chains, unmet_of_law, worst_of_chains
from .fitted import entry
from .population import numbers_of, values_of
from .provenance import Attributes
from .store import LOG, MANIFEST, POPULATION_FORMAT, SUMMARY, check_free
from .summary import Row, summarise, to_csv
from .tree import STATISTICS
from .two_stage import weighing
from .values import PRIOR_DRAWS

TREE = "population.zarr"
UNFINISHED = ".part"
NAMED = 10
"""Patients that a sentence names."""


@dataclass(frozen=True)
class StageOne:
    """What stage one leaves to be said: patients who could not be fitted and are not in the population, and patients
    whose own draws do not meet their verdict, each with why."""

    missing: Mapping[str, str] = field(default_factory=dict)
    doubtful: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PopulationFit:
    """A population's posterior: `tree` as `conclude_population` makes it, the verdict on it, its folder once saved."""

    tree: xr.DataTree
    verdict: Verdict
    folder: Path | None = None

    @cached_property
    def summary(self) -> list[Row]:
        """One row for each number of the population, made once."""
        return summarise(self.tree)


def conclude_population(
    found: TwoStage, slots: Sequence[Slot], stage_one: StageOne, *, provenance: Attributes
) -> PopulationFit:
    """Return a population's posterior beside its prior, and judge it.

    Groups: `posterior` and `prior` (the population's numbers, as a fit names them), `unconstrained_posterior` (`u`,
    the law's standard normal coordinates), `sample_stats`, `two_stage` (of each patient how far its draws go). The
    slots are of the population's parameters, in its order.
    """
    people = found.population
    prior = np.random.default_rng(int(provenance["seed"])).standard_normal((1, PRIOR_DRAWS, people.dimension))
    chains = {"chain": np.arange(found.u.shape[0]), "draw": np.arange(found.u.shape[1])}
    labels = {**chains, "coordinate": np.array(people.labels, dtype=object)}
    group = weighing(found)
    group.attrs |= {"missing": json.dumps(dict(stage_one.missing)), "doubtful": json.dumps(dict(stage_one.doubtful))}
    groups = {
        "posterior": _numbers(people, slots, found.u),
        "prior": _numbers(people, slots, prior),
        "unconstrained_posterior": xr.Dataset({"u": (("chain", "draw", "coordinate"), found.u)}, coords=labels),
        "sample_stats": _sample_stats(found, chains),
        "two_stage": group,
    }
    tree = xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})
    tree.attrs = dict(provenance)
    return PopulationFit(tree, diagnose_population(tree))


def diagnose_population(tree: xr.DataTree) -> Verdict:
    """Return the verdict on a population from its tree alone: its chains, thin patients, and what stage one left."""
    worst, group = worst_of_chains(tree), tree["two_stage"].to_dataset()
    missing, doubtful = (json.loads(group.attrs[name]) for name in ("missing", "doubtful"))
    thin = str(group.attrs["thin"])
    numbers = {
        **of_chains(tree, worst),
        "patients": group.sizes["patient"],
        "effective_min": float(group["effective"].min()),
        "ess_of_law": float(group["of_law"].min()),
        "thin": thin,
        "redrawn": str(group.attrs["redrawn"]),
        "missing": len(missing),
        "doubtful": len(doubtful),
    }
    unmet = tuple(_unmet(numbers, worst, missing, doubtful))
    return Verdict(not unmet, unmet, numbers)


def save_population(fit: PopulationFit, folder: Path | str) -> PopulationFit:
    """Write a population's folder, all of it or nothing, and return the fit that knows it.

    Raises:
        InputError: the folder holds something already.
        OSError: it cannot be written.
    """
    folder = check_free(folder)
    if folder.is_dir():
        if (folder / LOG).is_file():
            message = f"is not empty: it holds `{LOG}`"
            raise InputError([Problem(str(folder), message, remedy="choose another `--out`, or move it away first")])
        folder.rmdir()
    part = folder.with_name(f".{folder.name}{UNFINISHED}")
    shutil.rmtree(part, ignore_errors=True)  # what a kill left
    part.mkdir(parents=True)
    saved = replace(fit, folder=folder)
    try:
        saved.tree.to_zarr(part / TREE, consolidated=False)
        (part / SUMMARY).write_text(to_csv(saved.summary), encoding="utf-8")
        (part / MANIFEST).write_text(json.dumps(_manifest(saved), indent=2) + "\n", encoding="utf-8")
        part.rename(folder)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return saved


def population_json(fit: PopulationFit) -> dict[str, Any]:
    """Return a population's fit as one JSON object."""
    return {
        "run": str(fit.folder) if fit.folder else None,
        "verdict": "ok" if fit.verdict.ok else list(fit.verdict.unmet),
        **fit.verdict.numbers,
        "belongs": found.of if (found := belonging(fit.tree)) else None,
        "parameters": {row.name: entry(row) for row in fit.summary},
    }


def _numbers(people: Population, slots: Sequence[Slot], u: np.ndarray) -> xr.Dataset:
    """Return the population's numbers from the law's coordinates u [chain, draw, dim]."""
    values = np.asarray(jax.jit(jax.vmap(jax.vmap(lambda one: values_of(people, slots, one))))(u))
    data = {
        name: (("chain", "draw"), values[..., number], {**about, "scope": "population"})
        for number, (name, about) in enumerate(numbers_of(people, slots).items())
    }
    chains, draws = u.shape[:2]
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), "patient": list(people.episodes)}
    return xr.Dataset(data, coords=coords)


def _sample_stats(found: TwoStage, chains: dict[str, Any]) -> xr.Dataset:
    people = list(found.population.episodes)
    data: dict[str, Any] = {
        STATISTICS.get(name, name): (("chain", "draw"), value)
        for name, value in found.stats.items()
        if name != "potential_energy"
    }
    data["lp"] = (("chain", "draw"), -found.stats["potential_energy"])
    data["road"] = ("patient", np.array(["two-stage"] * len(people)))
    data["effective"] = ("patient", np.full(len(people), np.nan))  # these are chains: nothing is weighed
    return xr.Dataset(data, coords={**chains, "patient": people})


def _unmet(numbers: Mapping[str, Any], worst: Worst, missing: Mapping[str, str], doubtful: Mapping[str, str]):
    """Yield a sentence for everything that a population does not meet."""
    yield from unmet_by_chains(dict(numbers), worst)
    if numbers["thin"]:
        yield (
            f"draws of {listed(numbers['thin'].split(', '))} are too few under the population: keep more by --kept, "
            "or fit the cohort again with more draws"
        )
    yield from unmet_of_law(numbers["ess_of_law"])
    if missing:
        yield f"{len(missing)} patients could not be fitted and are not in the population: {listed(missing)}"
    if doubtful:
        yield (
            f"the draws of {len(doubtful)} patients do not meet their own verdict, which "
            f"`cls-infer cohort verdicts` explains: {listed(doubtful)}"
        )


def listed(names: Mapping[str, str] | Sequence[str]) -> str:
    """Return the first NAMED names, and how many more there are."""
    first = ", ".join(f"`{name}`" for name in list(names)[:NAMED])
    return first if len(names) <= NAMED else f"{first} and {len(names) - NAMED} more"


def _manifest(fit: PopulationFit) -> dict[str, Any]:
    numbers = {key: value for key, value in population_json(fit).items() if key not in ("run", "parameters", "verdict")}
    return {
        "format": POPULATION_FORMAT,
        "files": [TREE, SUMMARY],
        "verdict": {"ok": fit.verdict.ok, "unmet": list(fit.verdict.unmet)},
        "numbers": numbers,
        "provenance": dict(fit.tree.attrs),
    }
