"""`log.jsonl` of a run folder: one JSON object a line for everything a fit tells while it goes on."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..inference.settings import Choice
from .progress import Event, Watcher


@contextmanager
def logged(path: Path, watcher: Watcher) -> Iterator[Watcher]:
    """Yield a watcher that writes each event to the log and passes it on; a resumed fit's log goes on in its file."""
    with path.open("a", encoding="utf-8") as file:
        if file.tell():
            file.write("\n")  # ends a line that a kill may have torn

        def watch(event: Event) -> None:
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            file.write(json.dumps({"at": now, **_facts(event)}) + "\n")
            file.flush()
            watcher(event)

        yield watch


def _facts(event: Event) -> dict[str, Any]:
    if isinstance(event, str):
        return {"event": "phase", "phase": event}
    if isinstance(event, Choice):
        return {"event": "device", "why": event.why}
    return {"event": type(event).__name__.lower(), **asdict(event)}
