"""The parts of a fit as one: patients fitted apart stand side by side again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..inference.run import Inference
from ..likelihood.posterior import Posterior, posterior


@dataclass(frozen=True)
class Joint:
    """One target, draws `z` [chain, draw, dim] and the sampler's statistics.

    A statistic is [chain, draw] where one sampler saw all patients, [chain, draw, patient] where each patient
    had its own. `seconds` are summed over the parts; `centred` says how pooled parameters were sampled.
    """

    target: Posterior
    z: np.ndarray
    stats: dict[str, np.ndarray]
    complete: bool
    method: str
    seconds: dict[str, float]
    centred: str = ""


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
        return Joint(part.target, part.draws.z, dict(part.draws.stats), complete, methods, seconds, part.draws.centred)
    target = _together([part.target for part in parts])
    draws = min(part.draws.z.shape[1] for part in parts)
    stats = {
        name: np.stack([_thinned(name, part.draws.stats[name], draws) for part in parts], axis=-1)
        for name in parts[0].draws.stats
    }
    return Joint(target, _side_by_side(target, parts, draws), stats, complete, methods, seconds)


def _thinned(name: str, long: np.ndarray, draws: int) -> np.ndarray:
    """Return `draws` values of each chain [chain, draw, ...] from as many or more [chain, draw, ...].

    A divergence or the leapfrogs of a draw left out count with the next one kept.
    """
    windows = long[:, : long.shape[1] // draws * draws].reshape(len(long), draws, -1, *long.shape[2:])
    gathered = {"diverging": windows.any(axis=2), "num_steps": windows.sum(axis=2)}
    return gathered.get(name, windows[:, :, -1])


def _sum_seconds(each: Sequence[dict[str, float]]) -> dict[str, float]:
    names = dict.fromkeys(name for seconds in each for name in seconds)
    return {name: sum(seconds.get(name, 0.0) for seconds in each) for name in names}


def _together(targets: Sequence[Posterior]) -> Posterior:
    """Return the target of all patients, every free parameter each patient's own, at the tightest tolerance of any."""
    first = targets[0]
    free = tuple(slot.name for slot in first.pooling.parameters)
    cohort = replace(first.cohort, patients=tuple(p for target in targets for p in target.cohort.patients))
    tolerance = min((target.tolerance for target in targets), key=lambda one: one.rtol)
    return posterior(first.model, cohort, per_patient=free, fixed=dict(first.pooling.held), tolerance=tolerance)


def _side_by_side(target: Posterior, parts: Sequence[Inference], draws: int) -> np.ndarray:
    """Return z [chain, draw, dim] of the joint target; slots stand in the same order in every part."""
    chains = parts[0].draws.z.shape[0]
    z = np.zeros((chains, draws, target.pooling.dimension))
    for patient, part in enumerate(parts):
        thinned = _thinned("z", part.draws.z, draws)
        for whole, own in zip(target.pooling.slots, part.target.pooling.slots, strict=False):
            if whole.size and own.size:
                z[:, :, whole.start + patient] = thinned[:, :, own.start]
    return z
