"""Every simulated cohort fitted again in two stages: all cohorts' patients apart, then each cohort under its law."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from ..inference.accuracy import sample_of
from ..inference.apart import Apart
from ..inference.certified import Certify, WeighedDraws, by_importance
from ..inference.chains import Draws
from ..inference.checkpoint import NOWHERE, Kept
from ..inference.copies import copies
from ..inference.refits import NOT_CONVERGED, Refits, nothing_of
from ..inference.run import Enough, Inference, Report
from ..inference.settings import TWO_STAGE, Settings
from ..inference.simulated import Simulated
from .joint import join
from .two_stage import interim_draws, weigh_under

HELD = 2**26
"""Numbers of all cohorts' draws that are in memory together, half a gigabyte: of very many cohorts each patient has
fewer draws than a fit would make."""


def refit_by_two_stages(
    simulated: Simulated,
    *,
    draws: int,
    settings: Settings,
    certify: Certify,
    enough: Enough,
    report: Report,
    kept: Kept = NOWHERE,
) -> Refits:
    """Return `draws` draws of the joint posterior of every simulated cohort whose patients all have a certificate.

    Args:
        simulated: cohorts, of whom nothing is shared but what follows a population's law.
        draws: kept of each cohort, evenly spread over the chains of its law.
        settings: how to sample.
        certify: how patients' weighed draws are judged.
        enough: whether a cohort's draws suffice.
        report: told of progress.
        kept: what it holds of an earlier session is not done again.
    """
    found = nothing_of(simulated, draws)
    alone = Apart(simulated.fit)
    room = HELD // (len(alone.names) * alone.dimension * settings.chains)
    wanted = min(interim_draws(simulated.posteriors.patients, settings.chains), room)
    many = replace(settings, draws=max(settings.draws, wanted))
    weighed = by_importance(alone, many, certify=certify, report=report, kept=kept)
    place, patients = {row: i for i, row in enumerate(weighed.which)}, simulated.posteriors.patients
    begun = perf_counter()
    for fit in range(len(simulated.truth)):
        rows = range(fit * patients, (fit + 1) * patients)
        if any(row not in place for row in rows):
            continue
        if (known := kept.read(name := f"law-{fit:05d}")) is None:
            report(f"weighing cohort {fit + 1} of {len(simulated.truth)}")
            apart = _interim(simulated, rows, weighed, [place[row] for row in rows])
            whole, under = weigh_under(simulated.alone(fit), join([apart]), settings, report)
            suffices = not under.thin and enough(whole.target, whole.draws.z)
            known = {"points": sample_of(whole.draws.z, draws), "suffices": np.array(suffices)}
            kept.write(name, known)
        found.road[fit] = NOT_CONVERGED
        if known["suffices"]:
            found.road[fit], found.points[fit] = TWO_STAGE, known["points"]
    return replace(found, seconds=weighed.seconds | {"law": perf_counter() - begun}, tolerance=weighed.tolerance)


def _interim(simulated: Simulated, rows: Sequence[int], weighed: WeighedDraws, places: Sequence[int]) -> Inference:
    """Return the draws of one cohort's patients, each alone, who have these places among all weighed."""
    target = copies(simulated.fit, rows, names=simulated.design.plan.patients)
    z = weighed.by_posterior[..., places]
    stats = {name: value[..., places] for name, value in weighed.draws.stats.items()}
    draws = Draws(z.reshape(*z.shape[:2], -1), stats)
    return Inference(replace(target, tolerance=weighed.tolerance), draws, weighed.method, {})
