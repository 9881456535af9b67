"""Where a fit comes from, as a reader may quote it."""

from typing import Any

import xarray as xr

ELSEWHERE = ("notes", "unused", "set_aside", "command")
"""Attributes that the page shows in other places."""


def provenance(tree: xr.DataTree) -> list[tuple[str, Any]]:
    """Return the root's attributes without the lists shown elsewhere, in words."""
    plain = {k: v for k, v in tree.attrs.items() if k not in ELSEWHERE and not str(k).startswith("seconds_")}
    return [(str(name).replace("_", " "), value) for name, value in plain.items()]


def solver(tree: xr.DataTree) -> dict[str, Any]:
    """Return how often each status of the solver occurred, and its tolerance."""
    found = tree["solver"].to_dataset()
    counts = zip(found["status"].values, found["count"].sum("patient").values, strict=True)
    return {"counts": [(str(word), int(count)) for word, count in counts], "rtol": found.attrs["rtol"]}
