"""To which cause or group of a mixture each patient belongs, and how surely."""

from typing import NamedTuple

import xarray as xr

SURE = 0.9
"""A patient belongs somewhere surely where that is so probable."""


class Belonging(NamedTuple):
    """What the groups are, `cause` or `group`, and how probably each patient is of which: patient, group, share."""

    kind: str
    of: dict[str, dict[str, float]]

    @property
    def groups(self) -> list[str]:
        """The names of the groups."""
        return list(next(iter(self.of.values())))

    @property
    def unsure(self) -> list[str]:
        """Patients who may well be of several."""
        return [patient for patient, each in self.of.items() if max(each.values()) < SURE]


def belonging(tree: xr.DataTree) -> Belonging | None:
    """Return where each patient of a mixture belongs, None where a fit mixes over nothing."""
    if "two_stage" not in tree.children or "belongs" not in tree["two_stage"].to_dataset():
        return None
    shares = tree["two_stage"].to_dataset()["belongs"]
    kind = str(shares.dims[1])
    names = [str(name) for name in shares[kind].values]
    rows = zip(shares["patient"].values, shares.values.tolist(), strict=True)
    return Belonging(kind, {str(patient): dict(zip(names, row, strict=True)) for patient, row in rows})
