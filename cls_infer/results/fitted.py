"""A finished fit as a value: its tree, its verdict, where it is kept."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

import xarray as xr

from ..cohort.records import Cohort
from ..inference.run import Inference
from .belonging import belonging
from .diagnose import Verdict, diagnose
from .plots import Plots
from .provenance import Attributes
from .residuals import coverage, residuals
from .summary import Row, summarise
from .tree import build_tree


@dataclass(frozen=True)
class Fit:
    """What a fit gave: `tree` as in `build_tree`, the verdict on it, its run folder once it is saved, and the Zarr
    store that its large groups are read from until then."""

    tree: xr.DataTree
    verdict: Verdict
    folder: Path | None = None
    store: Path | None = None

    @property
    def seconds(self) -> dict[str, float]:
        """Wall-clock seconds by stage."""
        marked = {k: v for k, v in self.tree.attrs.items() if str(k).startswith("seconds_")}
        return {str(name).removeprefix("seconds_"): value for name, value in marked.items()}

    @property
    def posterior(self) -> xr.DataTree:
        """The draws, a variable for each parameter [chain, draw, patient], as ArviZ has them: `tree["posterior"]`."""
        draws = self.tree["posterior"]
        assert isinstance(draws, xr.DataTree)
        return draws

    @property
    def plot(self) -> Plots:
        """Pictures of the draws by ArviZ: `fit.plot.trace("M")`."""
        return Plots(self.tree)

    @cached_property
    def summary(self) -> list[Row]:
        """One row for each estimated number; of a thousand patients it takes minutes, so it is made once."""
        return summarise(self.tree)

    def __repr__(self) -> str:
        from .shown import fit_text

        return fit_text(self)

    def _repr_html_(self) -> str:
        from .shown import fit_html

        return fit_html(self)


def conclude(
    parts: Sequence[Inference], *, provenance: Attributes, whole: Cohort | None = None, store: Path | None = None
) -> Fit:
    """Return the fit that these parts make: tree, solver error, verdict.

    `whole` is the cohort with the measurements that were hidden from the fit, where any were; `store` takes the groups
    that are large, in place of what an earlier session left there.
    """
    if store is not None:
        shutil.rmtree(store, ignore_errors=True)
    tree = build_tree(parts, provenance=provenance, whole=whole, store=store)
    return Fit(tree, diagnose(tree), store=store)


def fit_json(fit: Fit) -> dict[str, Any]:
    """Return the fit as one JSON object, with null for numbers that could not be computed."""
    numbers = fit.verdict.numbers
    stages = ("total", "compile", "start", "sample")
    return {
        "run": str(fit.folder) if fit.folder else None,
        "verdict": "ok" if fit.verdict.ok else list(fit.verdict.unmet),
        "method": fit.tree.attrs["method"],
        "rhat_max": numbers["rhat_max"],
        "ess_bulk_min": numbers["ess_bulk_min"],
        "ess_tail_min": numbers["ess_tail_min"],
        "divergences": numbers["divergences"],
        "khat_max": numbers["khat_max"],
        "ess_weights_min": numbers["ess_weights_min"],
        "roads": _roads(fit.tree),
        "log_evidence": fit.tree.attrs.get("log_evidence"),
        "belongs": found.of if (found := belonging(fit.tree)) else None,
        "failed_solves": numbers["failed_solves"],
        "solver_error_nats_max": numbers["solver_error_nats_max"],
        "solver_khat_max": numbers["solver_khat_max"],
        "seconds": {stage: fit.seconds.get(stage, 0.0) for stage in stages},
        "parameters": {row.name: entry(row) for row in fit.summary},
        "coverage_90": _finite(coverage(residuals(fit.tree))),
    }


def _roads(tree: xr.DataTree) -> dict[str, str]:
    """Return by which road each patient's draws came."""
    stats = tree["sample_stats"].to_dataset()
    return {
        str(patient): str(road) for patient, road in zip(stats["patient"].values, stats["road"].values, strict=True)
    }


def entry(row: Row) -> dict[str, Any]:
    """Return a row as JSON holds it under its name."""
    found = asdict(row)
    del found["name"]
    return {key: _finite(value) if isinstance(value, float) else value for key, value in found.items()}


def _finite(number: float) -> float | None:
    return number if isfinite(number) else None
