"""Simulation-based calibration: patients whose truth is known, refitted, and where each truth stands in its posterior.

Were the posteriors exact, a truth would take every rank among its draws equally often, whatever is ranked: the
parameters, what follows from them, and the likelihood, which the data enter too.

Reference:
    Talts, Betancourt, Simpson, Vehtari, Gelman (2018), arXiv:1804.06788; Modrák, Moon, Kim, Bürkner, Huurre,
    Faltejsková, Gelman, Vehtari (2025), Simulation-based calibration checking for Bayesian computation: the choice of
    test quantities shapes sensitivity, Bayesian Analysis 20(2).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np

from ..cohort.records import Cohort
from ..inference.accuracy import tolerance_at
from ..inference.certified import Certify
from ..inference.checkpoint import NOWHERE, Kept
from ..inference.copies import each_apart
from ..inference.method import with_method
from ..inference.refits import LEFT_OUT, NOT_CONVERGED, Refits, check, refit
from ..inference.run import Report
from ..inference.settings import TWO_STAGE, Settings
from ..inference.simulated import Drawn, Simulated, simulate
from ..likelihood.posterior import posterior
from ..model.spec import Model
from .diagnose import Verdict, certified, converged
from .pareto import smoothed
from .provenance import Attributes, provenance
from .ranked import tabulate
from .ranks import ranks, uniform_of
from .same_fit import check_same_fit
from .two_stage import check_asked, pooled_target
from .two_stage_refits import refit_by_two_stages
from .uniformity import p_value

LEVEL = 0.05
"""False alarms of a calibration as a whole, over all it ranks."""


@dataclass(frozen=True)
class Ranked:
    """One quantity's ranks [fit] among its draws, the same as uniform numbers u [fit]; how surprising these are, alone
    and among all quantities; the share of 50 and 90 % intervals that hold the truth; and what else ranks the same."""

    name: str
    rank: np.ndarray
    u: np.ndarray
    p: float
    adjusted: float
    inside50: float
    inside90: float
    same: tuple[str, ...] = ()

    @property
    def uniform(self) -> bool:
        """Whether the ranks are as uniform as all quantities together ask."""
        return self.adjusted >= LEVEL

    @property
    def reads(self) -> str:
        """What the ranks say of the draws, by whichever departs most: their place or their width."""
        n = len(self.u)
        place = (np.mean(self.u) - 0.5) * np.sqrt(12 * n)
        ends = (np.mean((self.u - 0.5) ** 2) - 1 / 12) * np.sqrt(180 * n)
        if abs(place) >= abs(ends):
            return "draws too low" if place > 0 else "draws too high"
        return "draws too narrow" if ends > 0 else "draws too wide"


@dataclass(frozen=True)
class Calibration:
    """What became of every fit [fit] and how its truth ranked, the verdict, and where it all comes from; `patients` are
    the fits' names, those of cohorts where patients share anything."""

    quantities: tuple[Ranked, ...]
    verdict: Verdict
    refits: Refits
    patients: tuple[str, ...]
    draws: int
    drawn: Drawn
    constant: tuple[str, ...]
    provenance: Attributes
    seconds: float = 0.0


def calibrate(
    model: Model,
    cohort: Cohort,
    *,
    fits: int,
    draws: int = 99,
    per_patient: tuple[str, ...] = (),
    shared: tuple[str, ...] = (),
    hierarchical: tuple[str, ...] = (),
    covariates: tuple[str, ...] = (),
    correlated: bool = False,
    fixed: Mapping[str, float] | None = None,
    settings: Settings = Settings(),  # noqa: B008 - a frozen value
    most_nuts: int | None = None,
    command: str = "",
    checkpoint: Path | str | None = None,
    report: Report = lambda _: None,
) -> Calibration:
    """Calibrate the fit of a model to each of a data set's patients alone, or to all of them as one cohort.

    Args:
        model: as `load_model` returns it.
        cohort: whose times, therapy, missing values, limits and intervals the simulated patients have, in turn; where
            patients share anything, every fit has all of them.
        fits: simulated patients, or cohorts.
        draws: each truth is ranked among so many draws of its posterior.
        per_patient: parameters that are each patient's own. This and what follows are as in `fit`; where nothing of it
            is given, every parameter is each patient's own.
        shared: parameters with one value for all patients of a cohort.
        hierarchical: parameters that follow a population's law.
        covariates: what of the chart moves them.
        correlated: whether they vary together.
        fixed: values to hold, in truth and fit.
        settings: how to sample, and the seed of all.
        most_nuts: fits without a certificate that may go to NUTS; None for all.
        command: what the user typed, for the provenance.
        checkpoint: a folder that keeps the fits that are done; what it holds of an earlier session is not done again.
        report: receives progress.

    Raises:
        InputError: names the model does not have, a patient of whom it predicts nothing, numbers that make no sense,
            two stages where nothing is pooled in part or something is shared, a checkpoint of another calibration.
        KeyboardInterrupt: as it came; fits that are done are kept.
    """
    begun, kept = perf_counter(), Kept(Path(checkpoint)) if checkpoint else NOWHERE
    check(draws, settings)
    of = {"fixed": dict(fixed or {}), "tolerance": tolerance_at(settings.rtol, settings.solver)}
    law = {"hierarchical": hierarchical, "covariates": covariates, "correlated": correlated}
    asked = {"fits": fits, "ranked_among": draws, "most_nuts": most_nuts, "per_patient": per_patient, "shared": shared}
    check_same_fit(kept, model, cohort, settings, {**asked, **law, "fixed": of["fixed"]}, report)
    before = kept.seconds_before()
    if settings.method == TWO_STAGE:
        check_asked(hierarchical, shared)
        design = pooled_target(posterior(model, cohort, per_patient=per_patient, **law, **of), **law)
    elif per_patient or shared or any(law.values()):
        design = posterior(model, cohort, per_patient=per_patient, shared=shared, **law, **of)
    else:
        design = each_apart(model, cohort, **of)
    report("drawing truths and charts")
    design, chosen = with_method(design, settings.seed)
    report(f"solver: {chosen.method}, {chosen.why}")
    simulated = simulate(design, fits, seed=settings.seed)
    options = {"draws": draws, "settings": settings, "certify": Certify(smoothed, certified), "enough": converged}
    if settings.method == TWO_STAGE:
        refits = refit_by_two_stages(simulated, **options, report=report, kept=kept)
    else:
        refits = refit(simulated, **options, most_nuts=most_nuts, report=report, kept=kept)
    report("ranking")
    origin = provenance(model, cohort, settings, command=command, hidden=0)
    found = judge(simulated, refits, seed=settings.seed, origin=origin)
    return replace(found, seconds=before + perf_counter() - begun)


