"""A run of a cohort: where it is, how far it came, and its manifest."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cohort.records import Cohort
from ..errors import InputError, Problem
from ..inference.checkpoint import replacing
from ..results.harmless import check_own_files
from ..results.store import COHORT_FORMAT, MANIFEST, UNREADABLE
from .ledger import LEDGER, Done, read_ledger
from .store import STORE, check_group, read_group

if TYPE_CHECKING:
    import xarray as xr

MOST_NAMED = 1000
"""Patients that a manifest names for what is not met; the ledger names all."""


@dataclass(frozen=True)
class CohortRun:
    """The run folder of a cohort that workers fitted, and what its manifest says, empty while it is unfinished."""

    folder: Path
    manifest: Mapping[str, Any]
    _checked: set[tuple[str, str]] = field(default_factory=set, repr=False, compare=False)

    @cached_property
    def done(self) -> Done:
        """What its ledger tells."""
        return read_ledger(self.folder)

    @property
    def ok(self) -> bool:
        """Whether every patient was fitted and met its verdict."""
        return bool(self.manifest) and bool(self.manifest["verdict"]["ok"])

    @property
    def unfinished(self) -> list[Problem]:
        """The problem that it did not come to its end, if it did not."""
        remedy = f"`cls-infer resume {self.folder}` ends it"
        return [] if self.manifest else [Problem(str(self.folder), "holds an unfinished cohort", remedy=remedy)]

    def group(self, shard: str, name: str) -> "xr.Dataset":
        """Return a group of a shard; its arrays are read when they are asked for.

        Raises:
            InputError: it is not there, is damaged, or would not fit into memory.
        """
        if (shard, name) not in self._checked:
            check_group(self.folder, shard, name)
            self._checked.add((shard, name))
        return read_group(self.folder, shard, name)

    def groups(self, name: str) -> "Iterator[xr.Dataset]":
        """Yield a group of every shard, one after another."""
        return (self.group(shard, name) for shard in self.done.shards)

    def dataset(self, name: str) -> "xr.Dataset":
        """Return a group of all shards as one dataset whose arrays are Dask's: nothing is read until it is computed.

        Parameters that some patients lack are NaN there.
        """
        import xarray as xr

        each = [group.chunk() for group in self.groups(name)]
        return xr.concat(each, "patient", join="outer", coords="minimal", compat="override", data_vars="all")


def open_cohort(folder: Path | str) -> CohortRun:
    """Return the run of a cohort, finished or not.

    Raises:
        InputError: the folder is missing, or holds none.
    """
    folder = Path(folder)
    if not folder.is_dir():
        message, remedy = "is not there", "name the run folder that `cls-infer fit --workers` printed"
        raise InputError([Problem(str(folder), message, remedy=remedy)])
    if not ((folder / LEDGER).is_file() and (folder / STORE).is_dir()):
        message, remedy = "holds no run of a cohort", "name one that `cls-infer fit --workers` wrote"
        raise InputError([Problem(str(folder), message, remedy=remedy)])
    check_own_files(folder)
    try:
        written = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except UNREADABLE:
        written = {}
    if not isinstance(written, dict) or (written and written.get("format") != COHORT_FORMAT):
        message, remedy = f"`{MANIFEST}` is not of `{COHORT_FORMAT}`", "open it with the version that wrote it"
        raise InputError([Problem(str(folder), message, remedy=remedy)])
    return CohortRun(folder, written)


def write_manifest(folder: Path, cohort: Cohort, made: Mapping[str, Any]) -> CohortRun:
    """Write the manifest of a cohort that came to its end, from its ledger alone, and return the run."""
    done = read_ledger(folder)
    told = list(done.told.values())
    unmet = {name: why for line in told for name, why in line["unmet"].items()}
    verdict = {"ok": not unmet and not done.failed, "unmet": len(unmet), "failed": _first(done.failed)}
    numbers = {
        "complete": True,
        "patients": len(cohort.patients),
        "fitted": len(done.patients),
        "failed": len(done.failed),
        "met": len(done.patients) - len(unmet),
        "shards": len(done.shards),
        "seconds_of_workers": sum(line["seconds"] + line["writing"] for line in told),
        "effective_draws": sum(line["effective"] for line in told),
        "bytes": sum(line["size"] for line in told),
        "most_memory": max((line["memory"] for line in told), default=0),
        "devices": sorted({line["device"] for line in told}),
    }
    written = {
        "format": COHORT_FORMAT,
        "files": [STORE, LEDGER],
        "verdict": {**verdict, "unmet_named": _first(unmet)},
        "numbers": numbers,
        "provenance": dict(made),
    }
    with replacing(folder / MANIFEST) as file:
        file.write(json.dumps(written, indent=2).encode() + b"\n")
    return CohortRun(folder, written)


def _first(named: Mapping[str, str]) -> dict[str, str]:
    """Return as many as a manifest names."""
    return dict(islice(named.items(), MOST_NAMED))
