"""Model files that this user has named. A model is code, a run folder is data: what a run names is run only if the
user named that very file before."""

from pathlib import Path

from ..model.load import digest_of
from .machine import cache_folder

FOLDER = "models"


def note(path: Path) -> None:
    """Keep that the user named a model file, by its digest, where only the user can write."""
    if folder := cache_folder(FOLDER):
        (folder / digest_of(path)).touch()


def was_named(path: Path) -> bool:
    """Return whether the user has named a file with these very contents."""
    folder = cache_folder(FOLDER)
    return folder is not None and path.is_file() and (folder / digest_of(path)).is_file()
