"""Weighed draws of posteriors, a batch at a time, and which of them have a certificate."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import NamedTuple

import numpy as np

from ..likelihood.posterior import FAILED
from ..solve.lanes import Tolerance
from .accuracy import AIM, FINEST, TIGHT, tighter
from .batch import Batch, batch_again, keep_batch
from .chains import Draws
from .checkpoint import NOWHERE, Kept
from .importance import Smooth, Weighed, weigh
from .laplace import weigh_laplace
from .modes import Modes, find_modes
from .posteriors import Posteriors, log_prior_mass
from .searches import Searches, joined
from .seeds import generator
from .settings import Settings

TOGETHER = 32
"""Posteriors in a batch: what is held in memory is of one batch, however many patients there are."""

TRIED = 8
"""Posteriors, and draws of each one's Laplace approximation, that are solved exactly before any draw is weighed."""


class Certify(NamedTuple):
    """How weighed draws are judged: Pareto smoothing, and whether k-hat, effective size and number of draws suffice."""

    smooth: Smooth
    enough: Callable[[float, float, int], bool]


class Certificate(NamedTuple):
    """What speaks for the weighed draws of each posterior [posterior], each patient's or that of all: Pareto k-hat,
    effective size, log evidence and its standard error, and how many modes the searches met."""

    khat: np.ndarray
    effective: np.ndarray
    log_evidence: np.ndarray
    log_evidence_se: np.ndarray
    modes: np.ndarray


@dataclass
class WeighedDraws:
    """Draws of equal weight of the posteriors of these numbers, by which method, solved how exactly, and why to
    believe them. The draws are side by side, their statistics [chain, draw, posterior]; `searches` are theirs too."""

    which: list[int]
    draws: Draws
    method: str
    certificate: Certificate
    tolerance: Tolerance
    searches: Searches
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def by_posterior(self) -> np.ndarray:
        """The draws [chain, draw, dim, posterior]."""
        return self.draws.z.reshape(*self.draws.z.shape[:2], -1, len(self.which))


def by_importance(
    posteriors: Posteriors,
    settings: Settings,
    *,
    certify: Certify,
    report: Callable[[str], None] = lambda _: None,
    kept: Kept = NOWHERE,
) -> WeighedDraws:
    """Return importance-weighed draws, resampled to equal weight, of every posterior that earns a certificate."""
    return _in_batches(posteriors, settings, certify, report, kept, method="importance")


def by_laplace(
    posteriors: Posteriors,
    settings: Settings,
    *,
    certify: Certify,
    report: Callable[[str], None] = lambda _: None,
    kept: Kept = NOWHERE,
) -> WeighedDraws:
    """Return draws of every posterior's Laplace approximation as they are, and what their weights would say of them."""
    return _in_batches(posteriors, settings, certify, report, kept, method="laplace")


def _in_batches(
    posteriors: Posteriors,
    settings: Settings,
    certify: Certify,
    report: Callable[[str], None],
    kept: Kept,
    *,
    method: str,
) -> WeighedDraws:
    everyone = range(len(posteriors.names))
    done: list[Batch] = []
    for first in range(0, len(everyone), TOGETHER):
        batch, name = everyone[first : first + TOGETHER], f"{method}-{first:05d}"
        if len(everyone) > TOGETHER:
            report(f"patients: {first + 1} to {batch[-1] + 1} of {len(everyone)}{_left(done, len(everyone))}")
        if (one := batch_again(kept, name)) is None:
            one = _weighed_batch(posteriors, batch, settings, certify, report, method=method, first=first == 0)
            keep_batch(kept, name, one)
        done.append(one)
        if one.tolerance != posteriors.target.tolerance:
            posteriors = posteriors.at(one.tolerance)
    return together(posteriors, settings, done, method)


def _left(done: Sequence[Batch], patients: int) -> str:
    """Return in words how long the other patients take, from those before; the first batch compiles, and tells less."""
    if len(done) < 2:
        return ""
    each = np.mean([one.searching + one.weighing for one in done[1:]]) / TOGETHER
    return f", about {each * (patients - len(done) * TOGETHER) / 60:.1f} minutes left"


def _weighed_batch(
    posteriors: Posteriors,
    batch: Sequence[int],
    settings: Settings,
    certify: Certify,
    report: Callable[[str], None],
    *,
    method: str,
    first: bool,
) -> Batch:
    """Return the weighed draws of a batch."""
    posteriors, modes, searching = searched(posteriors, batch, settings, report, first=first)
    batched = weighed_batch(posteriors, batch, modes, settings, certify, report, method=method)
    return replace(batched, searching=searching)


def searched(
    posteriors: Posteriors, batch: Sequence[int], settings: Settings, report: Callable[[str], None], *, first: bool
) -> tuple[Posteriors, Modes, float]:
    """Return the posteriors, as of the first batch solved exactly enough, the batch's modes, and the seconds spent."""
    begun = perf_counter()
    modes = find_modes(posteriors, batch, seed=settings.seed, report=report)
    if first:
        posteriors = exact_enough(posteriors, posteriors.at(TIGHT), batch, modes, settings, report)
    return posteriors, modes, perf_counter() - begun


