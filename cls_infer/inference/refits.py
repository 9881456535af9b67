"""Every simulated patient or cohort fitted again: draws of equal weight, by which road, and who has none."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import InputError, Problem
from ..solve.lanes import Tolerance
from .abreast import Suffices
from .accuracy import sample_of
from .certified import Certify, WeighedDraws
from .checkpoint import NOWHERE, Kept
from .hmc import Chained, by_hmc
from .run import WEIGHING, Enough, Report, infer, road_of
from .settings import METHODS, ONE_STAGE, Settings
from .simulated import Simulated

LEFT_OUT, NOT_CONVERGED = "no certificate", "not converged"
"""Words for a fit without draws to rank among: nothing was sampled for want of a certificate, or too few were."""


@dataclass(frozen=True)
class Refits:
    """Draws [fit, draw, dim] of equal weight of every fit, NaN where there are none; by which `road` they came, or why
    there are none [fit]; k-hat and effective size of weighed draws [fit], NaN for NUTS; seconds spent; and at which
    tolerance weighed draws were solved."""

    points: np.ndarray
    road: np.ndarray
    khat: np.ndarray
    effective: np.ndarray
    seconds: dict[str, float]
    tolerance: Tolerance

    @property
    def there(self) -> np.ndarray:
        """Which fits have draws [fit]."""
        return np.isfinite(self.points).all(axis=(1, 2))


def refit(
    simulated: Simulated,
    *,
    draws: int,
    settings: Settings,
    certify: Certify,
    enough: Enough = lambda target, z: True,
    most_nuts: int | None = None,
    report: Report = lambda _: None,
    kept: Kept = NOWHERE,
) -> Refits:
    """Return `draws` draws of every simulated patient's posterior, or of every cohort's.

    Weighed draws come of all in batches, resampled to equal weight. Who gets no certificate goes on to NUTS.

    Args:
        simulated: the patients or cohorts.
        draws: kept of each fit; of NUTS evenly spread over the chains, so that they hardly depend on one another.
        settings: how to sample; `method` is one of `ONE_STAGE`.
        certify: how weighed draws are judged.
        enough: whether NUTS's draws suffice.
        most_nuts: fits that may go to NUTS, each minutes long; None for all.
        report: told of progress.
        kept: what it holds of an earlier session is not done again.

    Raises:
        InputError: a method that is none of `ONE_STAGE`, or fewer NUTS draws than are to be kept.
        KeyboardInterrupt: as it came, also where a sampler alone would have ended with the draws until then.
    """
    check(draws, settings, ONE_STAGE)
    posteriors, found = simulated.posteriors, nothing_of(simulated, draws)
    road = road_of(posteriors, settings)
    if road in WEIGHING:
        once = replace(settings, chains=1, draws=draws)
        found = _taken(found, WEIGHING[road](posteriors, once, certify=certify, report=report, kept=kept))
    if road == "hmc":

        def ends(fit: int, z: np.ndarray) -> bool:
            return enough(simulated.alone(fit), z)

        chained = by_hmc(posteriors, settings, suffices=ends, report=report, kept=kept)
        if len(chained) < len(posteriors.names) or not all(one.draws.complete for one in chained):
            raise KeyboardInterrupt
        return _followed(found, chained, ends)
    left = np.flatnonzero(~found.there)
    for number, fit in enumerate(left[:most_nuts], start=1):
        report(f"NUTS: {posteriors.names[fit]} ({number} of {len(left)} without a certificate)")
        own = replace(settings, method="nuts", seed=settings.seed + int(fit))
        place = kept.within(f"nuts-{fit:05d}")
        part = infer(simulated.alone(int(fit)), own, enough=enough, report=report, kept=place)
        if not part.draws.complete:
            raise KeyboardInterrupt
        for name, spent in part.seconds.items():
            found.seconds[name] = found.seconds.get(name, 0.0) + spent
        found.road[fit] = NOT_CONVERGED
        if enough(part.target, part.draws.z):
            found.road[fit] = "nuts"
            found.points[fit] = sample_of(part.draws.z, draws)
    return found


def nothing_of(simulated: Simulated, draws: int) -> Refits:
    """Return the refits before any fit has draws."""
    fits = len(simulated.truth)
    return Refits(
        points=np.full((fits, draws, simulated.truth.shape[1]), np.nan),
        road=np.full(fits, LEFT_OUT, dtype="<U16"),
        khat=np.full(fits, np.nan),
        effective=np.full(fits, np.nan),
        seconds={},
        tolerance=simulated.fit.tolerance,
    )


def _taken(found: Refits, weighed: WeighedDraws) -> Refits:
    """Return the refits with weighed draws, which are of one chain, in their places."""
    found.points[weighed.which] = np.moveaxis(weighed.by_posterior[0], 2, 0)
    found.road[weighed.which] = weighed.method
    found.khat[weighed.which] = weighed.certificate.khat
    found.effective[weighed.which] = weighed.certificate.effective
    return replace(found, seconds=dict(weighed.seconds), tolerance=weighed.tolerance)


def _followed(found: Refits, chained: Sequence[Chained], suffices: Suffices) -> Refits:
    """Return the refits with draws of the chains that converged, spread over each."""
    for one in chained:
        found.road[one.number] = NOT_CONVERGED
        if suffices(one.number, one.draws.z):
            found.road[one.number] = "hmc"
            found.points[one.number] = sample_of(one.draws.z, found.points.shape[1])
    names = chained[0].draws.seconds
    seconds = {name: sum(one.draws.seconds[name] for one in chained) for name in names}
    return replace(found, seconds=seconds, tolerance=chained[0].tolerance)


def check(draws: int, settings: Settings, methods: Sequence[str] = METHODS) -> None:
    """Refuse settings that leave no draws to rank among, before anything is solved.

    Raises:
        InputError: all that is wrong.
    """
    problems = []
    if settings.method not in methods:
        known = ", ".join(f"`{road}`" for road in methods)
        problems.append(Problem("--method", f"`{settings.method}` ranks no draws", remedy=f"there are {known}"))
    if draws < 1:
        problems.append(Problem("--draws", f"is {draws}", remedy="write 1 or more, such as 99"))
    if settings.chains * settings.draws < draws:
        sampled = settings.chains * settings.draws
        problems.append(Problem("--draws", f"is {draws}, and NUTS makes {sampled}", remedy="ask for fewer"))
    if problems:
        raise InputError(problems)