def judge(simulated: Simulated, refits: Refits, *, seed: int, origin: Attributes) -> Calibration:
    """Return the ranks of every truth among the draws of its refit, and the verdict."""
    there = np.flatnonzero(refits.there)
    draws = refits.points.shape[1]
    table, constant = _rank_table(simulated, refits, there, np.random.default_rng([seed, draws]))
    quantities = _judged(table, draws, np.random.default_rng([seed, draws, 1]))
    unmet = tuple(_unmet(quantities, refits))
    numbers = {
        "fits": len(refits.road),
        "ranked": len(there),
        "roads": dict(Counter(map(str, refits.road))),
        "quantities": len(quantities),
        "p_min": min((q.p for q in quantities), default=None),
        "p_adjusted_min": min((q.adjusted for q in quantities), default=None),
        "outside_alone": sum(q.p < LEVEL for q in quantities),
        **simulated.drawn._asdict(),
    }
    return Calibration(
        quantities=quantities,
        verdict=Verdict(not unmet, unmet, numbers),
        refits=refits,
        patients=simulated.posteriors.names,
        draws=draws,
        drawn=simulated.drawn,
        constant=constant,
        provenance=origin,
    )


def _rank_table(
    simulated: Simulated, refits: Refits, there: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, tuple[np.ndarray, list[str]]], tuple[str, ...]]:
    """Return each quantity's ranks [fit] and what else ranks the same, and what is the same in all draws.

    What is a rising or falling function of another ranks as that does, and is no further test.
    """
    if not len(there):
        return {}, ()
    table = tabulate(simulated.posteriors.at(refits.tolerance), simulated.like)
    of_truth = table(simulated.truth[there], there)
    draws = refits.points.shape[1]
    of_draws = table(refits.points[there].reshape(-1, refits.points.shape[2]), np.repeat(there, draws))
    found: dict[str, tuple[np.ndarray, list[str]]] = {}
    seen: dict[bytes, str] = {}
    constant = []
    for name, truth in of_truth.items():
        drawn = of_draws[name].reshape(len(there), draws)
        if np.all(drawn == truth[:, None]):
            constant.append(name)
            continue
        below = np.sum(drawn < truth[:, None], axis=1)
        above = np.sum(drawn > truth[:, None], axis=1)
        known = seen.get(below.tobytes()) or seen.get(above.tobytes())
        if known:
            found[known][1].append(name)
            continue
        seen[below.tobytes()] = name
        found[name] = ranks(truth, drawn, rng), []
    return found, tuple(constant)


def _judged(
    table: Mapping[str, tuple[np.ndarray, list[str]]], draws: int, rng: np.random.Generator
) -> tuple[Ranked, ...]:
    us = [uniform_of(rank, draws, rng) for rank, _ in table.values()]
    ps = np.array([p_value(u) for u in us])
    found = []
    for (name, (rank, same)), u, p, adjusted in zip(table.items(), us, ps, holm(ps), strict=True):
        away = np.abs(u - 0.5)
        inside = float(np.mean(away <= 0.25)), float(np.mean(away <= 0.45))
        found.append(Ranked(name, rank, u, float(p), float(adjusted), *inside, tuple(same)))
    return tuple(found)


def holm(p: np.ndarray) -> np.ndarray:
    """Return p-values [test] adjusted so that the chance of any below a level, were all true, is at most that level.

    Reference:
        Holm (1979), Scandinavian Journal of Statistics 6:65-70.
    """
    order = np.argsort(p)
    grown = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(grown, 1.0)
    return adjusted


def _unmet(quantities: Sequence[Ranked], refits: Refits) -> Iterator[str]:
    """Yield a sentence for everything not met."""
    fits, many = len(refits.road), len(quantities)
    for one in quantities:
        if not one.uniform:
            found = f"p {one.p:.2g}, {one.adjusted:.2g} among {many} quantities"
            yield f"the ranks of `{one.name}` are not uniform ({found}): {one.reads}"
    left = int(np.sum(refits.road == LEFT_OUT))
    if left:
        yield f"{left} of {fits} fits have no certificate and were not sampled: what is said holds for the others alone"
    unfinished = int(np.sum(refits.road == NOT_CONVERGED))
    if unfinished:
        yield f"{unfinished} of {fits} fits did not converge: what is said holds for the others alone"
