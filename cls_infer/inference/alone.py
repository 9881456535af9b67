"""Patients fitted each as though it were alone, many at a time: whoever else is there changes no bit of its draws.

`run` decides some things for a cohort: one tolerance for all whose draws are weighed, and seeds by a patient's place.
Here each patient has its own tolerance, one of a few so that few programs serve all, and random numbers by its name.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from time import perf_counter

import numpy as np

from ..likelihood.facts import coarse
from ..likelihood.posterior import Posterior
from ..solve.lanes import Tolerance
from .accuracy import AIM, FINEST, TIGHT, tighter, tolerance_at
from .apart import Apart
from .certified import TOGETHER, Certify, WeighedDraws, errors_in_nats, together, weighed_batch
from .hmc import Chained, chained
from .modes import Modes, find_modes
from .programs import Programs
from .run import WEIGHING, Enough, Inference, Report, chained_part, infer, of_patients, road_of, weighed_part
from .seeds import number
from .settings import Settings

RUNG = 3.0
"""Tolerances are the usual one divided by powers of this."""


def lanes_of_patients(target: Posterior, programs: Programs) -> Apart:
    """Return the patients as posteriors whose programs serve whoever has a chart of like size."""
    return Apart(target, programs, room=coarse, places=TOGETHER)


def infer_alone(
    target: Posterior,
    settings: Settings,
    *,
    certify: Certify,
    enough: Enough = lambda target, z: True,
    report: Report = lambda _: None,
    programs: Programs | None = None,
) -> list[Inference]:
    """Return draws of patients who share nothing: one entry for those of one tolerance whose weighed draws are
    certified, one for each of the others.

    The charts of all must be of one size, as `coarse` has it, with as many uncharted amounts and the same assays: sums
    over a longer chart round otherwise.

    Raises:
        InputError: a patient that cannot be solved, by name.
    """
    programs = programs or Programs()
    posteriors, parts = lanes_of_patients(target, programs), list[Inference]()
    left = list(range(len(posteriors.names)))
    road = road_of(posteriors, settings)
    if road in WEIGHING:
        for weighed in _weighed(posteriors, settings, certify, report, method=road):
            parts.append(weighed_part(target, weighed))
            left = [i for i in left if i not in weighed.which]
    if road == "hmc":
        parts += [chained_part(target, one) for one in _chained(posteriors, settings, enough, report)]
        left = []
    for i in left:
        report(f"NUTS of {posteriors.names[i]}")
        one = of_patients(target, [i])
        own = replace(settings, seed=number(settings.seed, posteriors.names[i], "nuts"))
        parts.append(replace(infer(one, own, enough=enough, report=report, programs=programs), numbers=(i,)))
    return parts


def _weighed(
    posteriors: Apart, settings: Settings, certify: Certify, report: Callable[[str], None], *, method: str
) -> list[WeighedDraws]:
    """Return the weighed draws of those who earn a certificate, side by side where they were solved alike."""
    found: dict[Tolerance, list] = {}
    for solved, some, modes, searching in _searched(posteriors, settings, report):
        one = weighed_batch(solved, some, modes, settings, certify, report, method=method)
        one = replace(one, searching=searching * len(some))
        found.setdefault(solved.target.tolerance, []).append(one)
    return [
        together(posteriors.at(tolerance), settings, batches, method)
        for tolerance, batches in found.items()
        if any(batch.which for batch in batches)
    ]


def _chained(posteriors: Apart, settings: Settings, enough: Enough, report: Callable[[str], None]) -> list[Chained]:
    """Return the chains of all."""

    def suffices(number: int, z: np.ndarray) -> bool:
        return enough(of_patients(posteriors.target, [number]), z)

    found: list[Chained] = []
    for solved, some, modes, searching in _searched(posteriors, settings, report):
        found += chained(solved, some, modes, settings, suffices, report, searching=searching)
    return found


def _searched(
    posteriors: Apart, settings: Settings, report: Callable[[str], None]
) -> Iterator[tuple[Apart, list[int], Modes, float]]:
    """Yield of every batch those who are solved alike: at their tolerance, who they are, their modes, and the seconds
    that the search took for each."""
    for first in range(0, len(posteriors.names), TOGETHER):
        batch, begun = range(len(posteriors.names))[first : first + TOGETHER], perf_counter()
        modes = find_modes(posteriors, batch, seed=settings.seed, report=report)
        of_tolerance = _exact_enough(posteriors, batch, modes, settings)
        searching = (perf_counter() - begun) / len(batch)
        for solved, which in of_tolerance:
            yield solved, [batch[i] for i in which], _some(modes, which), searching


def _exact_enough(
    posteriors: Apart, batch: Sequence[int], modes: Modes, settings: Settings
) -> list[tuple[Apart, list[int]]]:
    """Return at which tolerances patients are solved exactly enough, and the places in the batch of those at each."""
    found, exact = list[tuple[Apart, list[int]]](), posteriors.at(TIGHT)
    asked = [(posteriors, list(range(len(batch))))]
    while asked:
        at, which = asked.pop(0)
        error = errors_in_nats(at, exact, [batch[i] for i in which], _some(modes, which), settings)
        good = (error <= AIM) | (at.target.tolerance.rtol <= FINEST)
        if good.any():
            found.append((at, [i for i, enough in zip(which, good, strict=True) if enough]))
        finer: dict[Tolerance, list[int]] = {}
        for i, largest in zip(np.asarray(which)[~good].tolist(), error[~good], strict=True):
            finer.setdefault(rung(at.target.tolerance, float(largest)), []).append(i)
        asked += [(at.at(tolerance), those) for tolerance, those in finer.items()]
    return found


def rung(tolerance: Tolerance, error: float) -> Tolerance:
    """Return the coarsest tolerance, by powers of RUNG below this one, that should bring an error [nats] to AIM."""
    wanted = tighter(tolerance, error).rtol
    powers = np.ceil(np.log(tolerance.rtol / wanted) / np.log(RUNG) - 1e-9)
    return tolerance_at(float(max(FINEST, tolerance.rtol / RUNG**powers)), tolerance.method)


def _some(modes: Modes, which: Sequence[int]) -> Modes:
    return Modes(
        *(column[list(which)] for column in (modes.points, modes.log_posterior, modes.covariance, modes.arrived))
    )
