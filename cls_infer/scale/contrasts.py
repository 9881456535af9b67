"""How groups of patients that a column makes differ: means of a cohort that was fitted patient by patient."""

from dataclasses import dataclass, field
from math import nan

import numpy as np

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from .drawn import check_quantities, covariates, drawn, evenly_drawn
from .run import CohortRun


@dataclass(frozen=True)
class Contrast:
    """A group's mean of a quantity, and how far it lies above that of the first group: mean, central 90 % and the
    probability that it is larger. NaN for the first group itself."""

    group: str
    patients: int
    mean: float
    q05: float
    q95: float
    difference: float = nan
    difference_q05: float = nan
    difference_q95: float = nan
    larger: float = nan


@dataclass
class _Sum:
    """Draw by draw the sum of a quantity over the patients of a group."""

    patients: int = 0
    total: np.ndarray = field(default_factory=lambda: np.zeros(0))


def contrasts(run: CohortRun, quantity: str, *, by: str, at: float | None = None) -> list[Contrast]:
    """Return the mean of a quantity in every group of patients that a column of patients.csv makes, and how far it lies
    from the first group's.

    These are means of the patients there are, with what is not known of each; they say nothing of others to come.

    Args:
        run: the cohort.
        quantity: a parameter, or `largest NAME` or `last NAME`.
        by: the column.
        at: where the column holds numbers, the value that parts them: below it, and from it on.

    Raises:
        InputError: a quantity or a column that no patient has; numbers without a value that parts them; one group.
    """
    check_quantities(run, [quantity])
    group_of = _groups(run, by, at)
    sums: dict[str, _Sum] = {}
    draws = min(len(some.values) for some in drawn(run, quantity))
    for some in drawn(run, quantity):
        values = evenly_drawn(some.values, draws)
        for place, patient in enumerate(some.patients):
            if (group := group_of.get(patient)) is not None:
                one = sums.setdefault(group, _Sum(total=np.zeros(draws)))
                one.patients, one.total = one.patients + 1, one.total + values[:, place]
    if len(sums) < 2:
        message = f"`{by}` makes one group of those in whom `{quantity}` was estimated"
        raise InputError([Problem("--by", message, remedy="choose another column, or another `--at`")])
    means = {name: sums[name].total / sums[name].patients for name in sorted(sums)}
    base = next(iter(means))
    return [_contrast(name, sums[name].patients, means[name], means[base], name == base) for name in means]


def _contrast(name: str, patients: int, mean: np.ndarray, base: np.ndarray, is_base: bool) -> Contrast:
    q05, q95 = np.nanquantile(mean, (0.05, 0.95))
    own = Contrast(name, patients, float(np.nanmean(mean)), float(q05), float(q95))
    if is_base:
        return own
    away = (mean - base)[np.isfinite(mean - base)]
    low, high = np.quantile(away, (0.05, 0.95))
    told = float(np.mean(away)), float(low), float(high), float(np.mean(away > 0))
    return Contrast(own.group, patients, own.mean, own.q05, own.q95, *told)


def _groups(run: CohortRun, by: str, at: float | None) -> dict[str, str]:
    """Return the group of every patient of whom the column is charted."""
    found: dict[str, float | str] = {}
    known: dict[str, None] = {}
    for charted in covariates(run):
        known |= dict.fromkeys(name for one in charted.values() for name in one)
        found |= {patient: one[by] for patient, one in charted.items() if by in one}
    if not found:
        raise InputError([Problem("--by", f"no patient has `{by}`", remedy=did_you_mean(by, known))])
    numbers = [value for value in found.values() if not isinstance(value, str)]
    if numbers and at is None:
        middle = float(np.median(np.array(numbers, float)))
        message = f"`{by}` holds numbers, from {min(numbers):g} to {max(numbers):g}"
        raise InputError([Problem("--by", message, remedy=f"say where to part them, such as `--at {middle:g}`")])
    if not numbers and at is not None:
        raise InputError([Problem("--at", f"`{by}` holds words", remedy="leave it out: each word is a group")])
    if at is None:
        return {patient: str(value) for patient, value in found.items()}
    words = f"{by} below {at:g}", f"{by} from {at:g}"
    return {patient: words[float(value) >= at] for patient, value in found.items()}
