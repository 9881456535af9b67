"""Whether a fit may be believed: every threshold, in one place, and a verdict in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import log10
from typing import Any

import numpy as np
import xarray as xr
from arviz_stats.sampling_diagnostics import bfmi, ess, rhat

from ..inference.two_stage import THIN
from ..likelihood.posterior import Posterior
from .values import parameter_draws

type Numbers = dict[str, Any]
"""Numbers by name, None where one could not be computed."""

POPULATION = "population"
"""In place of a patient, for what is worth to the population's law."""

type Worst = dict[str, tuple[float | None, str]]
"""By measure the worst, None where one cannot be computed, and which number it belongs to."""


@dataclass(frozen=True)
class Thresholds:
    """What must hold: rank R-hat, Pareto k-hat and solver error [nat] at most, effective sizes and E-BFMI at least."""

    rhat: float = 1.01
    khat: float = 0.7
    ess: float = 400.0
    bfmi: float = 0.3
    solver_error_nats: float = 0.05
    divergences: int = 0
    failed_solves: int = 0


THRESHOLDS = Thresholds()
"""Vehtari et al. (2021), Bayesian Analysis 16:667-718 for R-hat and ESS; Vehtari et al. (2024), JMLR 25(72) for k-hat;
Betancourt (2016), arXiv:1604.00695 for E-BFMI."""


@dataclass(frozen=True)
class Verdict:
    """`unmet` says of each thing not met what was found, what is asked and what to do; empty when `ok`."""

    ok: bool
    unmet: tuple[str, ...]
    numbers: Numbers


def diagnose(tree: xr.DataTree) -> Verdict:
    """Return the verdict on a fit from its tree alone."""
    worst = worst_of_chains(tree)
    solver, stats = tree["solver"].to_dataset(), tree["sample_stats"].to_dataset()
    error, khat = solver["error"].values, solver["khat"].values
    weighed = stats.sel(patient=~by_chains(tree))
    numbers: Numbers = {
        "khat_max": _extreme(np.max, weighed["khat"].values),
        "ess_weights_min": _extreme(np.min, weighed["effective"].values),
        **of_chains(tree, worst),
        "failed_solves": int((stats["status"] != 0).any("patient").sum()),
        "solver_error_nats_median": _number(np.nanmedian(error)) if np.isfinite(error).any() else None,
        "solver_error_nats_max": _number(np.nanmax(error)) if np.isfinite(error).any() else None,
        "solver_khat_max": _number(np.nanmax(khat)) if np.isfinite(khat).any() else None,
        "complete": bool(stats.attrs["complete"]),
        "thin": str(tree["two_stage"].attrs["thin"]) if "two_stage" in tree.children else "",
        "ess_interim_min": min(interim_sizes(tree).values(), default=None),
        "ess_of_law": interim_sizes(tree).get(POPULATION),
    }
    unmet = (*_unmet(numbers, worst), *_uncertified(weighed))
    return Verdict(not unmet, unmet, numbers)


def of_chains(tree: xr.DataTree, worst: Worst) -> Numbers:
    """Return what a verdict says of chains."""
    stats = tree["sample_stats"].to_dataset()
    return {
        "rhat_max": worst["rhat"][0],
        "ess_bulk_min": worst["ess_bulk"][0],
        "ess_tail_min": worst["ess_tail"][0],
        "bfmi_min": _bfmi(tree),
        "divergences": int(stats["diverging"].sum()) if "diverging" in stats else 0,
    }


def by_chains(tree: xr.DataTree) -> np.ndarray:
    """Return whose draws are chains, of the posterior or of a law, bool [patient]; the others are weighed."""
    roads = tree["sample_stats"].to_dataset()["road"].values
    return np.array([road not in ("importance", "laplace") for road in roads])


def certified(khat: float, effective: float, draws: int) -> bool:
    """Return whether weighed draws may be believed: k-hat below what so many can bear, and enough of them."""
    return khat < min(THRESHOLDS.khat, 1 - 1 / log10(draws)) and effective >= THRESHOLDS.ess


