"""`ledger.jsonl`: what of a cohort is done, one JSON object a line, on the disk before anything else is begun."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LEDGER = "ledger.jsonl"


@dataclass(frozen=True)
class Done:
    """What a ledger tells: the names of the patients in every shard that is in the store, and why each patient who
    could not be fitted could not; what was told with each shard."""

    shards: dict[str, tuple[str, ...]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def patients(self) -> set[str]:
        """Everybody whose draws are in the store."""
        return {name for names in self.shards.values() for name in names}


def enter(folder: Path, line: Mapping[str, Any]) -> None:
    """Add a line, and return once it is on the disk."""
    path = folder / LEDGER
    with path.open("ab") as file:
        if file.tell() and not _ended(path):
            file.write(b"\n")  # ends a line that a kill may have torn
        file.write(json.dumps(line).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def read_ledger(folder: Path) -> Done:
    """Return what is done; a torn line counts as not written."""
    found, path = Done(), folder / LEDGER
    if not path.is_file():
        return found
    with path.open("rb") as file:
        for text in file:
            try:
                line = json.loads(text)
                if "failed" in line:
                    found.failed[str(line["failed"])] = str(line["why"])
                else:
                    found.shards[str(line["shard"])] = tuple(map(str, line["patients"]))
                    found.told[str(line["shard"])] = line
            except (ValueError, TypeError, KeyError, RecursionError):
                continue
    return found


def _ended(path: Path) -> bool:
    """Return whether the last line of a file is whole."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
