"""How the draws were made and whether chains agree: a row a chain, the slowest numbers, ranks by chain."""

from dataclasses import dataclass

import numpy as np
import xarray as xr
from arviz_stats.sampling_diagnostics import bfmi
from scipy.stats import rankdata

from ..diagnose import by_chains, entries
from ..summary import Row
from .ink import GIVEN, LOST, OTHER, POSTERIOR, PRIOR, number
from .picture import NARROW, Picture, panel, picture

SLOWEST, PICTURED = 8, 3
"""Numbers listed, and numbers pictured."""

COLOURS, DASHES = (POSTERIOR, LOST, GIVEN, OTHER), ("-", "--", "-.", ":")
"""Of chains: colour and dash tell them apart."""

MOST_CHAINS = 8


@dataclass(frozen=True)
class Chain:
    """What one chain did, NaN where unknown: mean acceptance and leapfrogs, divergences, E-BFMI."""

    name: str
    acceptance: float
    leapfrogs: float
    divergences: int
    bfmi: float


def chains(tree: xr.DataTree) -> list[Chain]:
    """Return a row for each chain, over all patients that were sampled by any; none where all are weighed."""
    chosen, stats = by_chains(tree), tree["sample_stats"].to_dataset()
    if not chosen.any() or "n_steps" not in stats:
        return []
    by_chain = [_by_chain(stats, chosen, name) for name in ("acceptance_rate", "n_steps", "diverging")]
    energy = stats[["energy"]].sel(patient=chosen) if "patient" in stats["energy"].dims else stats[["energy"]]
    lowest = bfmi(energy)["energy"]
    by_chain.append(lowest.min([dim for dim in lowest.dims if dim != "chain"]).values)
    return [
        Chain(
            name=str(chain),
            acceptance=float(acceptance.mean()),
            leapfrogs=float(steps.mean()),
            divergences=int(diverging.sum()),
            bfmi=float(least),
        )
        for chain, acceptance, steps, diverging, least in zip(stats["chain"].values, *by_chain, strict=True)
    ]


def _by_chain(stats: xr.Dataset, chosen: np.ndarray, name: str) -> np.ndarray:
    """Return a statistic of the chosen patients: [chain, draw], with [patient] last where each was sampled apart."""
    one = stats[name].transpose("chain", "draw", ...)
    return (one.sel(patient=chosen) if "patient" in one.dims else one).values


def slowest(rows: list[Row]) -> list[Row]:
    """Return the numbers of the largest R-hat, then of the smallest effective size."""
    known = [row for row in rows if np.isfinite(row.ess_bulk)]
    return sorted(known, key=lambda row: (-(row.rhat if np.isfinite(row.rhat) else 0.0), row.ess_bulk))[:SLOWEST]


def ranks(tree: xr.DataTree, rows: list[Row]) -> list[Picture]:
    """Return by chain how the ranks of the slowest numbers are spread, less what is expected.

    Reference:
        Vehtari et al. (2021), Bayesian Analysis 16:667-718; Säilynoja et al. (2022), Stat Comput 32:32.
    """
    posterior = tree["posterior"].to_dataset()
    found = {label: (name, place) for label, name, place in entries(posterior)}
    named = [row for row in slowest(rows) if np.isfinite(row.rhat)][:PICTURED]
    if posterior.sizes["chain"] < 2:
        return []
    return [_ranks(row, posterior[found[row.name][0]].sel(found[row.name][1]).values) for row in named]


def _ranks(row: Row, draws: np.ndarray) -> Picture:
    """Return the picture of one number, from its draws [chain, draw]."""
    share = (rankdata(draws).reshape(draws.shape) - 0.5) / draws.size
    at = np.linspace(0, 1, 101)
    figure, axes = panel(f"{row.name}: ranks by chain", below="fractional rank", width=NARROW, height=1.8)
    axes.axhline(0.0, color=PRIOR, linewidth=0.7)
    for place, chain in enumerate(share[:MOST_CHAINS]):
        below = np.searchsorted(np.sort(chain), at, side="right") / len(chain)
        look = {"color": COLOURS[place % 4], "linestyle": DASHES[(place // 4 + place) % 4]}
        axes.plot(at, below - at, linewidth=1.1, **look)
    axes.set_xlim(0, 1)
    edge = max(0.12, 1.1 * float(np.max(np.abs(axes.get_ylim()))))
    axes.set_ylim(-edge, edge)
    words = f"Ranks of {row.name} in {len(draws)} chains, cumulated, less the uniform: R-hat {number(row.rhat)}."
    return picture(figure, words)
