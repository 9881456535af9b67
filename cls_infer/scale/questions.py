"""Questions to a cohort that was fitted patient by patient: memory is that of a shard, however many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

from ..errors import InputError, Problem
from ..results.unmet import Judged
from .drawn import check_quantities, drawn, evenly_drawn, parameters
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
        table = np.concatenate([evenly_drawn(some.values, draws)[rows] for some in drawn(run, quantity)], axis=1)
        order = np.argsort(-np.nan_to_num(table, nan=-np.inf), axis=1, kind="stable")
        np.put_along_axis(found[rows], order, np.arange(1, len(patients) + 1, dtype=np.int32)[None], axis=1)
    mean, (q05, q95) = found.mean(axis=0), np.quantile(found, (0.05, 0.95), axis=0)
    among = (found <= first).mean(axis=0)
    rows_of = [
        Rank(name, medians[name], float(mean[i]), float(q05[i]), float(q95[i]), float(among[i]))
        for i, name in enumerate(patients)
    ]
    return sorted(rows_of, key=lambda row: row.rank)


def _medians(values: np.ndarray) -> list[float]:
    return [float(one) for one in np.nanmedian(values, axis=0)]
