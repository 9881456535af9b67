"""The parts of a fit as one: patients fitted apart stand side by side again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference.certified import Certificate
from ..inference.chains import Draws
from ..inference.run import Inference
from ..inference.searches import Searches, joined
from ..likelihood.pooling import Pooling, Slot
from ..likelihood.posterior import Posterior, posterior

NOTHING = {
    "diverging": False,
    "num_steps": 0,
    "log_weight": 0.0,
    "energy": np.nan,
    "accept_prob": np.nan,
}
"""What stands for a statistic that a patient's method does not have."""


@dataclass(frozen=True)
class Joint:
    """One target, draws `z` [chain, draw, dim] and the sampler's statistics.

    A statistic is [chain, draw] where one sampler saw all patients, [chain, draw, patient] where each patient
    had its own. `roads` names each patient's method [patient], `certificate` what speaks for weighed draws [patient],
    NaN for chains. `seconds` are summed over the parts; `centred` says how pooled parameters were sampled,
    `solver_because` why the target is solved by its method. `searches` are where those for the mode ended: a row for
    each patient, or one of all together.
    """

    target: Posterior
    z: np.ndarray
    stats: dict[str, np.ndarray]
    complete: bool
    method: str
    roads: tuple[str, ...]
    certificate: Certificate
    seconds: dict[str, float]
    centred: str = ""
    solver_because: str = ""
    searches: Searches | None = None


def join(parts: Sequence[Inference]) -> Joint:
    """Return all parts as one.

    Patients fitted apart need not have as many draws: of a patient sampled k times as long as the shortest every
    k-th draw is kept, with the divergences and leapfrogs of the k, and what is over is cut.
    """
    seconds = _sum_seconds([part.seconds for part in parts])
    methods = "+".join(dict.fromkeys(part.method for part in parts))
    complete = all(part.draws.complete for part in parts)
    if len(parts) == 1:
        (part,) = parts
        target, z, stats = part.target, part.draws.z, dict(part.draws.stats)
    else:
        target = _together(parts)
        draws = min(part.draws.z.shape[1] for part in parts)
        z, stats = _side_by_side(target, parts, draws), _statistics(target, parts, draws)
    of = {name: (part, i) for part in parts for i, name in enumerate(part.target.plan.patients)}
    found = [of[name] for name in target.plan.patients]
    roads = tuple(part.method for part, _ in found)
    nothing = (np.nan,) * len(Certificate._fields)
    rows = [[column[i] for column in part.certificate] if part.certificate else nothing for part, i in found]
    return Joint(
        target,
        z,
        stats,
        complete,
        methods,
        roads,
        Certificate(*np.array(rows, float).T),
        seconds,
        parts[0].draws.centred,
        parts[0].solver_because,
        parts[0].searches if len(parts) == 1 else _searches(found),
    )


def _searches(found: Sequence[tuple[Inference, int]]) -> Searches | None:
    """Return the searches of every patient, each a row of its part; None where some were not sought."""
    rows = [Searches(*(column[i : i + 1] for column in part.searches)) for part, i in found if part.searches]
    return joined(rows) if len(rows) == len(found) else None


def lengthened(parts: Sequence[Inference]) -> list[Inference]:
    """Return the parts of a fit with as many draws as the longest has; others are repeated, evenly."""
    longest = max(part.draws.z.shape[1] for part in parts)
    return [replace(part, draws=_repeated(part.draws, longest)) for part in parts]


def _repeated(draws: Draws, longest: int) -> Draws:
    own = draws.z.shape[1]
    again = np.arange(longest) * own // longest
    return replace(draws, z=draws.z[:, again], stats={name: value[:, again] for name, value in draws.stats.items()})


def thinned(name: str, long: np.ndarray, draws: int) -> np.ndarray:
    """Return `draws` values of each chain [chain, draw, ...] from as many or more [chain, draw, ...].

    A divergence or the leapfrogs of a draw left out count with the next one kept.
    """
    windows = long[:, : long.shape[1] // draws * draws].reshape(len(long), draws, -1, *long.shape[2:])
    gathered = {"diverging": windows.any(axis=2), "num_steps": windows.sum(axis=2)}
    return gathered.get(name, windows[:, :, -1])


def _sum_seconds(each: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for seconds in each for name in seconds)
    return {name: sum(seconds.get(name, 0.0) for seconds in each) for name in names}


def _statistics(target: Posterior, parts: Sequence[Inference], draws: int) -> dict[str, np.ndarray]:
    """Return every part's statistics [chain, draw, patient]."""
    by_patient: dict[str, dict[str, np.ndarray]] = {}
    for part in parts:
        for name, value in part.draws.stats.items():
            few = thinned(name, value, draws)
            each = few[..., None] if few.ndim == 2 else few
            for i, patient in enumerate(part.target.plan.patients):
                by_patient.setdefault(name, {})[patient] = each[..., i]
    shape = parts[0].draws.z.shape[0], draws
    return {
        name: np.stack([found.get(patient, np.full(shape, NOTHING.get(name))) for patient in target.plan.patients], -1)
        for name, found in by_patient.items()
    }


def _together(parts: Sequence[Inference]) -> Posterior:
    """Return the target of all patients in their cohort's order, every free parameter each patient's own, at the
    tightest tolerance of any part."""
    first = parts[0].target
    free = tuple(slot.name for slot in first.pooling.parameters)
    placed = [pair for part in parts for pair in zip(part.numbers, part.target.cohort.patients, strict=True)]
    cohort = replace(first.cohort, patients=tuple(patient for _, patient in sorted(placed, key=lambda pair: pair[0])))
    tolerance = min((part.target.tolerance for part in parts), key=lambda one: one.rtol)
    return posterior(first.model, cohort, per_patient=free, fixed=dict(first.pooling.held), tolerance=tolerance)


def _alike(whole: Pooling, part: Pooling) -> Iterator[tuple[Slot, Slot]]:
    """Yield the slots of a part, each behind its place in the whole: offsets by name, all others by their order."""
    offsets = {slot.name: slot for slot in whole.slots if slot.is_offset}
    others = iter(slot for slot in whole.slots if not slot.is_offset)
    for own in part.slots:
        yield offsets[own.name] if own.is_offset else next(others), own


def _side_by_side(target: Posterior, parts: Sequence[Inference], draws: int) -> np.ndarray:
    """Return z [chain, draw, dim] of the joint target.

    Slots stand in the same order in every part, but for the offsets, of which each has its own assays'.
    """
    chains = parts[0].draws.z.shape[0]
    z = np.zeros((chains, draws, target.pooling.dimension))
    for part in parts:
        few = thinned("z", part.draws.z, draws)
        places = [target.plan.patients.index(name) for name in part.target.plan.patients]
        for whole, own in _alike(target.pooling, part.target.pooling):
            if whole.size and own.size:
                z[:, :, [whole.start + place for place in places]] = few[:, :, own.start : own.start + own.size]
    return z