def interim_sizes(tree: xr.DataTree) -> dict[str, float]:
    """Return what the draws of stage one are worth, where there were two: to every patient under the law, and to that
    coordinate of the law (POPULATION) which they tell worst. No draw of stage two tells more than these."""
    if "two_stage" not in tree.children:
        return {}
    group = tree["two_stage"].to_dataset()
    sizes = zip(group["patient"].values, group["effective"].values, strict=True)
    return {POPULATION: float(group["of_law"].min()), **{str(name): float(size) for name, size in sizes}}


def _bfmi(tree: xr.DataTree) -> float | None:
    """Return the smallest E-BFMI of a chain, None where there is none."""
    if not by_chains(tree).any():
        return None
    energy = tree["sample_stats"].to_dataset()[["energy"]]
    if "patient" in energy.dims:
        energy = energy.sel(patient=by_chains(tree))
    return float(np.min(bfmi(energy)["energy"]))


def _extreme(choose: Callable[[np.ndarray], Any], values: np.ndarray) -> float | None:
    return float(choose(values)) if values.size else None


def _uncertified(weighed: xr.Dataset) -> Iterator[str]:
    """Yield a sentence for each patient whose weighed draws have no certificate."""
    for patient in weighed["patient"].values:
        one = weighed.sel(patient=patient)
        khat, effective = float(one["khat"]), float(one["effective"])
        if khat < THRESHOLDS.khat and effective >= THRESHOLDS.ess:
            continue
        yield (
            f"the {one['road'].item()} draws of `{patient}` have k-hat {khat:.2f}, below {THRESHOLDS.khat:g} asked, "
            f"and an effective size of {effective:.0f}, {THRESHOLDS.ess:g} asked: sample by `--method nuts`"
        )


def converged(target: Posterior, z: np.ndarray) -> bool:
    """Return whether R-hat and both effective sizes of draws z [chain, draw, dim] meet their thresholds."""
    if z.shape[0] < 2:
        return True  # what one chain cannot tell, more of it cannot either
    found = convergence(parameter_draws(target, z))
    largest = max(float(v.max()) for v in found["rhat"].data_vars.values())
    fewest = min(float(v.min()) for kind in ("ess_bulk", "ess_tail") for v in found[kind].data_vars.values())
    return largest < THRESHOLDS.rhat and fewest >= THRESHOLDS.ess


def convergence(posterior: xr.Dataset) -> dict[str, xr.Dataset]:
    """Return `rhat`, `ess_bulk` and `ess_tail` of every estimated number, NaN where a value is known.

    They need two chains of four draws; with less they are NaN throughout.
    """
    if posterior.sizes["chain"] < 2 or posterior.sizes["draw"] < 4:
        nothing = posterior.mean(("chain", "draw")) * np.nan
        return dict.fromkeys(("rhat", "ess_bulk", "ess_tail"), nothing)
    with np.errstate(invalid="ignore", divide="ignore"):  # NaN if draws never move
        return {
            "rhat": rhat(posterior, method="rank"),
            "ess_bulk": ess(posterior, method="bulk"),
            "ess_tail": ess(posterior, method="tail"),
        }


