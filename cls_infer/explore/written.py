"""Settings as a scenario: the TOML that `cls-infer simulate --scenario` reads back."""

from collections.abc import Mapping, Sequence

import tomli_w

from ..cohort.items import ITEMS
from ..cohort.records import Event
from ..errors import InputError, Problem


def scenario_toml(
    *,
    title: str,
    model: str,
    reference: str,
    hours: float,
    changes: Mapping[str, float],
    therapy: Sequence[Event],
    every: float = 1.0,
) -> str:
    """Return a scenario that starts in health at 0 h and runs so many hours; `reference` says where it is from.

    Raises:
        InputError: an amount or end that nobody knows, which a scenario cannot hold.
    """
    unknown = [event for event in therapy if event.amount is None or event.end_sd]
    if unknown:
        message = "a scenario holds no uncertain amount or end"
        raise InputError([Problem("therapy", message, event.row, "write what was given") for event in unknown])
    content = {
        "title": title,
        "models": [model],
        "reference": reference,
        "hours": float(hours),
        "every": float(min(every, hours)),
        "set": {name: float(number) for name, number in changes.items()},
        "therapy": [
            {
                "start": float(event.start),
                "end": float(event.end),
                "item": event.item,
                "amount": float(event.amount or 0.0),
                "unit": ITEMS[event.item].unit,
            }
            for event in therapy
        ],
    }
    return tomli_w.dumps(content)
