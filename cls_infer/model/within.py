"""A chart read from one part of a model's flows."""

from collections.abc import Mapping
from dataclasses import replace

from .spec import Derived, Observable


def within[Entry: (Observable, Derived)](part: str, chart: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the entries of a chart as they read where the flows hold `part`: f becomes f.part."""
    return {name: replace(entry, of=lambda f, of=entry.of: of(getattr(f, part))) for name, entry in chart.items()}