def entries(dataset: xr.Dataset) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield (label, variable, place) of every estimated number: `name`, `name[patient]` or `name[assay]`."""
    for name, variable in dataset.data_vars.items():
        axis = next((dim for dim in ("patient", "assay") if dim in variable.dims), None)
        if axis is None:
            yield str(name), str(name), {}
            continue
        there = variable.notnull().any([dim for dim in variable.dims if dim != axis])
        for place in dataset[axis].values[there.values]:
            yield f"{name}[{place}]", str(name), {axis: str(place)}


def worst_of_chains(tree: xr.DataTree) -> Worst:
    """Return the worst of each measure and which number it belongs to; None where one cannot be computed, and for
    draws that are no chains."""
    posterior = tree["posterior"].to_dataset()
    chains = dict(zip(posterior["patient"].values, by_chains(tree), strict=True))
    places = [place for place in entries(posterior) if chains.get(place[2].get("patient"), True)]
    worst: Worst = {}
    for measure, found in convergence(posterior).items():
        by_label = {label: float(found[name].sel(place)) for label, name, place in places}
        if not by_label:
            worst[measure] = (None, "")
            continue
        lacking = [label for label, number in by_label.items() if not np.isfinite(number)]
        choose = max if measure == "rhat" else min
        label = lacking[0] if lacking else choose(by_label, key=lambda key: by_label[key])
        worst[measure] = (None if lacking else by_label[label], label)
    return worst


def _number(value: np.floating | float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _unmet(numbers: Numbers, worst: Worst) -> Iterator[str]:
    """Yield a sentence for everything not met: the number, the threshold, what to do."""
    asked = THRESHOLDS
    if not numbers["complete"]:
        yield "sampling was interrupted before all draws were made: run it again, or read with care"
    yield from unmet_by_chains(numbers, worst)
    if numbers["failed_solves"] > asked.failed_solves:
        yield (
            f"{numbers['failed_solves']} draws hold a solve that failed, {asked.failed_solves} asked: "
            "look at the group `solver` for the patient and raise the step limit"
        )
    if numbers["thin"]:
        yield (
            f"draws of {numbers['thin']} are too few under the population: sample these patients longer, "
            "or fit all jointly by --method nuts"
        )
    yield from unmet_of_law(numbers["ess_of_law"])
    error = numbers["solver_error_nats_max"]
    if error is None or not error <= asked.solver_error_nats:
        found = "cannot be computed" if error is None else f"is {error:.2g} nats"
        limit = f"at most {asked.solver_error_nats:g} asked"
        yield f"the solver's error {found}, {limit}: solve at a tighter tolerance, by --rtol"


def unmet_of_law(size: float | None) -> Iterator[str]:
    """Yield a sentence if the interim draws of all patients are worth too little to the population's law."""
    if size is not None and not size >= THIN:
        yield (
            f"the patients' draws tell the population's law no better than {size:.0f} draws of it would, {THIN:.0f} "
            "asked: draw more of each, or fit all jointly by --method hmc"
        )


def unmet_by_chains(numbers: Numbers, worst: Worst) -> Iterator[str]:
    """Yield a sentence for everything that chains do not meet."""
    asked, where = THRESHOLDS, {name: label for name, (_, label) in worst.items()}
    r = numbers["rhat_max"]
    if not where["rhat"]:
        pass  # no chains
    elif r is None:
        yield f"R-hat cannot be computed for `{where['rhat']}`; run at least 2 chains with varying draws"
    elif not r < asked.rhat:
        yield (
            f"R-hat of `{where['rhat']}` is {r:.3f}, {asked.rhat:g} asked: the chains disagree; "
            "run a longer warmup and more draws, and look whether the chains sit at different modes"
        )
    for kind in ("bulk", "tail"):
        number = numbers[f"ess_{kind}_min"]
        if number is not None and not number >= asked.ess:
            yield (
                f"{kind} ESS of `{where[f'ess_{kind}']}` is {number:.0f}, {asked.ess:g} asked: "
                f"run about {asked.ess / max(number, 1.0):.1f} times as many draws"
            )
    if numbers["divergences"] > asked.divergences:
        yield (
            f"{numbers['divergences']} divergent transitions, {asked.divergences} asked: raise "
            "--target-accept towards 0.99; if they stay, the posterior has a corner the sampler cannot enter"
        )
    if numbers["bfmi_min"] is not None and not numbers["bfmi_min"] > asked.bfmi:
        found = f"E-BFMI is {numbers['bfmi_min']:.2f}, above {asked.bfmi:g} asked"
        yield f"{found}: run a longer warmup, or pool less loosely"