def weighed_batch(
    posteriors: Posteriors,
    batch: Sequence[int],
    modes: Modes,
    settings: Settings,
    certify: Certify,
    report: Callable[[str], None],
    *,
    method: str,
) -> Batch:
    """Return the weighed draws of a batch whose modes are known, of the posteriors that earn a certificate; of all by
    `laplace`."""
    begun = perf_counter()
    if method == "laplace":
        count = settings.chains * settings.draws
        weighed = weigh_laplace(posteriors, batch, modes, count, seed=settings.seed, smooth=certify.smooth)
    else:
        options = {"seed": settings.seed, "smooth": certify.smooth, "enough": certify.enough, "report": report}
        weighed = weigh(posteriors, batch, modes, least=settings.chains * settings.draws, **options)
    which: list[int] = []
    shown: list[tuple] = []
    for i, (number, one) in enumerate(zip(batch, weighed, strict=True)):
        modes_met = len(modes.distinct(i))
        if modes_met > 1:
            report(f"{posteriors.names[number]}: the searches ended at {modes_met} modes")
        if method == "laplace" or certify.enough(one.khat, one.effective, len(one.points)):
            which.append(number)
            shown.append(_shown(posteriors, number, one, settings, modes_met, resampled=method != "laplace"))
        else:
            why = f"k-hat {one.khat:.2f}, effective size {one.effective:.0f} of {len(one.points)}"
            report(f"{posteriors.names[number]}: no certificate ({why}); NUTS goes on")
    places = [batch.index(number) for number in which]
    return Batch(
        which=which,
        points=[points for points, _, _ in shown],
        stats=[stats for _, stats, _ in shown],
        numbers=[numbers for _, _, numbers in shown],
        searches=Searches(*(column[places] for column in modes.searches)),
        tolerance=posteriors.target.tolerance,
        searching=0.0,
        weighing=perf_counter() - begun,
    )


def _shown(
    posteriors: Posteriors, number: int, one: Weighed, settings: Settings, modes: int, *, resampled: bool
) -> tuple[np.ndarray, dict[str, np.ndarray], tuple]:
    """Return a posterior's draws [chain, draw, dim] of equal weight, their statistics and what speaks for them."""
    rng = generator(settings.seed, posteriors.names[number], "equal")
    count = settings.chains * settings.draws
    which = one.equal(count, rng) if resampled else np.arange(count)
    shape = (settings.chains, settings.draws)
    energy = 0.5 * posteriors.dimension * np.log(2 * np.pi) - one.log_posterior[which]
    stats = {"potential_energy": energy.reshape(shape), "log_weight": one.log_weight[which].reshape(shape)}
    mass = log_prior_mass(posteriors, number, rng)
    numbers = (one.khat, one.effective, one.log_evidence - mass, one.log_evidence_se, modes)
    return one.points[which].reshape(*shape, -1), stats, numbers


def together(posteriors: Posteriors, settings: Settings, batches: Sequence[Batch], method: str) -> WeighedDraws:
    """Return all posteriors' draws as one [chain, draw, dim of all], statistics [chain, draw, posterior]."""
    which = [number for batch in batches for number in batch.which]
    numbers = [row for batch in batches for row in batch.numbers]
    columns = np.array(numbers, float).reshape(len(which), len(Certificate._fields)).T
    z, stats = np.zeros((settings.chains, settings.draws, 0)), {}
    if which:
        z = posteriors.joint(np.stack([points for batch in batches for points in batch.points], axis=2))
        each = [one for batch in batches for one in batch.stats]
        stats = {name: np.stack([one[name] for one in each], axis=2) for name in each[0]}
    searching, weighing = (sum(getattr(batch, part) for batch in batches) for part in ("searching", "weighing"))
    seconds = {"compile": 0.0, "start": searching, "sample": weighing}
    return WeighedDraws(
        which=which,
        draws=Draws(z, stats),
        method=method,
        certificate=Certificate(*columns),
        tolerance=posteriors.target.tolerance,
        searches=joined([batch.searches for batch in batches]),
        seconds=seconds,
    )


def exact_enough(
    posteriors: Posteriors,
    exact: Posteriors,
    patients: Sequence[int],
    modes: Modes,
    settings: Settings,
    report: Callable[[str], None],
) -> Posteriors:
    """Return the posteriors solved exactly enough: errors of at most AIM nats at the modes and at draws about them, of
    some of these patients, against the same posteriors solved at TIGHT."""
    error = float(np.max(errors_in_nats(posteriors, exact, patients[:TRIED], modes, settings)))
    if error <= AIM or posteriors.target.tolerance.rtol <= FINEST:
        return posteriors
    finer = tighter(posteriors.target.tolerance, error)
    report(f"the solver's error reaches {error:.2g} nats: solving at a tolerance of {finer.rtol:.1g}")
    return exact_enough(posteriors.at(finer), exact, patients, modes, settings, report)


def errors_in_nats(
    posteriors: Posteriors, exact: Posteriors, patients: Sequence[int], modes: Modes, settings: Settings
) -> np.ndarray:
    """Return the largest error of each patient's log posterior [patient] at its mode and at draws about it, against the
    same posteriors solved at TIGHT; a failed solve is no error."""
    points, of = [], np.repeat(np.asarray(patients), 1 + TRIED)
    for i, patient in enumerate(patients):
        rng = generator(settings.seed, posteriors.names[patient], "accuracy")
        root = np.linalg.cholesky(modes.covariance[i, 0])
        about = modes.points[i, 0] + rng.standard_normal((TRIED, posteriors.dimension)) @ root.T
        points += [modes.points[i, :1], about]
    found, true = (one.log_posterior(np.concatenate(points), of) for one in (posteriors, exact))
    solved = (found > FAILED / 2) & (true > FAILED / 2)
    return np.where(solved, np.abs(found - true), 0.0).reshape(len(patients), -1).max(axis=1)
