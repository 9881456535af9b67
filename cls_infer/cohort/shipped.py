"""The data sets that come with the package, by name."""

from pathlib import Path

from ..errors import InputError, Problem
from .names import did_you_mean

TABLE = "measurements.csv"


def shipped_folder() -> Path:
    """Return where the shipped data sets are: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).parents[1]
    bundled = package / "_data"
    return bundled if bundled.is_dir() else package.parent / "data"


def shipped_names() -> list[str]:
    """Return the names of the shipped data sets."""
    return sorted(path.parent.name for path in shipped_folder().glob(f"*/{TABLE}"))


def dataset_folder(name_or_path: str) -> Path:
    """Return the folder at this path, else that of the shipped data set of this name.

    Raises:
        InputError: neither is there; the remedy lists the shipped names.
    """
    path = Path(name_or_path)
    if path.exists():
        return path
    names = shipped_names()
    if name_or_path in names:
        return shipped_folder() / name_or_path
    nearest = did_you_mean(name_or_path, names)
    listed = f"shipped are {', '.join(f'`{name}`' for name in names)}"
    start = nearest if nearest.startswith("did you mean") else "name a folder or a data set:"
    raise InputError(
        [Problem("DATASET", f"there is no folder or data set `{name_or_path}`", remedy=f"{start} {listed}")]
    )
