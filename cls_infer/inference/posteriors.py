"""Posteriors that have nothing to do with one another, of which the roads that sample them know no more than this."""

from .apart import Apart
from .whole import Whole

type Posteriors = Apart | Whole
"""Programs that take points a fixed number of lanes at a time, on as many devices as they keep busy."""
