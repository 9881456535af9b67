"""Every estimated number beside its prior: what the data told of it, as a table and in words."""

import csv
import io
from dataclasses import astuple, dataclass, fields
from math import nan
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import skew

from ..printable import cell
from .diagnose import POPULATION, by_chains, convergence, entries, interim_sizes
from .sensitivity import CONFLICT, STRONG, Sensitivity, sensitivities

FIRST = ("M", "D", "t_off", "t_0", "m_L", "m")
"""Leak peak, duration and offset come first: what routine charts do determine (`physiology.md` 11 a)."""

LEARNT, HINTED = 0.5, 0.1
MOVED = 0.5
"""A posterior whose mean lies so many prior standard deviations from the prior's is not the prior, however wide."""


@dataclass(frozen=True)
class Row:
    """One estimated number beside its prior.

    `contraction` is 1 - posterior variance / prior variance and `shift` the distance of their means in prior
    standard deviations, both of the logarithm where the prior is skewed; `rhat` and `ess_bulk` are NaN where unknown.
    The sensitivities say how far the posterior moves as prior or likelihood are raised to a power, `power_scaling` what
    that says in words; NaN and empty where unknown.
    """

    name: str
    unit: str
    mean: float
    sd: float
    q05: float
    q50: float
    q95: float
    prior_sd: float
    contraction: float
    shift: float
    rhat: float
    ess_bulk: float
    prior_sensitivity: float = nan
    likelihood_sensitivity: float = nan
    power_scaling: str = ""

    @property
    def told(self) -> str:
        """In a word, what the data did: `learnt`, `hinted` or `not informed`."""
        if self.contraction >= LEARNT:
            return "learnt"
        return "hinted" if self.contraction >= HINTED or abs(self.shift) >= MOVED else "not informed"

    @property
    def variable(self) -> str:
        """The parameter's name without the patient."""
        return self.name.partition("[")[0]


def summarise(tree: xr.DataTree) -> list[Row]:
    """Return one row for each estimated number, the leak's first."""
    posterior, prior = tree["posterior"].to_dataset(), tree["prior"].to_dataset()
    measures, stats = convergence(posterior), tree["sample_stats"].to_dataset()
    effective = dict(zip(stats["patient"].values, stats["effective"].values, strict=True))
    weighed = {patient for patient, chains in zip(effective, by_chains(tree), strict=True) if not chains}
    moved, interim = sensitivities(tree), interim_sizes(tree)
    rows = []
    for label, name, place in entries(posterior):
        draws, before = (group[name].sel(place).values.ravel() for group in (posterior, prior))
        q05, q50, q95 = np.quantile(draws, [0.05, 0.5, 0.95])
        contraction, shift = _told_by(draws, before)
        no_chain = place.get("patient") in weighed
        size = float(effective[place["patient"]] if no_chain else measures["ess_bulk"][name].sel(place))
        if interim:
            size = 1 / (1 / size + 1 / interim[place.get("patient", POPULATION)])
        rows.append(
            Row(
                name=label,
                unit=posterior[name].attrs["unit"],
                mean=float(np.mean(draws)),
                sd=float(np.std(draws, ddof=1)),
                q05=float(q05),
                q50=float(q50),
                q95=float(q95),
                prior_sd=float(np.std(before, ddof=1)),
                contraction=contraction,
                shift=shift,
                rhat=np.nan if no_chain else float(measures["rhat"][name].sel(place)),
                ess_bulk=size,
                **_scaled(moved.get(label)),
            )
        )
    rank = {name: place for place, name in enumerate(FIRST)}
    return sorted(rows, key=lambda row: rank.get(row.variable, len(FIRST)))


def _scaled(moved: Sensitivity | None) -> dict[str, Any]:
    if moved is None:
        return {}
    words = {"prior_sensitivity": moved.prior, "likelihood_sensitivity": moved.likelihood}
    return {**words, "power_scaling": moved.words}


def _told_by(draws: np.ndarray, prior: np.ndarray) -> tuple[float, float]:
    """Return contraction and shift of draws against those of the prior, of log |x| where that is less skewed."""
    if (np.all(prior > 0) and np.all(draws > 0)) or (np.all(prior < 0) and np.all(draws < 0)):
        logarithms = np.log(np.abs(draws)), np.log(np.abs(prior))
        if abs(skew(logarithms[1])) < abs(skew(prior)):
            draws, prior = logarithms
    sd = np.std(prior, ddof=1)
    return float(1 - np.var(draws, ddof=1) / sd**2), float((np.mean(draws) - np.mean(prior)) / sd)


def not_told(rows: list[Row]) -> list[str]:
    """Return sentences that name what the data did not inform, and what they only hinted at."""
    sentences = []
    silent = [row.name for row in rows if row.told == "not informed"]
    faint = [row for row in rows if row.told == "hinted"]
    if silent:
        sentences.append(
            f"The data did not inform {listed(silent)}: what is reported for "
            f"{'it' if len(silent) == 1 else 'them'} is the prior, with under a tenth of its variance gone."
        )
    if faint:
        named = [f"{row.name} ({max(row.contraction, 0):.0%}, {row.shift:+.1f})" for row in faint]
        sentences.append(
            f"They only hinted at {listed(named)}: in brackets the share of the prior's variance taken away, and "
            "by how many of its standard deviations the mean moved. Read these beside their priors."
        )
    if not sentences:
        sentences.append("Every estimated number lost at least half of its prior's variance.")
    return sentences


def prior_matters(rows: list[Row]) -> list[str]:
    """Return sentences that name the numbers whose posterior would be another under a little other priors."""
    conflict, strong = ([row.name for row in rows if row.power_scaling == word] for word in (CONFLICT, STRONG))
    sentences = []
    if conflict:
        sentences.append(
            f"Prior and data both decide {listed(conflict)} and may pull in different directions: power scaling of "
            "either moves the posterior. Look whether the prior is meant so."
        )
    if strong:
        sentences.append(f"The prior alone decides {listed(strong)}: the likelihood hardly moves it.")
    return sentences


def listed(words: list[str]) -> str:
    """Return the words as a reader says them: a, b and c."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def to_csv(rows: list[Row]) -> str:
    """Return the rows as CSV, full precision, with `told` as the last column."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*(field.name for field in fields(Row)), "told"])
    writer.writerows([cell(row.name), *astuple(row)[1:], row.told] for row in rows)
    return out.getvalue()
