"""Questions to a cohort that was fitted patient by patient: memory is that of a shard, however many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import nan

import numpy as np

from ..cohort.names import did_you_mean
from ..errors import InputError, Problem
from ..results.unmet import Judged
from .drawn import check_quantities, covariates, drawn, parameters
from .run import CohortRun

BLOCK = 2**26
"""Bytes of the table of draws and patients that are ranked together; patients are ranked draw by draw, so that
each draw needs all of them."""

RANKED = 400
"""Draws of each patient that are ranked at most: a probability errs by some hundredths. Each takes four bytes a patient
until all are ranked."""


@dataclass(frozen=True)
class Summary:
    """A patient's quantity: mean, standard deviation, and the quantiles that were asked for."""

    patient: str
    quantity: str
    unit: str
    mean: float
    sd: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class Exceedance:
    """The probability that a patient's quantity lies above a value."""

    patient: str
    probability: float


@dataclass(frozen=True)
class Rank:
    """Where a patient stands among all, 1 the largest: the median quantity, mean rank and its central 90 %, and the
    probability to be among the first so many."""

    patient: str
    median: float
    rank: float
    q05: float
    q95: float
    among_first: float


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


def summaries(
    run: CohortRun, asked: Sequence[str] = (), *, at: Sequence[float] = (0.05, 0.5, 0.95)
) -> Iterator[Summary]:
    """Yield mean, sd and quantiles of every patient, of the quantities asked for, or of all parameters if none is.

    Raises:
        InputError: quantities that no patient has; quantiles that are no probabilities.
    """
    wrong = [f"{p:g}" for p in at if not 0 <= p <= 1]
    if wrong:
        message = f"{', '.join(wrong)} lies outside 0 to 1"
        raise InputError([Problem("--at", message, remedy="write probabilities, such as 0.05,0.5,0.95")])
    check_quantities(run, asked)
    for quantity in asked or parameters(run):
        for some in drawn(run, quantity):
            points = np.nanquantile(some.values, at, axis=0).T
            mean, sd = np.nanmean(some.values, axis=0), np.nanstd(some.values, axis=0, ddof=1)
            for i, patient in enumerate(some.patients):
                row = tuple(float(point) for point in points[i])
                yield Summary(patient, quantity, some.unit, float(mean[i]), float(sd[i]), row)


def judgements(run: CohortRun) -> tuple[tuple[str, ...], Iterator[tuple]]:
    """Return a header, and of every patient what speaks for its draws; of who could not be fitted, why, as `unmet`."""
    columns = Judged._fields

    def rows() -> Iterator[tuple]:
        for group in run.groups("judged"):
            table = [group[name].values.tolist() for name in columns]
            yield from zip(group["patient"].values.tolist(), *table, strict=True)
        for patient, why in run.done.failed.items():
            yield (patient, "none", *(nan for _ in columns[1:-1]), why)

    return ("patient", *columns), rows()


def tidy(run: CohortRun, asked: Sequence[str] = ()) -> Iterator[tuple[str, str, str, int, float]]:
    """Yield patient, quantity, unit, draw and value of every draw of the quantities asked for, or of all parameters.

    Raises:
        InputError: quantities that no patient has.
    """
    check_quantities(run, asked)
    for quantity in asked or parameters(run):
        for some in drawn(run, quantity):
            for place, patient in enumerate(some.patients):
                for draw, value in enumerate(some.values[:, place].tolist()):
                    yield patient, quantity, some.unit, draw, value


def exceedances(run: CohortRun, quantity: str, *, above: float) -> Iterator[Exceedance]:
    """Yield of every patient the probability that the quantity lies above a value, in its unit.

    Raises:
        InputError: a quantity that no patient has.
    """
    check_quantities(run, [quantity])
    for some in drawn(run, quantity):
        solved = np.isfinite(some.values)
        share = np.sum(some.values > above, axis=0) / solved.sum(axis=0)
        yield from (Exceedance(patient, float(p)) for patient, p in zip(some.patients, share, strict=True))


def ranks(run: CohortRun, quantity: str, *, first: int = 10) -> list[Rank]:
    """Return all patients, the largest mean rank first, ranked draw by draw: patients are independent of each other, so
    that any draw of one may stand beside any draw of another.

    Raises:
        InputError: a quantity that no patient has; `first` below 1.
    """
    if first < 1:
        raise InputError([Problem("--first", f"is {first}", remedy="write 1 or more, such as 10")])
    check_quantities(run, [quantity])
    medians = {
        name: m for some in drawn(run, quantity) for name, m in zip(some.patients, _medians(some.values), strict=True)
    }
    patients = list(medians)
    draws = min([RANKED, *(len(some.values) for some in drawn(run, quantity))])
    together = max(1, BLOCK // (8 * len(patients)))
    found = np.empty((draws, len(patients)), np.int32)
    for begin in range(0, draws, together):
        rows = slice(begin, min(begin + together, draws))
        table = np.concatenate([_some_draws(some.values, draws)[rows] for some in drawn(run, quantity)], axis=1)
        order = np.argsort(-np.nan_to_num(table, nan=-np.inf), axis=1, kind="stable")
        np.put_along_axis(found[rows], order, np.arange(1, len(patients) + 1, dtype=np.int32)[None], axis=1)
    mean, (q05, q95) = found.mean(axis=0), np.quantile(found, (0.05, 0.95), axis=0)
    among = (found <= first).mean(axis=0)
    rows_of = [
        Rank(name, medians[name], float(mean[i]), float(q05[i]), float(q95[i]), float(among[i]))
        for i, name in enumerate(patients)
    ]
    return sorted(rows_of, key=lambda row: row.rank)


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
        values = _some_draws(some.values, draws)
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


def _medians(values: np.ndarray) -> list[float]:
    return [float(one) for one in np.nanmedian(values, axis=0)]


def _some_draws(values: np.ndarray, draws: int) -> np.ndarray:
    """Return so many draws of each patient [draw, patient], evenly from all."""
    return values[np.linspace(0, len(values) - 1, draws).astype(int)]
