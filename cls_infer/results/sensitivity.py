"""What the priors do to the result: power scaling of prior and likelihood."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from arviz_stats.base.array import array_stats

from .diagnose import entries
from .log_prior import stated
from .replicates import by_patient

THRESHOLD = 0.05
"""A posterior that moves further, as prior or likelihood are raised to a power, counts as sensitive to it."""

POWERS = (0.99, 1.01)
SHIFTS = 4
"""So often draws and densities are set off against each other to see what chance alone makes of them."""

CONFLICT, STRONG, EITHER = "prior-data conflict", "strong prior or weak likelihood", "prior matters"
FINE, UNSURE = "no concern", "too few draws to tell"


@dataclass(frozen=True)
class Sensitivity:
    """How far one marginal posterior moves as the priors, or the likelihood, are raised to a power a little off 1.

    The distance is the cumulative Jensen-Shannon one, per doubling of the power, less what chance makes of so many
    draws; that is the noise.
    """

    prior: float
    likelihood: float
    prior_noise: float = 0.0
    likelihood_noise: float = 0.0

    @property
    def words(self) -> str:
        """What that says: whether the prior matters, and whether the data have a say too."""
        prior = _sensitive(self.prior, self.prior_noise)
        likelihood = _sensitive(self.likelihood, self.likelihood_noise)
        if prior is None:
            return UNSURE
        if not prior:
            return FINE
        return EITHER if likelihood is None else CONFLICT if likelihood else STRONG


def _sensitive(found: float, noise: float) -> bool | None:
    """Return whether a distance counts, None where noise hides it."""
    if found >= THRESHOLD:
        return True if found >= 2 * noise else None
    return False if noise < THRESHOLD else None


def sensitivities(tree: xr.DataTree) -> dict[str, Sensitivity]:
    r"""Return the sensitivity of every estimated number by its label, nothing for a run that kept no log prior.

    All stated priors are scaled at once, in the coordinates in which they are standard normal (`log_prior`), and all
    measurements with the survival term. Draws in which a solve failed are left out.

    The more priors are scaled at once, the more the weights of the draws scatter, and the further even a number moves
    that has nothing to do with any of them: with thirty priors and 400 independent draws by 0.08. That noise is the
    same distance with the densities shifted against the draws, and is taken off,
    $\sqrt{\max(0, d^2 - d_0^2)}$: the squares of distances by cause and by chance add up.

    Reference:
        Kallioinen, Paananen, Bürkner, Vehtari (2024), Stat Comput 34:57.
    """
    posterior = tree["posterior"].to_dataset()
    if "log_prior" not in tree.children or not posterior.data_vars:
        return {}
    likelihood = by_patient(tree["log_likelihood"].to_dataset()).sum("patient", skipna=False)
    prior = stated(tree["log_prior"].to_dataset())
    densities = [one.transpose("chain", "draw").values.ravel() for one in (prior, likelihood)]
    solved = np.isfinite(densities[0] + densities[1])
    if solved.sum() < 2 * (SHIFTS + 1):
        return {}
    labels, rows = [], []
    for label, name, place in entries(posterior):
        labels.append(label)
        rows.append(posterior[name].sel(place).transpose("chain", "draw").values.ravel()[solved])
    numbers = np.stack(rows)
    (by_prior, noise), (by_likelihood, other_noise) = (_moved(numbers, one[solved]) for one in densities)
    table = zip(by_prior, by_likelihood, noise, other_noise, strict=True)
    return {label: Sensitivity(*map(float, row)) for label, row in zip(labels, table, strict=True)}


def _moved(numbers: np.ndarray, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far each marginal [number, draw] moves with a log density [draw], and the noise of that.

    Nothing moves with a density that is the same everywhere.
    """
    if np.ptp(density) == 0:
        return np.zeros(len(numbers)), np.zeros(len(numbers))
    weights = [np.exp(array_stats.power_scale_lw(density, alpha=power)) for power in POWERS]
    found = _distance(numbers, weights)
    shifts = [len(density) * step // (SHIFTS + 1) for step in range(1, SHIFTS + 1)]
    chance = np.mean([_distance(numbers, [np.roll(one, by) for one in weights]) ** 2 for by in shifts], axis=0)
    return np.sqrt(np.maximum(0.0, found**2 - chance)), np.sqrt(chance)


def _distance(numbers: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    """Return the power-scaling distance of each marginal [number, draw] under weights [draw] at both powers."""
    lower, upper = (np.broadcast_to(one / one.sum(), numbers.shape)[:, None] for one in weights)
    moved = array_stats.power_scale_sense(numbers[:, None], lower, upper, *POWERS, chain_axis=-2, draw_axis=-1)
    return np.asarray(moved)
