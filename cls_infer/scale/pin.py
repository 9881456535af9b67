"""Loaded by every worker of this machine as it starts: each keeps to its own cores."""

import os
from typing import Any


def dask_setup(worker: Any) -> None:
    """Bind a worker, named by its number, to one core: threads it starts later stay there."""
    if hasattr(os, "sched_setaffinity") and str(worker.name).isdigit():
        there = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {there[int(worker.name) % len(there)]})
